from typing import Literal

from sqlalchemy import BigInteger, Integer, String, bindparam, literal_column, select, tuple_

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import invalid
from crosstalk.core.ids import made_at
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.paging import PageLimit
from crosstalk.core.schema import Id, Shape
from crosstalk.core.statements import Cursor, Statement
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import KNOWN_ROOM, KnownRoom, Room, RoomRow, room_of, rooms_of, visible_room

# Oldest first. The lobby, whose id tells no time, is the oldest.
_PLACE = tuple_(RoomRow.created_at, RoomRow.id)
_PAGE = (
    KNOWN_ROOM.where(tuple_(bindparam("created_at", type_=BigInteger), bindparam("after", type_=String)) < _PLACE)
    .order_by(RoomRow.created_at, RoomRow.id)
    .limit(bindparam("limit", type_=Integer))
    .offset(literal_column("0"))
)
_CREATED = Statement(select(RoomRow.created_at).where(RoomRow.id == bindparam("room_id")))
_MINE = Statement(_PAGE.where(MembershipRow.present))
_PUBLIC = Statement(_PAGE.where(RoomRow.kind == literal_column("'public'")))


class FindRooms(Shape):
    scope: Literal["mine", "public"] = "mine"
    after: Id | None = None
    """The last room id of the previous page."""
    limit: PageLimit = 100


class Rooms(Shape):
    rooms: list[Room]
    """Oldest first."""
    more: bool
    """Whether more rooms follow."""


class FindRoom(Shape):
    room_id: Id


@route("GET", "/rooms")
@limit("60 per 10 seconds")
@cost(lambda body: 1 + body.limit // 4)
def find_rooms(actor: Actor, body: FindRooms) -> Rooms:
    """List rooms.

    Returns a page of the user's rooms, or of the public rooms, oldest first.
    """
    page = _PUBLIC if body.scope == "public" else _MINE
    with db.snapshot() as cursor:
        created_at, after = _place_after(cursor, body.after)
        found = cursor.rows(page, user_id=actor.user_id, created_at=created_at, after=after, limit=body.limit + 1)
        rooms = rooms_of(cursor, [KnownRoom(*row) for row in found[: body.limit]], actor)
    return Rooms(rooms=rooms, more=len(found) > body.limit)


def _place_after(cursor: Cursor, room_id: str | None) -> tuple[int, str]:
    """Where a page begins. The last room of the page before may have been deleted meanwhile; its id tells its time."""
    if room_id is None:
        return -1, ""
    stored = cursor.run(_CREATED, room_id=room_id)
    created_at = made_at(room_id) if stored is None else int(stored[0])
    if created_at is None:
        raise invalid(after="must be the id of a room")
    return created_at, room_id


@route("GET", "/rooms/{room_id}")
@limit("100 per 10 seconds")
@refuses("not_found")
def find_room(actor: Actor, body: FindRoom) -> Room:
    """Get a room.

    Returns one room: any public one, or a private one of which the user is a member.
    """
    with db.snapshot() as cursor:
        return room_of(cursor, visible_room(cursor, actor, body.room_id), actor)
