"""Bots, and streams in which an answering machine answers"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("bot", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("streams") as streams:
        streams.add_column(sa.Column("source", sa.Enum("text", "answer", native_enum=False), nullable=True))
        streams.add_column(sa.Column("question_id", sa.String(), nullable=True))
        streams.create_foreign_key("streams_question", "messages", ["question_id"], ["id"])
    op.execute("UPDATE streams SET source = 'text' WHERE source_text IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("streams") as streams:
        streams.drop_column("question_id")
        streams.drop_column("source")
    with op.batch_alter_table("users") as users:
        users.drop_column("bot")
