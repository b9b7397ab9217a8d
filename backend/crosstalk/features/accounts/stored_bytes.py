"""How many bytes each person stored today, kept over a restart."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from crosstalk.core import db
from crosstalk.core.operations import every
from crosstalk.core.quotas import today

BATCH = 500


class StoredBytesRow(db.Base):
    __tablename__ = "stored_bytes"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[int]
    """Since 1970-01-01 (UTC). A row of an earlier day counts nothing."""
    bytes: Mapped[int]


def load_stored_bytes() -> None:
    """When the server starts: goes on with today's counts, and deletes those of other days."""
    day = today()
    with db.transaction() as tx:
        tx.session.execute(delete(StoredBytesRow).where(StoredBytesRow.day != day))
        rows = tx.session.execute(select(StoredBytesRow.user_id, StoredBytesRow.bytes)).all()
        db.database().usage.load(day, {row.user_id: row.bytes for row in rows})


@every(5)
def save_stored_bytes() -> None:
    """Writes the counts that changed, some at a time so that nobody waits long for a turn to write."""
    day, unsaved = db.database().usage.take_unsaved()
    changed = list(unsaved.items())
    for first in range(0, len(changed), BATCH):
        with db.transaction() as tx:
            for user_id, size in changed[first : first + BATCH]:
                tx.session.merge(StoredBytesRow(user_id=user_id, day=day, bytes=size))


@every(5)
def look_at_disk() -> None:
    """Notices when the free disk falls below the reserve, or rises above it again."""
    db.database().usage.look_at_disk()
