"""A read marker: how far somebody has read, and how much is unread after it."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crosstalk.core.operations import Event, event
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.rooms.room import unread_counter

UNREAD_LIMIT = 1_000


@event("read:marked")
class ReadMarked(Event):
    """Somebody has read up to here. Not told in rooms of more than 500 members."""

    room_id: str
    user_id: str
    seq: int


@event("unread:changed")
class UnreadChanged(Event):
    """The reader's own marker moved; told to all connections of this person."""

    room_id: str
    seq: int
    """The marker."""
    unread: int


def count_unread(session: Session, user_id: str, markers: dict[str, int]) -> dict[str, int]:
    """Other people's messages after each marker, not counting deleted ones."""
    counts = {}
    for room_id, read_seq in markers.items():
        newer = (
            select(MessageRow.id)
            .where(
                MessageRow.room_id == room_id,
                MessageRow.seq > read_seq,
                MessageRow.author_id != user_id,
                MessageRow.deleted.is_(False),
            )
            .limit(UNREAD_LIMIT)
            .subquery()
        )
        counts[room_id] = session.scalar(select(func.count()).select_from(newer)) or 0
    return counts


unread_counter.append(count_unread)
