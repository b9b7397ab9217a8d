from typing import Literal

from sqlalchemy import literal_column

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import KNOWN_ROOM, KnownRoom, Room, RoomRow, room_of, visible_room

_MINE = Statement(KNOWN_ROOM.where(MembershipRow.present).order_by(RoomRow.id))
_PUBLIC = Statement(KNOWN_ROOM.where(RoomRow.kind == literal_column("'public'")).order_by(RoomRow.id))


class FindRooms(Shape):
    scope: Literal["mine", "public"] = "mine"


class Rooms(Shape):
    rooms: list[Room]


class FindRoom(Shape):
    room_id: Id


@route("GET", "/rooms")
def find_rooms(actor: Actor, body: FindRooms) -> Rooms:
    """My rooms, or every public one, oldest first."""
    with db.snapshot() as cursor:
        found = cursor.rows(_PUBLIC if body.scope == "public" else _MINE, user_id=actor.user_id)
        return Rooms(rooms=[room_of(cursor, KnownRoom(*row), actor) for row in found])


@route("GET", "/rooms/{room_id}")
@refuses("not_found")
def find_room(actor: Actor, body: FindRoom) -> Room:
    """One room."""
    with db.snapshot() as cursor:
        return room_of(cursor, visible_room(cursor, actor, body.room_id), actor)
