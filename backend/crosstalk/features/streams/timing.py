from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.schema import Id, Offset, Shape
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.streams.piece import PieceRow, reaching_beyond
from crosstalk.features.streams.stream import known_stream

STEPS_AT_MOST = 5_000
AT_ONCE_MS = 40


class TimeStream(Shape):
    stream_id: Id
    offset: Offset = 0
    """The offset up to which the client has the timing."""


class StreamTiming(Shape):
    """When each part of a stream was written, for a replay."""

    stream_id: str
    offset: int
    """Where the first step begins."""
    waits: list[int] = Field(description="For each step: milliseconds since the previous one, or since the stream was opened.")
    lengths: list[int] = Field(description="For each step: how far it moved the offset.")
    end: int
    """Where the stream ends. When the steps end before it, request the rest from there."""


@route("GET", "/streams/{stream_id}/timing")
@limit("60 per 10 seconds")
@cost(10)
@refuses("not_found", "wrong_offset")
def time_stream(actor: Actor, body: TimeStream) -> StreamTiming:
    """Get a stream's timing.

    Returns when each part of a stream was written, so that a client can replay it at its original speed.
    """
    with db.reading() as session:
        row = known_stream(session, actor, body.stream_id)
        if body.offset > row.end:
            raise CrosstalkError("wrong_offset", f"The stream ends at {row.end}.", offset=row.end)
        waits, lengths = _steps(session, row.id, body.offset)
        return StreamTiming(stream_id=row.id, offset=body.offset, waits=waits, lengths=lengths, end=row.end)


def _steps(session: Session, stream_id: str, offset: int) -> tuple[list[int], list[int]]:
    """Waits and lengths from an offset on; what was stored at once is one step."""
    pieces = select(PieceRow.offset, PieceRow.length, PieceRow.created_at).order_by(PieceRow.offset)
    earlier = select(PieceRow.created_at).where(PieceRow.stream_id == stream_id, PieceRow.offset < offset)
    before = session.scalar(earlier.order_by(PieceRow.offset.desc()).limit(1))
    last = session.get_one(MessageRow, stream_id).created_at if before is None else before
    waits: list[int] = []
    lengths: list[int] = []
    for piece in session.execute(pieces.where(reaching_beyond(stream_id, offset))):
        wait, length = max(0, piece.created_at - last), min(piece.length, piece.offset + piece.length - offset)
        if waits and wait < AT_ONCE_MS:
            lengths[-1] += length
        elif len(waits) == STEPS_AT_MOST:
            break
        else:
            waits.append(wait)
            lengths.append(length)
            last = piece.created_at
    return waits, lengths
