"""Sessions that are over are deleted: expired ones at once, ended ones when a week has passed since they were last used."""

from sqlalchemy import and_, delete, or_, select

from crosstalk.core import db
from crosstalk.core.clock import now_ms
from crosstalk.core.operations import every
from crosstalk.core.quotas import DAY_MS
from crosstalk.features.accounts.session import LAST_USED, SessionRow

ENDED_KEPT_MS = 7 * DAY_MS
BATCH = 200


def delete_sessions(now: int) -> int:
    """Deletes what is over at `now` (milliseconds since 1970), some at a time. Returns how many."""
    ended = and_(SessionRow.ended.is_not(None), now - ENDED_KEPT_MS > LAST_USED)
    over = select(SessionRow.id).where(or_(SessionRow.expires_at < now, ended)).limit(BATCH)
    deleted = 0
    while True:
        with db.reading() as session:
            ids = list(session.scalars(over))
        if not ids:
            return deleted
        with db.transaction() as tx:
            tx.session.execute(delete(SessionRow).where(SessionRow.id.in_(ids)))
        deleted += len(ids)


@every(600)
def delete_sessions_that_are_over() -> None:
    delete_sessions(now_ms())
