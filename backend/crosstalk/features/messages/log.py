"""The log of a room as it is stored: what changed after a position, in order."""

from typing import Any

from sqlalchemy import Integer, bindparam, literal_column, select

from crosstalk.core.operations import Event
from crosstalk.core.statements import Cursor, Statement
from crosstalk.features.accounts.account import UserRow, user_from
from crosstalk.features.messages.events import last_change
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.messages.stored import STORED, stored
from crosstalk.features.rooms.membership import MemberChanged, MemberJoined, MemberLeft, MembershipRow, Role
from crosstalk.features.rooms.room import KnownRoom

Item = dict[str, Any]
"""An event with its name: `{event, room_id, seq, …}`."""

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
    select(
        MembershipRow.seq,
        MembershipRow.role_seq,
        MembershipRow.role,
        MembershipRow.present,
        UserRow.id,
        UserRow.name,
        UserRow.name_key,
        UserRow.bot,
    )
    .join(UserRow, UserRow.id == MembershipRow.user_id)
    .where(MembershipRow.room_id == bindparam("room_id"), MembershipRow.seq > bindparam("after"))
    .order_by(MembershipRow.seq)
    .limit(bindparam("limit", type_=Integer))
    .offset(literal_column("0"))
)


def items_after(cursor: Cursor, room: KnownRoom, after: int, limit: int) -> list[Item]:
    """The first `limit` items after a position, by seq: one for each message and each member, its last change."""
    found = _message_items(cursor, room, after, limit) + _member_items(cursor, room.id, after, limit)
    found.sort(key=lambda item: item["seq"])
    return found[:limit]


def _message_items(cursor: Cursor, room: KnownRoom, after: int, limit: int) -> list[Item]:
    """Reads changed and unchanged messages separately, because only changed ones are in the index by `changed_seq`."""
    messages = [stored(row) for row in cursor.rows(_CHANGED, room_id=room.id, after=after, limit=limit)]
    # Unchanged messages behind a full list of changed ones would be cut off again.
    until = messages[-1].changed_seq if len(messages) == limit else room.seq
    messages += [stored(row) for row in cursor.rows(_UNCHANGED, room_id=room.id, after=after, until=until, limit=limit)]
    return [_item(last_change(message)) for message in messages]


def _member_items(cursor: Cursor, room_id: str, after: int, limit: int) -> list[Item]:
    rows = cursor.rows(_MEMBERS, room_id=room_id, after=after, limit=limit)
    return [_item(_member_change(room_id, *row)) for row in rows]


def _member_change(room_id: str, seq: int, role_seq: int | None, role: Role, present: bool, *user: Any) -> Event:
    """The last change of a membership, as it went out live."""
    if not present:
        return MemberLeft(room_id=room_id, seq=seq, user=user_from(*user))
    shape = MemberChanged if seq == role_seq else MemberJoined
    return shape(room_id=room_id, seq=seq, user=user_from(*user), role=role)


def _item(change: Event) -> Item:
    return {"event": change.name(), **change.wire()}
