from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import Repeated, command, refuses, route
from crosstalk.core.schema import Id, Lease, Shape
from crosstalk.features.streams.stream import StreamOffset, change_state, known_stream, producible_stream


class FinishStream(Shape):
    stream_id: Id
    lease: Lease


@route("POST", "/streams/{stream_id}/finish")
@command("stream:finish")
@refuses("not_found", "forbidden", "stale_lease", "stream_ended")
def finish_stream(actor: Actor, body: FinishStream) -> StreamOffset | Repeated[StreamOffset]:
    """Say that the stream is complete. Saying it again is harmless."""
    with db.transaction() as tx:
        known = known_stream(tx.session, actor, body.stream_id)
        if known.state == "finished" and (known.producer_id, known.lease) == (actor.user_id, body.lease):
            return Repeated(StreamOffset(offset=known.end))
        row = producible_stream(tx, actor, body.stream_id, body.lease)
        change_state(tx, row, "finished")
        return StreamOffset(offset=row.end)
