from pydantic import Field
from sqlalchemy import Integer, bindparam, literal_column

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.installation import installation
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.paging import PageLimit
from crosstalk.core.schema import Id, Position, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.messages.message import Message, MessageRow, message_of
from crosstalk.features.messages.stored import STORED, stored
from crosstalk.features.rooms.room import visible_room

_PAGE = Statement(
    STORED.where(MessageRow.room_id == bindparam("room_id"), MessageRow.seq < bindparam("before"))
    .order_by(MessageRow.seq.desc())
    .limit(bindparam("limit", type_=Integer))
    .offset(literal_column("0"))
)


class ReadHistory(Shape):
    room_id: Id
    before: Position | None = None
    """Returns messages before this seq; the newest ones by default."""
    limit: PageLimit = 50


class History(Shape):
    messages: list[Message]
    """Ordered by `seq`, oldest first."""
    more: bool
    """Whether there are older messages."""
    epoch: str | None = Field(None, exclude_if=lambda value: value is None)
    """Only in the newest page: the epoch of `position`."""
    position: int | None = Field(None, exclude_if=lambda value: value is None)
    """Only in the newest page: the position to store after loading it. An older page does not move the client's
    position."""


@route("GET", "/rooms/{room_id}/messages")
@limit("100 per 10 seconds")
@cost(lambda body: 1 + body.limit // 4)
@refuses("not_found")
def read_history(actor: Actor, body: ReadHistory) -> History:
    """List messages.

    Returns a page of a room's messages: the newest ones, or, with `before`, older ones.
    """
    with db.snapshot() as cursor:
        room = visible_room(cursor, actor, body.room_id)
        before = room.seq + 1 if body.before is None else body.before
        rows = cursor.rows(_PAGE, room_id=room.id, before=before, limit=body.limit + 1)
    newest = body.before is None
    return History(
        messages=[message_of(stored(row)) for row in reversed(rows[: body.limit])],
        more=len(rows) > body.limit,
        epoch=installation().epoch if newest else None,
        position=room.seq if newest else None,
    )
