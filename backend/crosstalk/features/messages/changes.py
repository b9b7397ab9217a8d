"""Catching up: what changed in a room after a position, and the verdict on that position."""

from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Integer, bindparam, literal_column, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.installation import installation
from crosstalk.core.operations import Event, cost, limit, refuses, route
from crosstalk.core.paging import ChangesLimit
from crosstalk.core.schema import Id, Position, Shape
from crosstalk.core.statements import Cursor, Statement
from crosstalk.features.accounts.account import UserRow, user_from
from crosstalk.features.messages.events import (
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    StreamEnded,
    StreamOpened,
    last_change,
)
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.messages.stored import STORED, stored
from crosstalk.features.rooms.membership import MemberJoined, MemberLeft, MembershipRow
from crosstalk.features.rooms.room import KnownRoom, readable_room

Epoch = Annotated[str, Field(max_length=64)]


class CatchUp(Shape):
    room_id: Id
    after: Position = 0
    """The last seq that the client has."""
    epoch: Epoch | None = None
    """The epoch in which it was given; without it, the current one."""
    limit: ChangesLimit = 200


class Changes(Shape):
    """The verdict on a position, and what came after it."""

    verdict: Literal["resumed", "replayed", "snapshot"]
    """Nothing happened; `changes` is what happened; or the room has to be loaded anew."""
    epoch: str
    seq: int
    """The room's newest number."""
    changes: list[dict[str, Any]]
    """Events with their names, `{event, room_id, seq, …}`, by seq; one a message and one a member, the last of each."""
    more: bool
    """Whether to ask again after the last item."""
    reason: Literal["epoch", "ahead", "not_found"] | None = Field(None, exclude_if=lambda value: value is None)
    """Why a snapshot: another epoch, a position beyond the log, or a room one may not know."""


DURABLE_EVENTS: tuple[type[Event], ...] = (
    MessageCreated,
    MessageEdited,
    MessageDeleted,
    StreamOpened,
    StreamEnded,
    MemberJoined,
    MemberLeft,
)


_CHANGED = Statement(
    STORED.where(
        MessageRow.room_id == bindparam("room_id"),
        MessageRow.changed_seq > bindparam("after"),
        MessageRow.changed_seq != MessageRow.seq,
    )
    .order_by(MessageRow.changed_seq)
    .limit(bindparam("limit", type_=Integer))
    .offset(literal_column("0"))
)
_UNCHANGED = Statement(
    STORED.where(
        MessageRow.room_id == bindparam("room_id"),
        MessageRow.seq > bindparam("after"),
        MessageRow.seq <= bindparam("until"),
        MessageRow.changed_seq == MessageRow.seq,
    )
    .order_by(MessageRow.seq)
    .limit(bindparam("limit", type_=Integer))
    .offset(literal_column("0"))
)
_MEMBERS = Statement(
    select(MembershipRow.seq, MembershipRow.present, UserRow.id, UserRow.name, UserRow.name_key, UserRow.bot)
    .join(UserRow, UserRow.id == MembershipRow.user_id)
    .where(MembershipRow.room_id == bindparam("room_id"), MembershipRow.seq > bindparam("after"))
    .order_by(MembershipRow.seq)
    .limit(bindparam("limit", type_=Integer))
    .offset(literal_column("0"))
)


@route("GET", "/rooms/{room_id}/changes")
@limit("100 per 10 seconds")
@cost(lambda body: 1 + body.limit // 10)
@refuses("not_found", "forbidden")
def catch_up(actor: Actor, body: CatchUp) -> Changes:
    """What changed in a room after a position, in order."""
    with db.snapshot() as cursor:
        room = readable_room(cursor, actor, body.room_id)
        return changes_after(cursor, room, body.after, body.epoch, body.limit)


def changes_after(cursor: Cursor, room: KnownRoom, after: int, epoch: str | None, limit: int) -> Changes:
    """The verdict for one room, with at most `limit` changes."""
    current = installation().epoch
    if epoch is not None and epoch != current:
        return snapshot("epoch", room.seq)
    if after > room.seq:
        return snapshot("ahead", room.seq)
    if after == room.seq:
        return Changes(verdict="resumed", epoch=current, seq=room.seq, changes=[], more=False)
    found = _message_changes(cursor, room, after, limit + 1) + _member_changes(cursor, room.id, after, limit + 1)
    found.sort(key=lambda change: change["seq"])
    return Changes(verdict="replayed", epoch=current, seq=room.seq, changes=found[:limit], more=len(found) > limit)


def snapshot(reason: Literal["epoch", "ahead", "not_found"], seq: int) -> Changes:
    return Changes(verdict="snapshot", epoch=installation().epoch, seq=seq, changes=[], more=False, reason=reason)


def _message_changes(cursor: Cursor, room: KnownRoom, after: int, limit: int) -> list[dict[str, Any]]:
    """Enough for a page, in two orders: what was changed, and what stands as it was sent."""
    messages = [stored(row) for row in cursor.rows(_CHANGED, room_id=room.id, after=after, limit=limit)]
    # Behind a full page nobody looks, however much was changed there.
    until = messages[-1].changed_seq if len(messages) == limit else room.seq
    messages += [stored(row) for row in cursor.rows(_UNCHANGED, room_id=room.id, after=after, until=until, limit=limit)]
    return [_item(last_change(message)) for message in messages]


def _member_changes(cursor: Cursor, room_id: str, after: int, limit: int) -> list[dict[str, Any]]:
    rows = cursor.rows(_MEMBERS, room_id=room_id, after=after, limit=limit)
    return [
        _item((MemberJoined if present else MemberLeft)(room_id=room_id, seq=seq, user=user_from(*user)))
        for seq, present, *user in rows
    ]


def _item(change: Event) -> dict[str, Any]:
    return {"event": change.name(), **change.wire()}
