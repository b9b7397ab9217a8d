"""The verdict on a client's position in a room, and a page of what changed after it."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from crosstalk.core.installation import installation
from crosstalk.core.operations import Event
from crosstalk.core.schema import Shape
from crosstalk.core.statements import Cursor
from crosstalk.features.messages.events import (
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    StreamEnded,
    StreamOpened,
)
from crosstalk.features.messages.log import Item, items_after
from crosstalk.features.rooms.membership import MemberChanged, MemberJoined, MemberLeft
from crosstalk.features.rooms.room import KnownRoom

Epoch = Annotated[str, Field(max_length=64)]
SnapshotReason = Literal["epoch", "ahead", "not_found"]

READ_AT_ONCE = 50
"""Items read from the store at a time. What is read beyond the bytes of an answer is wasted, and this bounds it."""

DURABLE_EVENTS: tuple[type[Event], ...] = (
    MessageCreated,
    MessageEdited,
    MessageDeleted,
    StreamOpened,
    StreamEnded,
    MemberJoined,
    MemberLeft,
    MemberChanged,
)


class Changes(Shape):
    """The verdict on a position in a room, and the changes after it: apply them, then store `position` and `epoch`."""

    verdict: Literal["resumed", "replayed", "snapshot"]
    """`resumed`: nothing changed. `replayed`: `changes` follow the position. `snapshot`: the position is not valid; drop the
    room and load it again."""
    epoch: str
    """The epoch of `position`."""
    position: int
    """The position to store after applying `changes`; 0 after a snapshot."""
    latest: int
    """The room's newest number."""
    changes: list[dict[str, Any]]
    """Events with their names, `{event, room_id, seq, …}`, ordered by `seq`: the last change of each message and each member."""
    more: bool
    """Whether more changes follow: request them from `position`."""
    reason: SnapshotReason | None = Field(None, exclude_if=lambda value: value is None)
    """Why it is a snapshot: another epoch, a position beyond the log, or a room that the user cannot read."""


class AnswerSpace:
    """The bytes that changes may take in one answer. The first change fits whatever its size, so that every answer advances."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._empty = True
        self.full = False
        """Set by the first change that does not fit: nothing is read from the store after it."""

    def takes(self, change: Item) -> bool:
        """Whether the change still fits; if so, its bytes are taken."""
        if self.full:
            return False
        size = len(orjson.dumps(change))
        if size > self._left and not self._empty:
            self.full = True
            return False
        self._left -= size
        self._empty = False
        return True


def changes_after(cursor: Cursor, room: KnownRoom, after: int, epoch: str | None, *, limit: int, space: AnswerSpace) -> Changes:
    """The verdict for one room, with at most `limit` changes and what fits into `space`; none when that is full."""
    if epoch is not None and epoch != installation().epoch:
        return snapshot("epoch", room.seq)
    if after > room.seq:
        return snapshot("ahead", room.seq)
    if after == room.seq:
        return _verdict("resumed", after, room.seq)
    position, changes = after, list[Item]()
    while position < room.seq and len(changes) < limit and not space.full:
        count = min(READ_AT_ONCE, limit - len(changes))
        items = items_after(cursor, room, position, count)
        fitting = [item for item in items if space.takes(item)]
        changes += fitting
        if len(fitting) == len(items) < count:
            # That was the end. Numbers behind the last item belong to changes that later ones have replaced.
            position = room.seq
        elif fitting:
            position = fitting[-1]["seq"]
    return _verdict("replayed", position, room.seq, changes)


def snapshot(reason: SnapshotReason, latest: int) -> Changes:
    """A client that has forgotten the room has nothing of it, and so stands at 0."""
    return _verdict("snapshot", 0, latest, reason=reason)


def _verdict(
    verdict: Literal["resumed", "replayed", "snapshot"],
    position: int,
    latest: int,
    changes: list[Item] | None = None,
    reason: SnapshotReason | None = None,
) -> Changes:
    return Changes(
        verdict=verdict,
        epoch=installation().epoch,
        position=position,
        latest=latest,
        changes=changes or [],
        more=position < latest,
        reason=reason,
    )
