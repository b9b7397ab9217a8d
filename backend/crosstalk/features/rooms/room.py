"""A room: its row, its members' rows, the room on the wire, and who may do what in it."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import Index, and_, bindparam, literal_column, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import iso
from crosstalk.core.errors import forbidden, not_found
from crosstalk.core.installation import installation
from crosstalk.core.schema import Shape
from crosstalk.core.statements import Cursor, Statement
from crosstalk.features.rooms.last_message import LastMessage, last_messages
from crosstalk.features.rooms.membership import MembershipRow, Role

Kind = Literal["public", "private"]


class RoomRow(db.Base):
    __tablename__ = "rooms"
    __table_args__ = (
        Index("rooms_by_kind", "kind", "created_at", "id"),
        Index("rooms_by_name", "name_key", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str | None]
    """Of a public room, see core/names.py; None for private ones."""
    kind: Mapped[Kind]
    seq: Mapped[int]
    member_count: Mapped[int]
    created_at: Mapped[int]


class Room(Shape):
    """A room, as the current user sees it."""

    id: str
    name: str
    kind: Kind
    seq: int
    """The number of the room's last durable change. It is not the client's position."""
    epoch: str
    """Identifies the numbering. Positions of another epoch are not valid."""
    created_at: str
    member_count: int
    role: Role | None
    """The user's role in the room; null for non-members."""
    read_seq: int
    """The user's own read marker."""
    unread: int
    """Other people's messages after the read marker, up to 1,000."""
    last_message: LastMessage | None


class KnownRoom(NamedTuple):
    """A room as it is stored, and the user's membership: the last three are None when the user was never a member."""

    id: str
    name: str
    kind: Kind
    seq: int
    member_count: int
    created_at: int
    role: Role | None
    present: bool | None
    read_seq: int | None

    @property
    def mine(self) -> bool:
        return bool(self.present)


KNOWN_ROOM = select(
    *(getattr(RoomRow, name) for name in KnownRoom._fields[:-3]),
    *(getattr(MembershipRow, name) for name in KnownRoom._fields[-3:]),
).outerjoin(MembershipRow, and_(MembershipRow.room_id == RoomRow.id, MembershipRow.user_id == bindparam("user_id")))
_FIND = Statement(KNOWN_ROOM.where(RoomRow.id == bindparam("room_id")))

NEXT_SEQ = (
    update(RoomRow)
    .where(RoomRow.id == bindparam("room_id"))
    .values(seq=RoomRow.seq + literal_column("1"))
    .returning(RoomRow.seq)
)
_NEXT_SEQ = Statement(NEXT_SEQ.values(member_count=RoomRow.member_count + bindparam("joined")))

# (cursor, user_id, room_id, read_seq) → unread. Messages are above rooms in the tower, so `reads` fills this in.
unread_counter: list[Callable[[Cursor, str, str, int], int]] = []


def known_room(cursor: Cursor, actor: Actor, room_id: str) -> KnownRoom:
    found = cursor.run(_FIND, room_id=room_id, user_id=actor.user_id)
    if found is None:
        raise not_found("room")
    return KnownRoom(*found)


def visible_room(cursor: Cursor, actor: Actor, room_id: str) -> KnownRoom:
    """A room that the actor may know of and whose messages the actor may read: a public one, or one's own."""
    room = known_room(cursor, actor, room_id)
    if room.kind == "private" and not room.mine:
        raise not_found("room")
    return room


def joined_room(cursor: Cursor, actor: Actor, room_id: str) -> KnownRoom:
    """A room that the actor is a member of: live events, markers, presence and changes are for members."""
    room = visible_room(cursor, actor, room_id)
    if not room.mine:
        raise forbidden("You are not a member of this room. Join it first.")
    return room


def postable_room(tx: db.Tx, actor: Actor, room_id: str) -> KnownRoom:
    """A room in which the actor may make a change."""
    return joined_room(tx.cursor, actor, room_id)


def next_seq(tx: db.Tx, room_id: str, *, joined: int = 0) -> int:
    """Takes the next number of the room's log, for the one change that is being stored in this transaction; `joined` is how
    many members the room has more after it."""
    [(seq,)] = tx.cursor.rows(_NEXT_SEQ, room_id=room_id, joined=joined)
    return int(seq)


def room_of(cursor: Cursor, room: KnownRoom, actor: Actor) -> Room:
    """The room on the wire, with the asker's role and unread count."""
    return rooms_of(cursor, [room], actor)[0]


def rooms_of(cursor: Cursor, rooms: Sequence[KnownRoom], actor: Actor) -> list[Room]:
    """The same for up to 200 rooms, in their order."""
    newest = last_messages[0](cursor, [room.id for room in rooms])
    return [_room(cursor, room, actor, newest.get(room.id)) for room in rooms]


def _room(cursor: Cursor, room: KnownRoom, actor: Actor, last_message: LastMessage | None) -> Room:
    return Room(
        id=room.id,
        name=room.name,
        kind=room.kind,
        seq=room.seq,
        epoch=installation().epoch,
        created_at=iso(room.created_at),
        member_count=room.member_count,
        role=room.role if room.mine else None,
        read_seq=(room.read_seq or 0) if room.mine else 0,
        unread=unread_counter[0](cursor, actor.user_id, room.id, room.read_seq or 0) if room.mine else 0,
        last_message=last_message,
    )
