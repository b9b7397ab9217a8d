"""How much a stream has stored: what its limit counts, whatever its offsets count"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("streams") as streams:
        streams.add_column(sa.Column("size", sa.Integer(), nullable=False, server_default="0"))
    stored = "SELECT COALESCE(SUM(LENGTH(content)), 0) FROM stream_pieces WHERE stream_pieces.stream_id = streams.id"
    op.execute(f"UPDATE streams SET size = ({stored})")


def downgrade() -> None:
    with op.batch_alter_table("streams") as streams:
        streams.drop_column("size")
