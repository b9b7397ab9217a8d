from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import Repeated, command, cost, limit, refuses, route
from crosstalk.core.schema import Id, Lease, Shape
from crosstalk.features.streams.stream import StreamOffset, change_state, ended, leased_stream


class FinishStream(Shape):
    stream_id: Id
    lease: Lease


@route("POST", "/streams/{stream_id}/finish")
@command("stream:finish")
@limit("60 per 1 minute")
@cost(5)
@refuses("not_found", "forbidden", "stale_lease", "stream_ended")
def finish_stream(actor: Actor, body: FinishStream) -> StreamOffset | Repeated[StreamOffset]:
    """Finish a stream.

    Marks the stream as complete. It is safe to retry.
    """
    with db.transaction() as tx:
        row = leased_stream(tx, actor, body.stream_id, body.lease)
        if row.state == "finished":
            return Repeated(StreamOffset(offset=row.end))
        if row.state != "open":
            raise ended(row)
        change_state(tx, row, "finished")
        return StreamOffset(offset=row.end)
