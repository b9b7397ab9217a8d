"""A piece of a stream: how it is stored, and how it is shown."""

from typing import Any

import orjson
from pydantic import Field
from sqlalchemy import ColumnElement, ForeignKey, and_, bindparam, func, insert, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from crosstalk.core import db
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import too_large
from crosstalk.core.operations import Event, event
from crosstalk.core.schema import PIECE_LIMIT, STREAM_LIMIT, utf16_length
from crosstalk.core.statements import Statement
from crosstalk.features.streams.stream import KnownStream, StreamRow


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
    """Stream appended.

    A piece of a stream, which is stored before it is sent: `text`, or `items` when the stream is `application/json`.
    """

    stream_id: str
    room_id: str
    offset: int
    """Where the piece begins."""
    text: str | None = Field(None, exclude_if=lambda value: value is None)
    items: list[Any] | None = Field(None, exclude_if=lambda value: value is None)


_STORE = Statement(insert(PieceRow))
_AT = Statement(
    select(PieceRow.content).where(PieceRow.stream_id == bindparam("stream_id"), PieceRow.offset == bindparam("offset"))
)
_GROW = Statement(
    update(StreamRow)
    .where(StreamRow.id == bindparam("stream_id"))
    .values({name: bindparam(name) for name in ("end", "size", "lease_until")})
)


def reaching_beyond(stream_id: Any, offset: Any) -> ColumnElement[bool]:
    """The pieces of a stream from the one that contains an offset on."""
    earlier = aliased(PieceRow)
    begin = select(func.max(earlier.offset)).where(earlier.stream_id == stream_id, earlier.offset <= offset)
    # Where the first one begins is found by the key; by its end alone every piece would be looked at.
    return and_(
        PieceRow.stream_id == stream_id,
        PieceRow.offset >= begin.scalar_subquery(),
        PieceRow.offset + PieceRow.length > offset,
    )


def append_piece(tx: db.Tx, row: StreamRow, content: str | list[Any]) -> None:
    """Stores a piece at the end of a stream, and has it shown."""
    piece = _piece(tx, row, content)
    tx.session.add(PieceRow(**piece))
    row.end += piece["length"]
    row.size += utf16_length(piece["content"])


def append_under_lease(tx: db.Tx, stream: KnownStream, content: str | list[Any], lease_until: int) -> int:
    """The same past the ORM, for a producer who holds the lease. Returns where the next piece goes."""
    piece = _piece(tx, stream, content)
    end, size = stream.end + piece["length"], stream.size + utf16_length(piece["content"])
    tx.run(_STORE, **piece)
    tx.run(_GROW, stream_id=stream.id, end=end, size=size, lease_until=lease_until)
    return int(end)


def _piece(tx: db.Tx, stream: StreamRow | KnownStream, content: str | list[Any]) -> dict[str, Any]:
    """The next piece's row, if it may be so large; announced."""
    stored = stored_form(content)
    size = utf16_length(stored)
    field = "text" if isinstance(content, str) else "items"
    if field == "items" and size > PIECE_LIMIT:  # how many they may be is checked with their shape, and so is a text's length
        raise too_large(items=f"must have at most {PIECE_LIMIT} UTF-16 characters as JSON")
    if stream.size + size > STREAM_LIMIT:
        raise too_large(**{field: f"would make the stream longer than {STREAM_LIMIT} characters"})
    text, items = (content, None) if isinstance(content, str) else (None, content)
    appended = StreamAppended(stream_id=stream.id, room_id=stream.room_id, offset=stream.end, text=text, items=items)
    # Nobody hears this directly: streams/show.py joins what comes fast and publishes it.
    tx.announce(appended, to=[])
    at = {"stream_id": stream.id, "offset": stream.end, "length": length_of(content)}
    return {**at, "content": stored, "created_at": now_ms()}


def length_of(content: str | list[Any]) -> int:
    """How far a piece moves the offset: UTF-16 units, or items."""
    return utf16_length(content) if isinstance(content, str) else len(content)


def stored_form(content: str | list[Any]) -> str:
    return content if isinstance(content, str) else orjson.dumps(content).decode()


def stored_at(tx: db.Tx, stream_id: str, offset: int) -> str | None:
    found = tx.run(_AT, stream_id=stream_id, offset=offset)
    return None if found is None else str(found[0])
