"""A refresh token has one successor, derived with a key of its session, and for a minute it is answered again"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_SESSIONS = sa.table(
    "sessions", sa.column("id", sa.String), sa.column("refresh_key", sa.String), sa.column("previous_digest", sa.String)
)


def upgrade() -> None:
    op.add_column("sessions", sa.Column("refresh_key", sa.String(), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("refreshed_at", sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    # The successors that were issued before cannot be derived: a token whose successor is known is no longer accepted.
    keys = [{"row": row, "key": secrets.token_urlsafe(24)} for row in connection.scalars(sa.select(_SESSIONS.c.id))]
    if keys:
        change = sa.update(_SESSIONS).where(_SESSIONS.c.id == sa.bindparam("row"))
        connection.execute(change.values(refresh_key=sa.bindparam("key"), previous_digest=None), keys)
    with op.batch_alter_table("sessions") as table:
        table.alter_column("refresh_key", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("sessions") as table:
        table.drop_column("refreshed_at")
        table.drop_column("refresh_key")
