"""What quotas count; public rooms found by pages; and the texts that the server writes, apart from the rows of their streams"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "stored_bytes",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.add_column("streams", sa.Column("session_id", sa.String(), nullable=True))
    op.create_table(
        "stream_sources",
        sa.Column("stream_id", sa.String(), sa.ForeignKey("streams.id"), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id"),
    )
    op.execute("INSERT INTO stream_sources SELECT id, source_text FROM streams WHERE source_text IS NOT NULL")
    op.drop_column("streams", "source_text")
    op.create_index("rooms_by_kind", "rooms", ["kind", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("rooms_by_kind", "rooms")
    op.add_column("streams", sa.Column("source_text", sa.String(), nullable=True))
    op.execute("UPDATE streams SET source_text = (SELECT text FROM stream_sources WHERE stream_id = streams.id)")
    op.drop_table("stream_sources")
    with op.batch_alter_table("streams") as streams:
        streams.drop_column("session_id")
    op.drop_table("stored_bytes")
