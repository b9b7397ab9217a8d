"""Shows the pieces of streams: the first at once, what follows within 40 ms joined to one event."""

import threading
import time
from dataclasses import dataclass

from crosstalk.core import live, topics
from crosstalk.core.operations import every, on
from crosstalk.core.schema import PIECE_LIMIT
from crosstalk.features.messages.events import StreamEnded
from crosstalk.features.streams.piece import StreamAppended, stored_form

COALESCE_S = 0.04


@dataclass
class _Pending:
    """Pieces of one stream that wait, and when the last ones were shown."""

    pieces: list[StreamAppended]
    size: int
    shown_at: float


_lock = threading.Lock()
_streams: dict[str, _Pending] = {}


@on(StreamAppended)
def show_piece(piece: StreamAppended) -> None:
    """Runs in the order of the log, after the commit."""
    with _lock:
        pending = _streams.setdefault(piece.stream_id, _Pending([], 0, 0.0))
        pending.pieces.append(piece)
        pending.size += len(piece.text if piece.text is not None else stored_form(piece.items or []))
        if time.monotonic() - pending.shown_at >= COALESCE_S or pending.size >= PIECE_LIMIT:
            _show(pending)


@every(COALESCE_S)
def show_what_waits() -> None:
    now = time.monotonic()
    with _lock:
        for stream_id, pending in list(_streams.items()):
            if now - pending.shown_at < COALESCE_S:
                continue
            if pending.pieces:
                _show(pending)
            elif now - pending.shown_at > 10:
                del _streams[stream_id]


@on(StreamEnded, before=True)
def show_the_rest(ended: StreamEnded) -> None:
    """What was written is shown before the end is told."""
    with _lock:
        pending = _streams.pop(ended.message.id, None)
        if pending is not None and pending.pieces:
            _show(pending)


def _show(pending: _Pending) -> None:
    # Published under the lock: two threads come here, and the pieces must keep their order.
    first = pending.pieces[0]
    if len(pending.pieces) == 1:
        joined = first
    elif first.items is not None:
        joined = first.model_copy(update={"items": [item for piece in pending.pieces for item in piece.items or []]})
    else:
        joined = first.model_copy(update={"text": "".join(piece.text or "" for piece in pending.pieces)})
    live.publish([topics.room(first.room_id)], joined)
    pending.pieces, pending.size, pending.shown_at = [], 0, time.monotonic()
