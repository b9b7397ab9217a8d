"""A piece of a stream: how it is stored, and how it is shown."""

from typing import Any

import orjson
from pydantic import Field
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crosstalk.core import db
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import too_large
from crosstalk.core.operations import Event, event
from crosstalk.core.schema import PIECE_LIMIT, STREAM_LIMIT, utf16_length
from crosstalk.features.streams.stream import StreamRow


class PieceRow(db.Base):
    """A piece of a stream: text, or items as a JSON list."""

    __tablename__ = "stream_pieces"

    stream_id: Mapped[str] = mapped_column(ForeignKey("streams.id"), primary_key=True)
    offset: Mapped[int] = mapped_column(primary_key=True)
    length: Mapped[int]
    content: Mapped[str]
    created_at: Mapped[int]


@event("stream:appended")
class StreamAppended(Event):
    """A piece of a stream, stored before it is shown. `text`, or `items` when the stream is `application/json`."""

    stream_id: str
    room_id: str
    offset: int
    """Where the piece begins."""
    text: str | None = Field(None, exclude_if=lambda value: value is None)
    items: list[Any] | None = Field(None, exclude_if=lambda value: value is None)


def append_piece(tx: db.Tx, row: StreamRow, content: str | list[Any]) -> None:
    """Stores a piece at the end of a stream, and has it shown."""
    length = length_of(content)
    stored = stored_form(content)
    size = utf16_length(stored)
    field = "text" if isinstance(content, str) else "items"
    if field == "items" and size > PIECE_LIMIT:  # how many they may be is checked with their shape, and so is a text's length
        raise too_large(items=f"must have at most {PIECE_LIMIT} characters (UTF-16) as JSON")
    if row.size + size > STREAM_LIMIT:
        raise too_large(**{field: f"would make the stream longer than {STREAM_LIMIT} characters"})
    piece = PieceRow(stream_id=row.id, offset=row.end, length=length, content=stored, created_at=now_ms())
    tx.session.add(piece)
    text, items = (content, None) if isinstance(content, str) else (None, content)
    # Nobody hears this directly: streams/show.py joins what comes fast and publishes it.
    tx.announce(StreamAppended(stream_id=row.id, room_id=row.room_id, offset=row.end, text=text, items=items), to=[])
    row.end += length
    row.size += size


def length_of(content: str | list[Any]) -> int:
    """How far a piece moves the offset: UTF-16 units, or items."""
    return utf16_length(content) if isinstance(content, str) else len(content)


def stored_form(content: str | list[Any]) -> str:
    return content if isinstance(content, str) else orjson.dumps(content).decode()


def stored_at(session: Session, row: StreamRow, offset: int) -> str | None:
    return session.scalar(select(PieceRow.content).where(PieceRow.stream_id == row.id, PieceRow.offset == offset))
