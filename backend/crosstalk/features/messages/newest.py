"""The newest message of each of some rooms, for the lists in which rooms stand."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import ColumnElement, Text, bindparam, cast, func, literal_column, select

from crosstalk.core.clock import iso
from crosstalk.core.statements import Cursor, Statement
from crosstalk.features.accounts.account import UserRow, user_from
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.rooms.last_message import EXCERPT_LIMIT, LastMessage, excerpt_of, last_messages
from crosstalk.features.rooms.room import RoomRow

# Blanks at the beginning and between words are not part of an excerpt.
_READ: ColumnElement[int] = literal_column(str(4 * EXCERPT_LIMIT))
_FROM: ColumnElement[int] = literal_column("1")
_NEWEST = select(func.max(MessageRow.seq)).where(MessageRow.room_id == RoomRow.id).correlate(RoomRow).scalar_subquery()
_MESSAGES = (
    select(
        MessageRow.room_id,
        MessageRow.id,
        MessageRow.seq,
        MessageRow.kind,
        MessageRow.created_at,
        MessageRow.deleted,
        func.substr(func.coalesce(MessageRow.text, cast(MessageRow.data, Text), literal_column("''")), _FROM, _READ),
        UserRow.id,
        UserRow.name,
        UserRow.name_key,
        UserRow.bot,
    )
    .select_from(RoomRow)
    .join(MessageRow, (MessageRow.room_id == RoomRow.id) & (MessageRow.seq == _NEWEST))
    .join(UserRow, UserRow.id == MessageRow.author_id)
)
# A statement has as many places for ids as one of these, so that few are compiled. Places left over repeat the first id.
_SIZES = (1, 20, 200)


@lru_cache(len(_SIZES))
def _statement(size: int) -> Statement:
    return Statement(_MESSAGES.where(RoomRow.id.in_([bindparam(f"id_{place}") for place in range(size)])))


def newest_messages(cursor: Cursor, room_ids: Sequence[str]) -> Mapping[str, LastMessage]:
    """The newest message of each room that has one, deleted or not: by room id, with one query for up to 200 rooms."""
    if not room_ids:
        return {}
    size = next(size for size in _SIZES if size >= len(room_ids))
    places = [*room_ids, *[room_ids[0]] * (size - len(room_ids))]
    rows = cursor.answer(_statement(size), {f"id_{place}": room_id for place, room_id in enumerate(places)})
    return {
        room_id: LastMessage(
            id=message_id,
            seq=seq,
            author=user_from(*author),
            kind=kind,
            excerpt="" if deleted or kind == "stream" else excerpt_of(text),
            created_at=iso(created_at),
            deleted=True if deleted else None,
        )
        for room_id, message_id, seq, kind, created_at, deleted, text, *author in rows
    }


last_messages.append(newest_messages)
