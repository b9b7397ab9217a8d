from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import insert

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.ids import new_id
from crosstalk.core.operations import command, limit, route
from crosstalk.core.schema import AtMost, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.rooms.join import add_member
from crosstalk.features.rooms.room import Kind, Room, RoomRow, known_room, room_of

NAME_LIMIT = 80
# Blanks are taken out of what is written, and not counted.
_WRITTEN = AtMost(4 * NAME_LIMIT, named=NAME_LIMIT)
_OPEN = Statement(insert(RoomRow))


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
@limit("60 per 1 minute")
def create_room(actor: Actor, body: CreateRoom) -> Room:
    """Open a room and become its owner."""
    with db.transaction() as tx:
        room_id = new_id()
        tx.run(_OPEN, id=room_id, name=body.name, kind=body.kind, seq=0, member_count=0, created_at=now_ms())
        return room_of(tx.cursor, add_member(tx, known_room(tx.cursor, actor, room_id), actor, "owner"), actor)
