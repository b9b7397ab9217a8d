"""A message: its row, with the ORM and past it, and the message on the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import Field
from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import iso
from crosstalk.core.schema import Shape
from crosstalk.features.accounts.account import User, UserRow, user_of

Kind = Literal["text", "json", "stream"]
ContentType = Literal["text/plain", "text/markdown", "application/json"]
StreamState = Literal["open", "finished", "stopped", "interrupted", "failed"]
_CHANGED = text("changed_seq <> seq")


class MessageRow(db.Base):
    """A message keeps `seq`, where it stands, and `changed_seq`, its last change: that is all the log there is."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("author_id", "client_id"),
        Index("messages_by_seq", "room_id", "seq", unique=True),
        # Most messages are never changed, and found by their place.
        Index("messages_by_change", "room_id", "changed_seq", unique=True, sqlite_where=_CHANGED, postgresql_where=_CHANGED),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id"))
    seq: Mapped[int]
    changed_seq: Mapped[int]
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    client_id: Mapped[str]
    content_digest: Mapped[str]
    """Of what was sent under this client_id, where the row itself does not tell: see `Content`. Empty when deleted."""
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
forgetting: list[Callable[[db.Tx, "StoredMessage"], None]] = []


@dataclass(frozen=True)
class Following:
    """What else a message causes, in the same transaction."""

    wants: Callable[[str | None], bool]
    """Text → whether the message has to do with it at all."""
    run: Callable[[db.Tx, Actor, "Message"], None]


following: list[Following] = []


def _absent(value: Any) -> bool:
    return value is None


class StreamPart(Shape):
    """The state of the stream of a message of kind `stream`, as of the message's `changed_seq`."""

    state: StreamState
    offset: int
    """How long the stream was at that time; view the stream for its text."""
    content_type: ContentType
    lease: int
    """The number of the last lease."""
    asked_by: str | None = Field(None, exclude_if=_absent)
    """For an answer: the id of the user who asked, and who can stop it."""
    by: User | None = Field(None, exclude_if=_absent)
    """The user who stopped it."""
    reason: str | None = Field(None, exclude_if=_absent)


class Message(Shape):
    """A message. A deleted one has `text: null` and `deleted: true`."""

    id: str
    room_id: str
    seq: int
    """The message's place in the room."""
    changed_seq: int
    """The `seq` of the message's last change."""
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


class StoredMessage(NamedTuple):
    """A row of `MessageRow` that did not come through the ORM, with its author."""

    id: str
    room_id: str
    seq: int
    changed_seq: int
    author_id: str
    client_id: str
    content_digest: str
    kind: Kind
    text: str | None
    created_at: int
    edited_at: int | None
    deleted: bool
    data: Any
    stream: dict[str, Any] | None
    author: User


def message_of(row: MessageRow | StoredMessage) -> Message:
    """The message on the wire. The row's author must be loaded."""
    return Message(
        id=row.id,
        room_id=row.room_id,
        seq=row.seq,
        changed_seq=row.changed_seq,
        author=row.author if isinstance(row, StoredMessage) else user_of(row.author),
        kind=row.kind,
        text=row.text,
        client_id=row.client_id,
        created_at=iso(row.created_at),
        edited_at=iso(row.edited_at) if row.edited_at is not None else None,
        deleted=True if row.deleted else None,
        data=row.data,
        stream=StreamPart.model_validate(row.stream) if row.stream is not None and not row.deleted else None,
    )
