from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.operations import Repeated, command, cost, limit, refuses, route
from crosstalk.core.schema import Id, Reason, Shape
from crosstalk.features.accounts.account import user_of_actor
from crosstalk.features.streams.stream import StreamReceipt, change_state, controllable_stream, ended, receipt


class StopStream(Shape):
    stream_id: Id
    reason: Reason | None = None
    """Shown to the members, up to 200 characters."""


@route("POST", "/streams/{stream_id}/stop")
@command("stream:stop")
@limit("60 per 1 minute")
@cost(5)
@refuses("not_found", "forbidden", "stream_ended")
def stop_stream(actor: Actor, body: StopStream) -> StreamReceipt | Repeated[StreamReceipt]:
    """Stop a stream.

    Ends a stream for good and returns a receipt. Stopping it again returns the same receipt.
    """
    with db.transaction() as tx:
        row = controllable_stream(tx, actor, body.stream_id)
        if row.state == "stopped":
            return Repeated(receipt(tx, row))
        if row.state not in ("open", "interrupted"):
            raise ended(row)
        change_state(tx, row, "stopped", by=user_of_actor(actor), reason=body.reason)
        return receipt(tx, row)
