from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crosstalk.core import db, topics
from crosstalk.core.actor import Actor
from crosstalk.core.errors import invalid
from crosstalk.core.operations import Event, command, event, refuses, route
from crosstalk.core.schema import Id, Position, Shape
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.rooms.membership import membership_of
from crosstalk.features.rooms.room import readable_room, unread_counter

UNREAD_LIMIT = 1_000
ROSTER_LIMIT = 500


class MarkRead(Shape):
    room_id: Id
    seq: Position
    """Everything up to here has been seen."""


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


@route("PUT", "/rooms/{room_id}/read", status=204)
@command("read:mark")
@refuses("not_found", "forbidden")
def mark_read(actor: Actor, body: MarkRead) -> None:
    """Move one's read marker forward. It never moves back."""
    with db.transaction() as tx:
        room = readable_room(tx.session, actor, body.room_id)
        if body.seq > room.seq:
            raise invalid(seq=f"is beyond the room's last change, {room.seq}")
        member = membership_of(tx.session, room.id, actor.user_id)
        if member is None or body.seq <= member.read_seq:
            return
        member.read_seq = body.seq
        unread = count_unread(tx.session, actor.user_id, {room.id: body.seq})[room.id]
        changed = UnreadChanged(room_id=room.id, seq=body.seq, unread=unread)
        tx.announce(changed, to=topics.user(actor.user_id))
        if room.member_count <= ROSTER_LIMIT:
            tx.announce(ReadMarked(room_id=room.id, user_id=actor.user_id, seq=body.seq), to=topics.room(room.id))


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
