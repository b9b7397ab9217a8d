"""A message: its row, the message on the wire, its events, and who may change it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import iso
from crosstalk.core.errors import conflict, forbidden, not_found
from crosstalk.core.schema import Shape
from crosstalk.features.accounts.account import User, UserRow, user_of
from crosstalk.features.rooms.room import RoomRow

Kind = Literal["text", "json", "stream"]
ContentType = Literal["text/plain", "text/markdown", "application/json"]
StreamState = Literal["open", "finished", "stopped", "interrupted", "failed"]


class MessageRow(db.Base):
    """A message keeps `seq`, where it stands, and `changed_seq`, its last change: that is all the log there is."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("author_id", "client_id"),
        Index("messages_by_seq", "room_id", "seq", unique=True),
        Index("messages_by_change", "room_id", "changed_seq", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id"))
    seq: Mapped[int]
    changed_seq: Mapped[int]
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    client_id: Mapped[str]
    content_digest: Mapped[str]
    """What was sent under this client_id, kept when the text is edited or deleted."""
    kind: Mapped[Kind]
    text: Mapped[str | None]
    data: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    stream: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The stream's part on the wire as of `changed_seq`; `streams` writes it."""
    created_at: Mapped[int]
    edited_at: Mapped[int | None]
    deleted: Mapped[bool]

    author: Mapped[UserRow] = relationship(lazy="raise")


# What else goes with a deleted message, in the same transaction. Streams are above messages in the tower, so they fill this in.
forgetting: list[Callable[[Session, MessageRow], None]] = []


@dataclass(frozen=True)
class Following:
    """What else a message causes, in the same transaction."""

    wants: Callable[[str | None], bool]
    """Text → whether the message has to do with it at all."""
    run: Callable[[db.Tx, RoomRow, MessageRow], None]


following: list[Following] = []


def _absent(value: Any) -> bool:
    return value is None


class StreamPart(Shape):
    """What a message of kind `stream` says of its stream, as of the message's `changed_seq`."""

    state: StreamState
    offset: int
    """Where the stream stood; ask for the text with a view."""
    content_type: ContentType
    lease: int
    """The number of the last lease."""
    asked_by: str | None = Field(None, exclude_if=_absent)
    """Of an answer: the id of the person who asked, and who may stop it."""
    by: User | None = Field(None, exclude_if=_absent)
    """Who stopped it."""
    reason: str | None = Field(None, exclude_if=_absent)


class Message(Shape):
    """A message on the wire. A deleted one has `text: null, deleted: true`."""

    id: str
    room_id: str
    seq: int
    """Where the message stands in the room."""
    changed_seq: int
    """Its last change."""
    author: User
    kind: Kind
    text: str | None
    client_id: str
    created_at: str
    edited_at: str | None = Field(None, exclude_if=_absent)
    deleted: Literal[True] | None = Field(None, exclude_if=_absent)
    data: Any | None = Field(None, exclude_if=_absent)
    """The content of kind `json`."""
    stream: StreamPart | None = Field(None, exclude_if=_absent)


def message_of(row: MessageRow) -> Message:
    """The message on the wire. The row's author must be loaded."""
    return Message(
        id=row.id,
        room_id=row.room_id,
        seq=row.seq,
        changed_seq=row.changed_seq,
        author=user_of(row.author),
        kind=row.kind,
        text=row.text,
        client_id=row.client_id,
        created_at=iso(row.created_at),
        edited_at=iso(row.edited_at) if row.edited_at is not None else None,
        deleted=True if row.deleted else None,
        data=row.data,
        stream=StreamPart.model_validate(row.stream) if row.stream is not None and not row.deleted else None,
    )


def known_message(session: Session, room: RoomRow, message_id: str) -> MessageRow:
    """A message of this room."""
    row = session.get(MessageRow, message_id, options=[joinedload(MessageRow.author)])
    if row is None or row.room_id != room.id:
        raise not_found("message")
    return row


def own_message(session: Session, actor: Actor, room: RoomRow, message_id: str) -> MessageRow:
    """A message that the actor wrote."""
    row = known_message(session, room, message_id)
    if row.author_id != actor.user_id:
        raise forbidden("Only the author may change a message.")
    return row


def already_sent(session: Session, actor: Actor, room_id: str, client_id: str, content_digest: str) -> MessageRow | None:
    """What this client_id sent before. The same content is the same send, for ever; other content is a conflict."""
    row = session.scalar(
        select(MessageRow)
        .where(MessageRow.author_id == actor.user_id, MessageRow.client_id == client_id)
        .options(joinedload(MessageRow.author))
    )
    if row is not None and (row.room_id != room_id or row.content_digest != content_digest):
        raise conflict("This client_id was used for something else.", client_id="was used for something else")
    return row
