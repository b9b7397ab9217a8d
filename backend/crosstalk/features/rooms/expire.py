"""Expired invites are deleted."""

from sqlalchemy import delete, select

from crosstalk.core import db
from crosstalk.core.clock import now_ms
from crosstalk.core.operations import every
from crosstalk.features.rooms.invite import InviteRow

BATCH = 200


def delete_invites(now: int) -> int:
    """Deletes what has expired at `now` (milliseconds since 1970), some at a time. Returns how many."""
    expired = select(InviteRow.digest).where(InviteRow.expires_at <= now).limit(BATCH)
    deleted = 0
    while True:
        with db.reading() as session:
            digests = list(session.scalars(expired))
        if not digests:
            return deleted
        with db.transaction() as tx:
            tx.session.execute(delete(InviteRow).where(InviteRow.digest.in_(digests)))
        deleted += len(digests)


@every(600)
def delete_expired_invites() -> None:
    delete_invites(now_ms())
