from typing import Annotated

import orjson
from pydantic import Field

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import command, cost, limit
from crosstalk.core.schema import Id, Position, Shape
from crosstalk.features.messages.changes import Changes, Epoch, changes_after, snapshot
from crosstalk.features.rooms.room import readable_room

ROOMS_LIMIT = 500
CHANGES_A_ROOM = 200
BYTES_AN_ANSWER = 16_384
"""What passes on a line of 2 kB/s before the next ping has to: a larger answer would cut the line, again and again."""


class ResumeSession(Shape):
    epoch: Epoch
    rooms: Annotated[dict[Id, Position], Field(max_length=ROOMS_LIMIT)]
    """Where the client stands: room id → the last seq it has."""


class Resumed(Shape):
    rooms: dict[str, Changes]
    """One verdict a room."""


@command("session:resume")
@limit("60 per 1 minute")
@cost(lambda body: 1 + len(body.rooms) // 5)
def resume_session(actor: Actor, body: ResumeSession) -> Resumed:
    """Say where one stands in all one's rooms, and hear for each whether one is whole.

    A room whose changes do not fit into the answer says `more`: the rest is asked for with the room's changes.
    """
    verdicts: dict[str, Changes] = {}
    size = 0
    with db.snapshot() as cursor:
        for room_id, seq in body.rooms.items():
            try:
                room = readable_room(cursor, actor, room_id)
            except CrosstalkError:
                # Gone, or not for this person any more: to the one who asks that is one and the same.
                verdicts[room_id] = snapshot("not_found", 0)
                continue
            limit = CHANGES_A_ROOM if size < BYTES_AN_ANSWER else 0
            verdicts[room_id], taken = _within(changes_after(cursor, room, seq, body.epoch, limit), BYTES_AN_ANSWER - size)
            size += taken
    return Resumed(rooms=verdicts)


def _within(verdict: Changes, space: int) -> tuple[Changes, int]:
    """As many of the changes as there is space for, but one at least; and how many bytes they have."""
    taken = 0
    for count, change in enumerate(verdict.changes):
        size = len(orjson.dumps(change))
        if count and taken + size > space:
            return verdict.model_copy(update={"changes": verdict.changes[:count], "more": True}), taken
        taken += size
    return verdict, taken
