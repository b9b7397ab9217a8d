from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import bindparam, func, insert, literal_column, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import conflict
from crosstalk.core.ids import new_id
from crosstalk.core.names import CleanName, name_key
from crosstalk.core.operations import command, cost, limit, refuses, route
from crosstalk.core.quotas import ROW_BYTES, exceeded
from crosstalk.core.schema import AtMost, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.rooms.join import add_member
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import Kind, Room, RoomRow, known_room, room_of

NAME_LIMIT = 80
_OPEN = Statement(insert(RoomRow))
_OWNED = Statement(
    select(func.count())
    .select_from(MembershipRow)
    .where(MembershipRow.user_id == bindparam("user_id"), MembershipRow.role == literal_column("'owner'"))
)


_NAMED = Statement(select(RoomRow.id).where(RoomRow.name_key == bindparam("name_key")))


class CreateRoom(Shape):
    name: Annotated[
        str,
        AfterValidator(AtMost(4 * NAME_LIMIT, named=NAME_LIMIT)),
        AfterValidator(CleanName(NAME_LIMIT)),
        Field(json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT}),
    ]
    """1 to 80 characters; of a public room a name that no other public room has, without regard to case and look-alikes."""
    kind: Kind
    """Anyone can find and join a public room; a private room needs an invite."""


@route("POST", "/rooms", status=201)
@command("room:create")
@limit("10 per 1 minute")
@cost(20)
@refuses("conflict", "quota_exceeded")
def create_room(actor: Actor, body: CreateRoom) -> Room:
    """Create a room.

    Creates a public or private room with the user as its owner.
    """
    usage = db.database().usage
    usage.require_space()
    # Private rooms have no key: any number of them may have one name.
    key = name_key(body.name) if body.kind == "public" else None
    with db.transaction() as tx:
        if key is not None and tx.cursor.rows(_NAMED, name_key=key):
            raise conflict(
                "A public room with this name already exists. Choose another name.",
                name="is the name of another public room; choose another one",
            )
        most = usage.quotas.rooms_of(actor)
        # Also those that the owner has left: they go when nobody is in them and nothing was written there.
        if most is not None and int(tx.cursor.rows(_OWNED, user_id=actor.user_id)[0][0]) >= most:
            raise exceeded("rooms", f"You have reached the limit of {most} rooms that you own.")
        db.spend(tx, actor, 4 * ROW_BYTES)
        room_id = new_id()
        tx.run(_OPEN, id=room_id, name=body.name, name_key=key, kind=body.kind, seq=0, member_count=0, created_at=now_ms())
        return room_of(tx.cursor, add_member(tx, known_room(tx.cursor, actor, room_id), actor), actor)
