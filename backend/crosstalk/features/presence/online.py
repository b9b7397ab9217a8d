from sqlalchemy import bindparam, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import command, cost, limit, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.presence.presence import presence
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import RoomRow, joined_room

MEMBERS_A_UNIT = 50
_COUNT = Statement(select(RoomRow.member_count).where(RoomRow.id == bindparam("room_id")))
_MEMBERS = Statement(select(MembershipRow.user_id).where(MembershipRow.room_id == bindparam("room_id"), MembershipRow.present))


class ListPresence(Shape):
    room_id: Id


class OnlineMembers(Shape):
    room_id: str
    online: list[str]
    """User ids."""


def price_of_presence(wanted: ListPresence) -> int:
    """Units of core/limits.py: every member is looked at, online or not."""
    return 1 + sum(int(count) for (count,) in db.find(_COUNT, room_id=wanted.room_id)) // MEMBERS_A_UNIT


@route("GET", "/rooms/{room_id}/presence")
@command("presence:list")
@limit("30 per 10 seconds")
@cost(price_of_presence)
@refuses("not_found", "forbidden")
def list_presence(actor: Actor, body: ListPresence) -> OnlineMembers:
    """List online members.

    Returns which members of a room are online. Needed in rooms of more than 500 members, which do not receive
    `presence:changed`.
    """
    with db.snapshot() as cursor:
        joined_room(cursor, actor, body.room_id)
        members = [user_id for (user_id,) in cursor.rows(_MEMBERS, room_id=body.room_id)]
    return OnlineMembers(room_id=body.room_id, online=presence.online(members))
