from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import CrosstalkError, invalid, too_large
from crosstalk.core.operations import Repeated, command, limit, refuses, route
from crosstalk.core.schema import STREAM_LIMIT, Id, Lease, Offset, Piece, Shape, utf16_length
from crosstalk.features.streams.lease import lease_s
from crosstalk.features.streams.stream import (
    Items,
    PieceRow,
    StreamAppended,
    StreamOffset,
    StreamRow,
    producible_stream,
    renew_lease,
)


class AppendToStream(Shape):
    stream_id: Id
    lease: Lease
    offset: Offset
    """Where the piece begins: the answer to the append before."""
    text: Piece | None = None
    items: Items | None = None
    """Instead of text, when the stream is `application/json`."""


@route("POST", "/streams/{stream_id}/chunks")
@command("stream:append")
@limit("1000 per 10 seconds")
@refuses("not_found", "forbidden", "wrong_offset", "stale_lease", "stream_ended", "too_large")
def append_to_stream(actor: Actor, body: AppendToStream) -> StreamOffset | Repeated[StreamOffset]:
    """Write the next piece of a stream. Members see it once it is stored.

    Repeating an append whose answer was lost is harmless.
    """
    with db.transaction() as tx:
        row = producible_stream(tx, actor, body.stream_id, body.lease)
        content: Any = body.items if row.content_type == "application/json" else body.text
        if content is None or (body.text is not None and body.items is not None):
            wanted = "items" if row.content_type == "application/json" else "text"
            raise invalid(**{wanted: f"is what a stream of {row.content_type} takes, and nothing else"})
        if body.offset < row.end and _stored_at(tx.session, row, body.offset) == _stored_form(content):
            return Repeated(StreamOffset(offset=row.end))
        if body.offset != row.end:
            raise CrosstalkError("wrong_offset", f"The next piece goes to offset {row.end}.", offset=row.end)
        append_piece(tx, row, content)
        renew_lease(row, lease_s())
        return StreamOffset(offset=row.end)


def append_piece(tx: db.Tx, row: StreamRow, content: str | list[Any]) -> None:
    """Stores a piece at the end of a stream, and has it shown."""
    length = utf16_length(content) if isinstance(content, str) else len(content)
    stored = _stored_form(content)
    if row.end + utf16_length(stored) > STREAM_LIMIT:
        raise too_large(text=f"would make the stream longer than {STREAM_LIMIT} characters")
    piece = PieceRow(stream_id=row.id, offset=row.end, length=length, content=stored, created_at=now_ms())
    tx.session.add(piece)
    text, items = (content, None) if isinstance(content, str) else (None, content)
    # Nobody hears this directly: streams/show.py joins what comes fast and publishes it.
    tx.announce(StreamAppended(stream_id=row.id, room_id=row.room_id, offset=row.end, text=text, items=items), to=[])
    row.end += length


def _stored_form(content: str | list[Any]) -> str:
    return content if isinstance(content, str) else orjson.dumps(content).decode()


def _stored_at(session: Session, row: StreamRow, offset: int) -> str | None:
    return session.scalar(select(PieceRow.content).where(PieceRow.stream_id == row.id, PieceRow.offset == offset))
