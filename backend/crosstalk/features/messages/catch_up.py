from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.paging import ChangesLimit
from crosstalk.core.schema import Id, Position, Shape
from crosstalk.features.messages.changes import AnswerSpace, Changes, Epoch, changes_after
from crosstalk.features.rooms.room import visible_room

BYTES_AN_ANSWER = 262_144


class CatchUp(Shape):
    room_id: Id
    after: Position = 0
    """The client's position: the last `position` that it stored, or 0."""
    epoch: Epoch | None = None
    """The epoch of that position; without it, the current one."""
    limit: ChangesLimit = 200


@route("GET", "/rooms/{room_id}/changes")
@limit("100 per 10 seconds")
@cost(lambda body: 1 + body.limit // 10)
@refuses("not_found")
def catch_up(actor: Actor, body: CatchUp) -> Changes:
    """List changes.

    Returns what changed in a room after a position, in order: at most `limit` changes and 256 KiB of them.
    """
    with db.snapshot() as cursor:
        room = visible_room(cursor, actor, body.room_id)
        space = AnswerSpace(BYTES_AN_ANSWER)
        return changes_after(cursor, room, body.after, body.epoch, limit=body.limit, space=space)
