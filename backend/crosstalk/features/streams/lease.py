"""Leases: the stream of a client that neither appends nor renews within its lease is interrupted.

The server's own producers have timeouts of their own; they end with the process, which marks their streams at its start.
"""

from sqlalchemy import select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import steady_ms
from crosstalk.core.failpoints import failpoint
from crosstalk.core.operations import command, every, limit, refuses, route
from crosstalk.core.schema import Id, Lease, Shape
from crosstalk.features.streams.stream import (
    StreamOffset,
    StreamRow,
    change_state,
    open_streams,
    producible_stream,
    renew_lease,
)

_lease_s = 10.0


def set_lease_s(seconds: float) -> None:
    """The setting CROSSTALK_STREAM_LEASE_S."""
    global _lease_s
    _lease_s = seconds


def lease_s() -> float:
    return _lease_s


class RenewLease(Shape):
    stream_id: Id
    lease: Lease


@route("POST", "/streams/{stream_id}/renew")
@command("stream:renew")
@limit("100 per 10 seconds")
@refuses("not_found", "forbidden", "stale_lease", "stream_ended")
def renew_stream(actor: Actor, body: RenewLease) -> StreamOffset:
    """Renew a stream's lease.

    Extends the producer's lease when there is nothing to append, so that the stream is not interrupted.
    """
    failpoint("renew:before")
    with db.transaction() as tx:
        row = producible_stream(tx, actor, body.stream_id, body.lease)
        renew_lease(row, lease_s())
        renewed = StreamOffset(offset=row.end)
    failpoint("renew:after")
    return renewed


@every(0.5)
def interrupt_the_dead() -> None:
    """Ends the streams whose producers have been silent for longer than their lease."""
    overdue = select(StreamRow).where(
        StreamRow.state == "open", StreamRow.source.is_(None), StreamRow.lease_until < steady_ms()
    )
    with db.reading() as session:
        if session.scalar(overdue.with_only_columns(StreamRow.id).limit(1)) is None:
            return
    with db.transaction() as tx:
        for row in tx.session.scalars(overdue):
            change_state(tx, row, "interrupted", reason="The producer stopped responding.")


def grant_leases_anew() -> None:
    """When the server starts: its own absence must not count as the producers' silence."""
    with db.transaction() as tx:
        for row in open_streams(tx.session):
            renew_lease(row, lease_s())
