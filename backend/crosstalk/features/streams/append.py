from typing import Any

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError, invalid
from crosstalk.core.operations import Repeated, command, deferrable, limit, refuses, route
from crosstalk.core.schema import Id, Lease, Offset, Piece, Shape
from crosstalk.features.streams.lease import lease_s
from crosstalk.features.streams.piece import append_piece, length_of, stored_at, stored_form
from crosstalk.features.streams.stream import Items, StreamOffset, ended, leased_stream, renew_lease


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
@deferrable
@refuses("not_found", "forbidden", "wrong_offset", "stale_lease", "stream_ended", "too_large")
def append_to_stream(actor: Actor, body: AppendToStream) -> StreamOffset | Repeated[StreamOffset]:
    """Write the next piece of a stream. Members see it once it is stored.

    Repeating an append whose answer was lost is harmless, also when the stream has ended since.
    """
    with db.transaction() as tx:
        row = leased_stream(tx, actor, body.stream_id, body.lease)
        content: Any = body.items if row.content_type == "application/json" else body.text
        if content is None or (body.text is not None and body.items is not None):
            wanted = "items" if row.content_type == "application/json" else "text"
            raise invalid(**{wanted: f"is what a stream of {row.content_type} takes, and nothing else"})
        if body.offset < row.end and stored_at(tx.session, row, body.offset) == stored_form(content):
            return Repeated(StreamOffset(offset=body.offset + length_of(content)))
        if row.state != "open":
            raise ended(row)
        if body.offset != row.end:
            raise CrosstalkError("wrong_offset", f"The next piece goes to offset {row.end}.", offset=row.end)
        append_piece(tx, row, content)
        renew_lease(row, lease_s())
        return StreamOffset(offset=row.end)
