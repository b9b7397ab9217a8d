from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import bindparam, func, insert, literal_column, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.ids import new_id
from crosstalk.core.operations import command, cost, limit, refuses, route
from crosstalk.core.quotas import ROW_BYTES, exceeded
from crosstalk.core.schema import AtMost, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.rooms.join import add_member
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import Kind, Room, RoomRow, known_room, room_of

NAME_LIMIT = 80
# Blanks are taken out of what is written, and not counted.
_WRITTEN = AtMost(4 * NAME_LIMIT, named=NAME_LIMIT)
_OPEN = Statement(insert(RoomRow))
_OWNED = Statement(
    select(func.count())
    .select_from(MembershipRow)
    .where(MembershipRow.user_id == bindparam("user_id"), MembershipRow.role == literal_column("'owner'"))
)


def _clean(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise PydanticCustomError("blank", "must not be empty")
    if len(name) > NAME_LIMIT:
        raise PydanticCustomError("too_large", "must have at most {limit} characters", {"limit": NAME_LIMIT})
    return name


class CreateRoom(Shape):
    name: Annotated[
        str,
        AfterValidator(_WRITTEN),
        AfterValidator(_clean),
        Field(json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT}),
    ]
    """1 to 80 characters."""
    kind: Kind
    """Everybody may find and join a public room; a private one only with an invite."""


@route("POST", "/rooms", status=201)
@command("room:create")
@limit("10 per 1 minute")
@cost(20)
@refuses("quota_exceeded")
def create_room(actor: Actor, body: CreateRoom) -> Room:
    """Create a room.

    Creates a public or private room with the user as its owner.
    """
    usage = db.database().usage
    usage.require_space()
    with db.transaction() as tx:
        most = usage.quotas.rooms_of(actor)
        # Also those that the owner has left: they go when nobody is in them and nothing was written there.
        if most is not None and int(tx.cursor.rows(_OWNED, user_id=actor.user_id)[0][0]) >= most:
            raise exceeded("rooms", f"You have reached the limit of {most} rooms that you own.")
        db.spend(tx, actor, 4 * ROW_BYTES)
        room_id = new_id()
        tx.run(_OPEN, id=room_id, name=body.name, kind=body.kind, seq=0, member_count=0, created_at=now_ms())
        return room_of(tx.cursor, add_member(tx, known_room(tx.cursor, actor, room_id), actor, "owner"), actor)
