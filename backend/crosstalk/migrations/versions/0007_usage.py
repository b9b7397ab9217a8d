"""What quotas count: bytes a day, whose session a text belongs to; and public rooms found by pages"""

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
    op.create_index("rooms_by_kind", "rooms", ["kind", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("rooms_by_kind", "rooms")
    with op.batch_alter_table("streams") as streams:
        streams.drop_column("session_id")
    op.drop_table("stored_bytes")
