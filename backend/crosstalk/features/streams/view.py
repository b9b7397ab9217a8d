from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import Field
from sqlalchemy import bindparam, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import command, cost, limit, refuses, route
from crosstalk.core.schema import Id, Offset, Shape, utf16_cut, utf16_head
from crosstalk.core.statements import Row, Statement
from crosstalk.features.messages.message import ContentType, StreamState
from crosstalk.features.streams.piece import PieceRow, reaching_beyond
from crosstalk.features.streams.stream import KnownStream, viewed_stream

VIEW_LIMIT = 262_144


class ViewStream(Shape):
    stream_id: Id
    offset: Offset = 0
    """The offset up to which the client has the text."""


class StreamView(Shape):
    stream_id: str
    state: StreamState
    content_type: ContentType
    offset: int
    """Where `text` begins. It is one less than requested when that was inside a surrogate pair."""
    text: str | None = Field(None, exclude_if=lambda value: value is None)
    """The text from `offset` on. When it ends before `end`, request the rest from there."""
    items: list[Any] | None = Field(None, exclude_if=lambda value: value is None)
    end: int
    """Where the next piece begins."""


# Of what is long, no more than one view can hold: no piece moves the offset further than it is long.
_PIECES = Statement(
    select(PieceRow.offset, PieceRow.content)
    .where(reaching_beyond(bindparam("stream_id"), bindparam("offset")), PieceRow.offset < bindparam("until"))
    .order_by(PieceRow.offset)
)


@route("GET", "/streams/{stream_id}")
@command("stream:view")
@limit("100 per 10 seconds")
@cost(10)
@refuses("not_found", "wrong_offset")
def view_stream(actor: Actor, body: ViewStream) -> StreamView:
    """Read a stream.

    Returns the text or items of a stream from an offset on. Streams that have ended stay readable.
    """
    with db.snapshot() as cursor:
        stream = viewed_stream(cursor, actor, body.stream_id)
        if body.offset > stream.end:
            raise CrosstalkError("wrong_offset", f"The stream ends at {stream.end}.", offset=stream.end)
        pieces = cursor.rows(_PIECES, stream_id=stream.id, offset=body.offset, until=body.offset + VIEW_LIMIT)
    begin = pieces[0][0] if pieces else body.offset
    if stream.content_type == "application/json":
        return _view(stream, body.offset, items=_items(pieces, body.offset - begin))
    text, cut = utf16_cut("".join(content for _, content in pieces), body.offset - begin)
    return _view(stream, begin + cut, text=utf16_head(text, VIEW_LIMIT))


def _items(pieces: Sequence[Row], skip: int) -> list[Any]:
    """What the pieces hold, by whole pieces, until it is enough for one view."""
    items: list[Any] = []
    size = 0
    for _, content in pieces:
        items += orjson.loads(content)
        size += len(content)
        if size > VIEW_LIMIT:
            break
    return items[skip:]


def _view(stream: KnownStream, offset: int, *, text: str | None = None, items: list[Any] | None = None) -> StreamView:
    return StreamView(
        stream_id=stream.id,
        state=stream.state,
        content_type=stream.content_type,
        offset=offset,
        text=text,
        items=items,
        end=stream.end,
    )
