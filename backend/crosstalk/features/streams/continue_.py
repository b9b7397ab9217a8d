from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import conflict
from crosstalk.core.operations import command, cost, limit, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.features.accounts.session import require_live_session
from crosstalk.features.streams.lease import lease_s
from crosstalk.features.streams.opening import check_open_streams
from crosstalk.features.streams.stream import change_state, continuable_stream, ended, renew_lease
from crosstalk.features.streams.typist import typist


class ContinueStream(Shape):
    stream_id: Id


class ContinuedStream(Shape):
    stream_id: str
    lease: int
    lease_s: float
    offset: int
    """The offset of the next piece."""


@route("POST", "/streams/{stream_id}/continue")
@command("stream:continue")
@limit("30 per 1 minute")
@cost(10)
@refuses("not_found", "forbidden", "conflict", "stream_ended")
def continue_stream(actor: Actor, body: ContinueStream) -> ContinuedStream:
    """Continue a stream.

    Makes the author the producer of an interrupted stream again, under the next lease, from the last stored offset. The
    producer of an open stream can do the same, for example after a reload; the earlier lease ends. An answer of the assistant
    may also be continued by the person who asked and by the owner of the room.
    """
    with db.transaction() as tx:
        row = continuable_stream(tx, actor, body.stream_id)
        if row.state == "open" and row.source is not None:
            raise conflict("The server is writing this stream.")
        if row.state not in ("open", "interrupted", "failed"):
            raise ended(row)
        if row.state != "open":
            db.database().usage.require_space()
            require_live_session(tx, actor)
            check_open_streams(tx, actor.user_id, written=row.source is not None)
        row.lease += 1
        row.session_id = actor.session_id
        renew_lease(row, lease_s())
        change_state(tx, row, "open")
        taken = ContinuedStream(stream_id=row.id, lease=row.lease, lease_s=lease_s(), offset=row.end)
        typed = row.source == "text"
    if typed:
        typist.write(taken.stream_id)
    return taken
