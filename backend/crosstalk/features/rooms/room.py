"""A room: its row, its members' rows, the room on the wire, and who may do what in it."""

from collections.abc import Callable
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import iso
from crosstalk.core.errors import forbidden, not_found
from crosstalk.core.installation import installation
from crosstalk.core.schema import Shape
from crosstalk.features.rooms.membership import MembershipRow, Role, membership_of

Kind = Literal["public", "private"]

ROSTER_LIMIT = 500
"""In rooms with more members nobody is told who came, went or read; clients ask."""


class RoomRow(db.Base):
    __tablename__ = "rooms"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[Kind]
    seq: Mapped[int]
    member_count: Mapped[int]
    created_at: Mapped[int]


class Room(Shape):
    """A room, as the asker sees it."""

    id: str
    name: str
    kind: Kind
    seq: int
    """The number of the last durable change in the room."""
    epoch: str
    """Names the numbering; with another epoch, known positions mean nothing."""
    created_at: str
    member_count: int
    role: Role | None
    """What the asker is in the room; null for those who are not members."""
    read_seq: int
    """The asker's read marker."""
    unread: int
    """Other people's messages after the read marker, up to 1,000."""


# (session, user_id, {room_id: read_seq}) → {room_id: unread}. Messages are above rooms in the tower, so `reads` fills this in.
UnreadCounter = Callable[[Session, str, dict[str, int]], dict[str, int]]
unread_counter: list[UnreadCounter] = []


def visible_room(session: Session, actor: Actor, room_id: str) -> RoomRow:
    """A room that the actor may know of: a public one, or one's own."""
    row = session.get(RoomRow, room_id)
    if row is None or (row.kind == "private" and membership_of(session, room_id, actor.user_id) is None):
        raise not_found("room")
    return row


def readable_room(session: Session, actor: Actor, room_id: str) -> RoomRow:
    """A room whose content the actor may read: members only."""
    row = visible_room(session, actor, room_id)
    if row.kind == "public" and membership_of(session, room_id, actor.user_id) is None:
        raise forbidden("Join the room first.")
    return row


def postable_room(tx: db.Tx, actor: Actor, room_id: str) -> RoomRow:
    """A room in which the actor may make a change."""
    return readable_room(tx.session, actor, room_id)


def next_seq(room: RoomRow) -> int:
    """Takes the next number of the room's log, for the one change that is being stored in this transaction."""
    room.seq += 1
    return room.seq


def room_of(session: Session, row: RoomRow, actor: Actor) -> Room:
    return rooms_of(session, [row], actor)[0]


def rooms_of(session: Session, rows: list[RoomRow], actor: Actor) -> list[Room]:
    """Rooms on the wire, with the asker's role and unread counts."""
    found = session.scalars(
        select(MembershipRow).where(
            MembershipRow.user_id == actor.user_id,
            MembershipRow.room_id.in_([row.id for row in rows]),
            MembershipRow.present,
        )
    )
    mine = {row.room_id: row for row in found}
    markers = {room_id: row.read_seq for room_id, row in mine.items()}
    unread = unread_counter[0](session, actor.user_id, markers)
    return [
        Room(
            id=row.id,
            name=row.name,
            kind=row.kind,
            seq=row.seq,
            epoch=installation().epoch,
            created_at=iso(row.created_at),
            member_count=row.member_count,
            role=mine[row.id].role if row.id in mine else None,
            read_seq=markers.get(row.id, 0),
            unread=unread.get(row.id, 0),
        )
        for row in rows
    ]
