"""Sessions that are over are deleted: expired ones at once, ended ones when a week has passed since they were last used."""

from sqlalchemy import and_, or_

from crosstalk.core.batches import delete_where
from crosstalk.core.clock import steady_ms
from crosstalk.core.operations import every
from crosstalk.core.quotas import DAY_MS
from crosstalk.features.accounts.session import LAST_USED, SessionRow

ENDED_KEPT_MS = 7 * DAY_MS


def delete_sessions(now: int) -> int:
    """Deletes what is over at `now` (milliseconds since 1970), some at a time. Returns how many."""
    ended = and_(SessionRow.ended.is_not(None), now - ENDED_KEPT_MS > LAST_USED)
    return delete_where(SessionRow.id, or_(SessionRow.expires_at < now, ended))


@every(600)
def delete_sessions_that_are_over() -> None:
    delete_sessions(steady_ms())
