"""Only what has been changed is found by its last change: one index less for each message that is sent"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_index("messages_by_change", "messages")
    changed = sa.text("changed_seq <> seq")
    op.create_index(
        "messages_by_change",
        "messages",
        ["room_id", "changed_seq"],
        unique=True,
        sqlite_where=changed,
        postgresql_where=changed,
    )


def downgrade() -> None:
    op.drop_index("messages_by_change", "messages")
    op.create_index("messages_by_change", "messages", ["room_id", "changed_seq"], unique=True)
