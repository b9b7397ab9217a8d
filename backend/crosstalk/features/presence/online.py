from sqlalchemy import bindparam, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import command, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.presence.presence import presence
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import readable_room

_MEMBERS = Statement(select(MembershipRow.user_id).where(MembershipRow.room_id == bindparam("room_id"), MembershipRow.present))


class ListPresence(Shape):
    room_id: Id


class OnlineMembers(Shape):
    room_id: str
    online: list[str]
    """User ids."""


@route("GET", "/rooms/{room_id}/presence")
@command("presence:list")
@refuses("not_found", "forbidden")
def list_presence(actor: Actor, body: ListPresence) -> OnlineMembers:
    """Who of a room is here now; needed in rooms too large to be told of changes."""
    with db.snapshot() as cursor:
        readable_room(cursor, actor, body.room_id)
        members = [user_id for (user_id,) in cursor.rows(_MEMBERS, room_id=body.room_id)]
    return OnlineMembers(room_id=body.room_id, online=presence.online(members))
