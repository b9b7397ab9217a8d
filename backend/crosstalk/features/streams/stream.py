"""A stream: its rows, its pieces and views on the wire, and who may do what with it."""

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, JsonValue
from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from crosstalk.core import db, topics
from crosstalk.core.actor import Actor
from crosstalk.core.clock import steady_ms
from crosstalk.core.errors import CrosstalkError, forbidden, not_found
from crosstalk.core.schema import LongText, Shape
from crosstalk.core.statements import Cursor, Statement
from crosstalk.features.accounts.account import User
from crosstalk.features.messages.events import last_change
from crosstalk.features.messages.message import ContentType, MessageRow, StreamPart, StreamState
from crosstalk.features.rooms.room import KnownRoom, joined_room, next_seq, postable_room, visible_room

SourceKind = Literal["text", "answer"]
MOST_WRITING_MS = 3_600_000
"""A text that the server writes takes no longer than this."""
Items = Annotated[list[JsonValue], Field(min_length=1, max_length=1_000)]


class StreamRow(db.Base):
    """A stream; its id is that of its message."""

    __tablename__ = "streams"

    id: Mapped[str] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id"))
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    producer_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    """Of an answer the person who asked; else the author."""
    content_type: Mapped[ContentType]
    state: Mapped[StreamState] = mapped_column(index=True)
    end: Mapped[int]
    size: Mapped[int]
    """What is stored, in UTF-16 units: of a text the same as `end`, of items the length of their JSON."""
    lease: Mapped[int]
    lease_until: Mapped[int]
    source: Mapped[SourceKind | None]
    """Where the server takes from what it writes; None when a client is the producer."""
    pace_ms: Mapped[int | None]
    """Of a `text`: one code point of streams/source.py is written each so many milliseconds."""
    session_id: Mapped[str | None]
    """Of what the server writes: the session that asked for it, and whose end ends it."""
    question_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id", name="streams_question"))
    """Of an `answer`: the message that asks."""


class KnownStream(NamedTuple):
    """A stream as it is found past the ORM."""

    id: str
    room_id: str
    producer_id: str
    content_type: ContentType
    state: StreamState
    end: int
    size: int
    lease: int
    source: SourceKind | None


_FIND = Statement(
    select(*(getattr(StreamRow, name) for name in KnownStream._fields), MessageRow.deleted)
    .join(MessageRow, MessageRow.id == StreamRow.id)
    .where(StreamRow.id == bindparam("stream_id"))
)


class TextSource(Shape):
    """The server writes a text, one code point after the other."""

    kind: Literal["text"]
    text: LongText
    pace_ms: Annotated[int, Field(ge=5, le=5_000)]
    """Milliseconds per code point."""


class StreamOffset(Shape):
    offset: int
    """The offset of the next piece."""


class StreamReceipt(Shape):
    """The receipt of a stopped stream."""

    stream_id: str
    state: StreamState
    by: User | None
    reason: str | None
    offset: int
    """Where the stream ended."""


def known_stream(session: Session, actor: Actor, stream_id: str) -> StreamRow:
    """A stream of one of the actor's rooms."""
    row = session.get(StreamRow, stream_id)
    if row is None or session.get_one(MessageRow, stream_id).deleted:
        raise not_found("stream")
    _check_readable(Cursor(session.connection()), actor, row, joined_room)
    return row


def viewed_stream(cursor: Cursor, actor: Actor, stream_id: str) -> KnownStream:
    """A stream whose text the actor may read: one of the actor's rooms, or one that has ended in a public room."""
    stream = stored_stream(cursor, stream_id)
    if stream is None:
        raise not_found("stream")
    _check_readable(cursor, actor, stream, visible_room if stream.state != "open" else joined_room)
    return stream


def stored_stream(cursor: Cursor, stream_id: str) -> KnownStream | None:
    """A stream as it is stored, for what the server writes by itself. None when it was deleted."""
    found = cursor.run(_FIND, stream_id=stream_id)
    return None if found is None or found[-1] else KnownStream._make(found[:-1])


def leased_stream(tx: db.Tx, actor: Actor, stream_id: str, lease: int) -> StreamRow:
    """A stream whose last lease is the actor's, whether it is open or has ended under it."""
    row = known_stream(tx.session, actor, stream_id)
    _check_lease(row, actor, lease)
    return row


def stream_to_append_to(tx: db.Tx, actor: Actor, stream_id: str, lease: int) -> KnownStream:
    """The same past the ORM."""
    stream = stored_stream(tx.cursor, stream_id)
    if stream is None:
        raise not_found("stream")
    _check_readable(tx.cursor, actor, stream, joined_room)
    _check_lease(stream, actor, lease)
    return stream


def _check_readable(
    cursor: Cursor, actor: Actor, stream: StreamRow | KnownStream, allowed: Callable[[Cursor, Actor, str], KnownRoom]
) -> None:
    try:
        allowed(cursor, actor, stream.room_id)
    except CrosstalkError:
        raise not_found("stream") from None


def _check_lease(stream: StreamRow | KnownStream, actor: Actor, lease: int) -> None:
    if stream.source is not None:
        raise forbidden("The server writes this stream. It takes no pieces from clients.")
    if lease != stream.lease:
        raise CrosstalkError("stale_lease", f"Lease {lease} is no longer valid. Another producer has taken over the stream.")
    if stream.producer_id != actor.user_id:
        raise forbidden("Another user holds the lease of this stream.")


def producible_stream(tx: db.Tx, actor: Actor, stream_id: str, lease: int) -> StreamRow:
    """An open stream whose lease the actor holds."""
    row = leased_stream(tx, actor, stream_id, lease)
    if row.state != "open":
        raise ended(row)
    return row


def controllable_stream(tx: db.Tx, actor: Actor, stream_id: str) -> StreamRow:
    """A stream that the actor may stop: one's own, or any in one's own room."""
    row = known_stream(tx.session, actor, stream_id)
    if actor.user_id not in (row.author_id, row.producer_id) and postable_room(tx, actor, row.room_id).role != "owner":
        raise forbidden("Only the author of the stream and the owner of the room can do this.")
    return row


def continuable_stream(tx: db.Tx, actor: Actor, stream_id: str) -> StreamRow:
    """A stream that the actor may continue: one's own, or an answer that one may stop. What a person did not write is never shown
    under that person's name."""
    row = controllable_stream(tx, actor, stream_id)
    if row.source != "answer" and row.author_id != actor.user_id:
        raise forbidden("Only the author of the stream may continue it.")
    return row


def ended(stream: StreamRow | KnownStream) -> CrosstalkError:
    return CrosstalkError("stream_ended", f"The stream has ended: it is {stream.state}.", offset=stream.end)


def lease_from_now(lease_s: float) -> int:
    return steady_ms() + int(lease_s * 1000)


def renew_lease(row: StreamRow, lease_s: float) -> None:
    row.lease_until = lease_from_now(lease_s)


def change_state(
    tx: db.Tx, row: StreamRow, state: StreamState, *, by: User | None = None, reason: str | None = None
) -> MessageRow:
    """Opens or ends a stream, as one durable change of its room."""
    row.state = state
    message = tx.session.get_one(MessageRow, row.id, options=[joinedload(MessageRow.author)])
    part = StreamPart(
        state=state,
        offset=row.end,
        content_type=row.content_type,
        lease=row.lease,
        asked_by=(message.stream or {}).get("asked_by"),
        by=by,
        reason=reason,
    )
    message.stream, message.changed_seq = part.wire(), next_seq(tx, row.room_id)
    tx.announce(last_change(message), to=topics.room(row.room_id))
    return message


def receipt(tx: db.Tx, row: StreamRow) -> StreamReceipt:
    part = StreamPart.model_validate(tx.session.get_one(MessageRow, row.id).stream)
    return StreamReceipt(stream_id=row.id, state=part.state, by=part.by, reason=part.reason, offset=row.end)


def open_streams(session: Session) -> list[StreamRow]:
    return list(session.scalars(select(StreamRow).where(StreamRow.state == "open")))
