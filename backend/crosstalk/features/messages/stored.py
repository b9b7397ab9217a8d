"""Messages that are stored, past the ORM: found, and changed by those who may."""

from typing import Any

import orjson
from sqlalchemy import bindparam, select, update

from crosstalk.core import db, topics
from crosstalk.core.actor import Actor
from crosstalk.core.errors import conflict, forbidden, not_found
from crosstalk.core.statements import Cursor, Row, Statement
from crosstalk.features.accounts.account import UserRow, user_from
from crosstalk.features.messages.content import NO_DIGEST, Content, digest_before_edit
from crosstalk.features.messages.events import last_change
from crosstalk.features.messages.message import Message, MessageRow, StoredMessage
from crosstalk.features.rooms.room import next_seq

STORED = select(
    *(getattr(MessageRow, name) for name in StoredMessage._fields[:-1]),
    UserRow.name,
    UserRow.name_key,
    UserRow.bot,
).join(UserRow, UserRow.id == MessageRow.author_id)
_AUTHOR = StoredMessage._fields.index("author_id")
_KNOWN = Statement(STORED.where(MessageRow.id == bindparam("message_id"), MessageRow.room_id == bindparam("room_id")))
_SENT = Statement(STORED.where(MessageRow.author_id == bindparam("user_id"), MessageRow.client_id == bindparam("client_id")))
_CHANGE = Statement(
    update(MessageRow)
    .where(MessageRow.id == bindparam("message_id"))
    .values(
        {name: bindparam(name) for name in ("changed_seq", "text", "data", "stream", "edited_at", "deleted", "content_digest")}
    )
)


def stored(row: Row) -> StoredMessage:
    """From a row of `STORED`."""
    *columns, data, stream, name, name_key, bot = row
    author = user_from(columns[_AUTHOR], name, name_key, bot)
    return StoredMessage._make([*columns, from_json(data), from_json(stream), author])


def from_json(column: Any) -> Any:
    # SQLite keeps what looks like a number as one, also in a column for JSON.
    return orjson.loads(column) if isinstance(column, str) else column


def to_json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def known_message(cursor: Cursor, room_id: str, message_id: str) -> StoredMessage:
    """A message of this room."""
    found = cursor.run(_KNOWN, message_id=message_id, room_id=room_id)
    if found is None:
        raise not_found("message")
    return stored(found)


def own_message(cursor: Cursor, actor: Actor, room_id: str, message_id: str) -> StoredMessage:
    """A message that the actor wrote."""
    message = known_message(cursor, room_id, message_id)
    if message.author_id != actor.user_id:
        raise forbidden("Only the author can change a message.")
    return message


def already_sent(cursor: Cursor, actor: Actor, room_id: str, client_id: str, content: Content) -> StoredMessage | None:
    """What this client_id sent before. The same content is the same send, for ever; other content is a conflict."""
    found = cursor.run(_SENT, user_id=actor.user_id, client_id=client_id)
    if found is None:
        return None
    message = stored(found)
    if message.room_id != room_id or not content.is_sent_as(message):
        raise conflict(
            "This client_id was already used for another message. Use a new one.",
            client_id="was already used for another message",
        )
    return message


def change(tx: db.Tx, message: StoredMessage, **changes: Any) -> Message:
    """Changes a message, as the next durable change of its room."""
    kept = NO_DIGEST if changes.get("deleted") else digest_before_edit(message)
    message = message._replace(changed_seq=next_seq(tx, message.room_id), content_digest=kept, **changes)
    tx.erases = True
    tx.run(
        _CHANGE,
        message_id=message.id,
        changed_seq=message.changed_seq,
        text=message.text,
        data=to_json(message.data),
        stream=to_json(message.stream),
        edited_at=message.edited_at,
        deleted=message.deleted,
        content_digest=message.content_digest,
    )
    changed = last_change(message)
    tx.announce(changed, to=topics.room(message.room_id))
    return changed.message
