"""A read marker: how far somebody has read, and how much is unread after it."""

from sqlalchemy import bindparam, func, literal_column, select

from crosstalk.core.operations import Event, event
from crosstalk.core.statements import Cursor, Statement
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.rooms.room import unread_counter

UNREAD_LIMIT = 1_000


@event("read:marked")
class ReadMarked(Event):
    """Read marker moved.

    A member has read up to `seq`. Not sent in rooms of more than 500 members.
    """

    room_id: str
    user_id: str
    seq: int


@event("unread:changed")
class UnreadChanged(Event):
    """Unread count changed.

    The user's own read marker moved. Sent to all connections of the user.
    """

    room_id: str
    seq: int
    """The new read marker."""
    unread: int


_NEWER = (
    select(MessageRow.id)
    .where(
        MessageRow.room_id == bindparam("room_id"),
        MessageRow.seq > bindparam("read_seq"),
        MessageRow.author_id != bindparam("user_id"),
        MessageRow.deleted.is_(False),
    )
    .limit(literal_column(str(UNREAD_LIMIT)))
    .offset(literal_column("0"))
    .subquery()
)
_COUNT = Statement(select(func.count()).select_from(_NEWER))


def count_unread(cursor: Cursor, user_id: str, room_id: str, read_seq: int) -> int:
    """Other people's messages after a marker, not counting deleted ones."""
    [(count,)] = cursor.rows(_COUNT, room_id=room_id, read_seq=read_seq, user_id=user_id)
    return int(count)


unread_counter.append(count_unread)
