from typing import Literal

from sqlalchemy import select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import Room, RoomRow, room_of, rooms_of, visible_room


class FindRooms(Shape):
    scope: Literal["mine", "public"] = "mine"


class Rooms(Shape):
    rooms: list[Room]


class FindRoom(Shape):
    room_id: Id


@route("GET", "/rooms")
def find_rooms(actor: Actor, body: FindRooms) -> Rooms:
    """My rooms, or every public one, oldest first."""
    query = select(RoomRow).order_by(RoomRow.id)
    if body.scope == "public":
        query = query.where(RoomRow.kind == "public")
    else:
        mine = select(MembershipRow.room_id).where(MembershipRow.user_id == actor.user_id, MembershipRow.present)
        query = query.where(RoomRow.id.in_(mine))
    with db.reading() as session:
        return Rooms(rooms=rooms_of(session, list(session.scalars(query)), actor))


@route("GET", "/rooms/{room_id}")
@refuses("not_found")
def find_room(actor: Actor, body: FindRoom) -> Room:
    """One room."""
    with db.reading() as session:
        return room_of(session, visible_room(session, actor, body.room_id), actor)
