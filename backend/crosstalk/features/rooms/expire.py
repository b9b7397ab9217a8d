"""Expired invites are deleted."""

from crosstalk.core.batches import delete_where
from crosstalk.core.clock import steady_ms
from crosstalk.core.operations import every
from crosstalk.features.rooms.invite import InviteRow


def delete_invites(now: int) -> int:
    """Deletes what has expired at `now` (milliseconds since 1970), some at a time. Returns how many."""
    return delete_where(InviteRow.digest, InviteRow.expires_at <= now)


@every(600)
def delete_expired_invites() -> None:
    delete_invites(steady_ms())
