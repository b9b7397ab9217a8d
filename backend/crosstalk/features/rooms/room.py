"""A room: its row, its members' rows, the room on the wire, and who may do what in it."""

from collections.abc import Callable
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


class KnownRoom(NamedTuple):
    """A room as it is stored, and what the asker is in it."""

    id: str
    name: str
    kind: Kind
    seq: int
    member_count: int
    created_at: int
    role: Role | None
    """None for those who were never members."""
    present: bool | None
    read_seq: int | None

    @property
    def mine(self) -> bool:
        return bool(self.present)


KNOWN_ROOM = select(
    RoomRow.id,
    RoomRow.name,
    RoomRow.kind,
    RoomRow.seq,
    RoomRow.member_count,
    RoomRow.created_at,
    MembershipRow.role,
    MembershipRow.present,
    MembershipRow.read_seq,
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
UnreadCounter = Callable[[Cursor, str, str, int], int]
unread_counter: list[UnreadCounter] = []


def known_room(cursor: Cursor, actor: Actor, room_id: str) -> KnownRoom:
    """A room, whoever may know of it."""
    found = cursor.run(_FIND, room_id=room_id, user_id=actor.user_id)
    if found is None:
        raise not_found("room")
    return KnownRoom(*found)


def visible_room(cursor: Cursor, actor: Actor, room_id: str) -> KnownRoom:
    """A room that the actor may know of: a public one, or one's own."""
    room = known_room(cursor, actor, room_id)
    if room.kind == "private" and not room.mine:
        raise not_found("room")
    return room


def readable_room(cursor: Cursor, actor: Actor, room_id: str) -> KnownRoom:
    """A room whose content the actor may read: members only."""
    room = visible_room(cursor, actor, room_id)
    if not room.mine:
        raise forbidden("You are not a member of this room. Join it first.")
    return room


def postable_room(tx: db.Tx, actor: Actor, room_id: str) -> KnownRoom:
    """A room in which the actor may make a change."""
    return readable_room(tx.cursor, actor, room_id)


def next_seq(tx: db.Tx, room_id: str, *, joined: int = 0) -> int:
    """Takes the next number of the room's log, for the one change that is being stored in this transaction; `joined` is how
    many members the room has more after it."""
    [(seq,)] = tx.cursor.rows(_NEXT_SEQ, room_id=room_id, joined=joined)
    return int(seq)


def room_of(cursor: Cursor, room: KnownRoom, actor: Actor) -> Room:
    """The room on the wire, with the asker's role and unread count."""
    read_seq = room.read_seq if room.mine and room.read_seq is not None else None
    return Room(
        id=room.id,
        name=room.name,
        kind=room.kind,
        seq=room.seq,
        epoch=installation().epoch,
        created_at=iso(room.created_at),
        member_count=room.member_count,
        role=room.role if room.mine else None,
        read_seq=read_seq or 0,
        unread=0 if read_seq is None else unread_counter[0](cursor, actor.user_id, room.id, read_seq),
    )
