from typing import Any

import orjson
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import command, refuses, route
from crosstalk.core.schema import Id, Offset, Shape, utf16_cut, utf16_head
from crosstalk.features.messages.message import ContentType, StreamState
from crosstalk.features.streams.piece import PieceRow
from crosstalk.features.streams.stream import StreamRow, known_stream

VIEW_LIMIT = 262_144


class ViewStream(Shape):
    stream_id: Id
    offset: Offset = 0
    """What the viewer has already."""


class StreamView(Shape):
    stream_id: str
    state: StreamState
    content_type: ContentType
    offset: int
    """Where `text` begins: one less than asked for when that was inside a surrogate pair."""
    text: str | None = Field(None, exclude_if=lambda value: value is None)
    """What is missing; when it does not reach `end`, ask again after it."""
    items: list[Any] | None = Field(None, exclude_if=lambda value: value is None)
    end: int
    """Where the pieces go on."""


@route("GET", "/streams/{stream_id}")
@command("stream:view")
@refuses("not_found", "wrong_offset")
def view_stream(actor: Actor, body: ViewStream) -> StreamView:
    """The text of a stream from an offset on. Ended streams stay readable."""
    with db.reading() as session:
        row = known_stream(session, actor, body.stream_id)
        if body.offset > row.end:
            raise CrosstalkError("wrong_offset", f"The stream ends at {row.end}.", offset=row.end)
        pieces = _pieces_from(session, row, body.offset)
    skip = body.offset - pieces[0].offset if pieces else 0
    if row.content_type == "application/json":
        items = [item for piece in pieces for item in orjson.loads(piece.content)]
        return _view(row, body.offset, items=items[skip:])
    text, cut = utf16_cut("".join(piece.content for piece in pieces), skip)
    return _view(row, pieces[0].offset + cut if pieces else body.offset, text=utf16_head(text, VIEW_LIMIT))


def _view(row: StreamRow, offset: int, *, text: str | None = None, items: list[Any] | None = None) -> StreamView:
    return StreamView(
        stream_id=row.id,
        state=row.state,
        content_type=row.content_type,
        offset=offset,
        text=text,
        items=items,
        end=row.end,
    )


def _pieces_from(session: Session, row: StreamRow, offset: int) -> list[PieceRow]:
    """The pieces from the one that contains an offset on, until there is enough for one view."""
    pieces: list[PieceRow] = []
    size = 0
    # A text is cut to the limit afterwards; items are answered by whole pieces.
    enough = VIEW_LIMIT if row.content_type == "application/json" else 2 * VIEW_LIMIT
    of_stream = select(PieceRow).where(PieceRow.stream_id == row.id, PieceRow.offset + PieceRow.length > offset)
    for piece in session.scalars(of_stream.order_by(PieceRow.offset)):
        pieces.append(piece)
        size += len(piece.content)
        if size > enough:
            break
    return pieces
