from typing import Annotated

from pydantic import Field

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import body_limit, command, cost, limit
from crosstalk.core.schema import Id, Position, Shape
from crosstalk.core.statements import Cursor
from crosstalk.features.messages.changes import AnswerSpace, Changes, Epoch, changes_after, snapshot
from crosstalk.features.rooms.room import joined_room

ROOMS_LIMIT = 500
CHANGES_A_ROOM = 200
BYTES_AN_ANSWER = 16_384
"""What passes on a line of 2 kB/s before the next ping has to: a larger answer would cut the line, again and again."""


class ResumeSession(Shape):
    epoch: Epoch
    rooms: Annotated[dict[Id, Position], Field(max_length=ROOMS_LIMIT)]
    """The client's position in each room: the last `position` that it stored, or 0."""


class Resumed(Shape):
    rooms: dict[str, Changes]
    """One verdict for each room of the request."""


@command("session:resume")
@body_limit(65_536, why="500 rooms, an id and a position each")
@limit("60 per 10 seconds")
@cost(lambda body: 1 + len(body.rooms) // 5)
def resume_session(actor: Actor, body: ResumeSession) -> Resumed:
    """Resume after reconnecting.

    Takes the client's position in each room, and returns for each room whether anything is missing and what. The changes of
    all rooms together take up to 16 KiB, or one change when that is larger. A room whose changes do not fit has `more`, and
    its `position` is where they end: call again for those rooms.
    """
    space = AnswerSpace(BYTES_AN_ANSWER)
    with db.snapshot() as cursor:
        verdicts = {
            room_id: _verdict(cursor, actor, room_id, position, body.epoch, space) for room_id, position in body.rooms.items()
        }
    return Resumed(rooms=verdicts)


def _verdict(cursor: Cursor, actor: Actor, room_id: str, position: int, epoch: str, space: AnswerSpace) -> Changes:
    try:
        room = joined_room(cursor, actor, room_id)
    except CrosstalkError:
        # A room that is gone and one that this person may not read look the same.
        return snapshot("not_found", 0)
    return changes_after(cursor, room, position, epoch, limit=CHANGES_A_ROOM, space=space)
