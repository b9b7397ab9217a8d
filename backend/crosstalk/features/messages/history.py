from sqlalchemy import select
from sqlalchemy.orm import joinedload

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import refuses, route
from crosstalk.core.paging import PageLimit
from crosstalk.core.schema import Id, Position, Shape
from crosstalk.features.messages.message import Message, MessageRow, message_of
from crosstalk.features.rooms.room import readable_room


class ReadHistory(Shape):
    room_id: Id
    before: Position | None = None
    """Messages that stand before this seq; without it, the newest."""
    limit: PageLimit = 50


class History(Shape):
    messages: list[Message]
    """By seq, ascending."""
    more: bool
    """Whether there are older ones."""


@route("GET", "/rooms/{room_id}/messages")
@refuses("not_found", "forbidden")
def read_history(actor: Actor, body: ReadHistory) -> History:
    """A page of a room's messages, the newest first asked for."""
    with db.reading() as session:
        readable_room(session, actor, body.room_id)
        query = select(MessageRow).where(MessageRow.room_id == body.room_id).options(joinedload(MessageRow.author))
        if body.before is not None:
            query = query.where(MessageRow.seq < body.before)
        rows = list(session.scalars(query.order_by(MessageRow.seq.desc()).limit(body.limit + 1)))
    page = rows[: body.limit]
    return History(messages=[message_of(row) for row in reversed(page)], more=len(rows) > body.limit)
