from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError, invalid
from crosstalk.core.limits import TEXT_A_UNIT
from crosstalk.core.operations import Repeated, body_limit, command, cost, deferrable, limit, refuses, route
from crosstalk.core.quotas import ROW_BYTES, text_bytes
from crosstalk.core.schema import Id, Lease, Offset, Piece, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.rooms.membership import audience
from crosstalk.features.streams.lease import lease_s
from crosstalk.features.streams.piece import append_under_lease, length_of, stored_at, stored_form
from crosstalk.features.streams.stream import Items, StreamOffset, StreamRow, ended, lease_from_now, stream_to_append_to

_ROOM = Statement(select(StreamRow.room_id).where(StreamRow.id == bindparam("stream_id")))


class AppendToStream(Shape):
    stream_id: Id
    lease: Lease
    offset: Offset
    """Where the piece begins: the `offset` that the previous append returned."""
    text: Piece | None = None
    items: Items | None = None
    """Instead of text, when the stream is `application/json`."""


@lru_cache(maxsize=4_096)
def _room_of(stream_id: str) -> str | None:
    """The room of a stream, which never changes."""
    return next((room_id for (room_id,) in db.find(_ROOM, stream_id=stream_id)), None)


def price_of_piece(piece: AppendToStream) -> int:
    """Units of core/limits.py."""
    room_id = _room_of(piece.stream_id)
    size = len(piece.text if piece.text is not None else stored_form(piece.items or []))
    return 1 + size // TEXT_A_UNIT + (audience(room_id, size) if room_id else 0)


@route("POST", "/streams/{stream_id}/chunks")
@command("stream:append")
@body_limit(409_600, why="65,536 UTF-16 units, each written as \\u0000, are 393,216 bytes")
@limit("1000 per 10 seconds")
@cost(price_of_piece)
@deferrable
@refuses("not_found", "forbidden", "wrong_offset", "stale_lease", "stream_ended", "too_large", "quota_exceeded")
def append_to_stream(actor: Actor, body: AppendToStream) -> StreamOffset | Repeated[StreamOffset]:
    """Append to a stream.

    Stores the next piece of a stream and sends it to the members of the room. It is safe to retry, also after the stream has
    ended: a piece that is stored already is not stored again.
    """
    with db.transaction() as tx:
        stream = stream_to_append_to(tx, actor, body.stream_id, body.lease)
        content: Any = body.items if stream.content_type == "application/json" else body.text
        if content is None or (body.text is not None and body.items is not None):
            wanted = "items" if stream.content_type == "application/json" else "text"
            raise invalid(**{wanted: f"is required, and nothing else: the stream is {stream.content_type}"})
        if body.offset < stream.end and stored_at(tx, stream.id, body.offset) == stored_form(content):
            return Repeated(StreamOffset(offset=body.offset + length_of(content)))
        if stream.state != "open":
            raise ended(stream)
        if body.offset != stream.end:
            raise CrosstalkError("wrong_offset", f"The next piece must be at offset {stream.end}.", offset=stream.end)
        db.spend(tx, actor, ROW_BYTES + text_bytes(stored_form(content)))
        return StreamOffset(offset=append_under_lease(tx, stream, content, lease_from_now(lease_s())))
