"""Rooms in which nothing was ever written and from which every member has left are deleted after an hour."""

from sqlalchemy import delete, exists, select

from crosstalk.core import db
from crosstalk.core.clock import steady_ms
from crosstalk.core.operations import every
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.rooms.invite import InviteRow
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import RoomRow

KEPT_MS = 3_600_000
BATCH = 100


def delete_rooms(now: int) -> int:
    """Deletes what is empty at `now` (milliseconds since 1970), some at a time. Returns how many."""
    empty = select(RoomRow.id).where(
        RoomRow.member_count == 0, RoomRow.created_at < now - KEPT_MS, ~exists().where(MessageRow.room_id == RoomRow.id)
    )
    deleted, after = 0, ""
    while True:
        with db.reading() as session:
            ids = list(session.scalars(empty.where(RoomRow.id > after).order_by(RoomRow.id).limit(BATCH)))
        if not ids:
            return deleted
        after = ids[-1]
        with db.transaction() as tx:
            # Looked at again: a member may have come meanwhile.
            gone = list(tx.session.scalars(empty.where(RoomRow.id.in_(ids))))
            for row in (MembershipRow, InviteRow):
                tx.session.execute(delete(row).where(row.room_id.in_(gone)))
            tx.session.execute(delete(RoomRow).where(RoomRow.id.in_(gone)))
        deleted += len(gone)


@every(600)
def delete_empty_rooms() -> None:
    delete_rooms(steady_ms())
