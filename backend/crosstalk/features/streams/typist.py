"""The typist: writes the texts that the server itself produces, all of them from one background thread."""

import threading
import time
from dataclasses import dataclass

import structlog

from crosstalk.core import db
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.schema import utf16_cut
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.streams.lease import lease_s
from crosstalk.features.streams.piece import append_under_lease
from crosstalk.features.streams.source import SourceRow
from crosstalk.features.streams.stream import StreamRow, change_state, lease_from_now, open_streams, stored_stream
from crosstalk.features.streams.without_author import LEFT

TICK_S = 0.04
AT_FULL_SPEED = 4
"""So many texts get a piece each tick. With more of them the ticks are longer: all together make 100 pieces a second."""
RETRY_S = 1.0
TOO_MANY = "Too many texts were being written when the server restarted."
log = structlog.get_logger("typist")


@dataclass
class _Manuscript:
    """A text, how far it is written (in code points), and when its next code point is due."""

    text: str
    written: int
    pace_s: float
    due: float

    def count_due(self, now: float) -> int:
        """How many code points are due."""
        return min(int((now - self.due) / self.pace_s) + 1, len(self.text) - self.written)


class Typist:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._manuscripts: dict[str, _Manuscript] = {}
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begins to write, first of all what was being written when the server died."""
        self._thread = threading.Thread(target=self._run, name="typist", daemon=True)
        self._take_up_again()
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping.set()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def write(self, stream_id: str) -> None:
        """Writes an open stream from its durable end on."""
        with db.reading() as session:
            row = session.get_one(StreamRow, stream_id)
            text = session.get_one(SourceRow, stream_id).text
        rest, _ = utf16_cut(text, row.end)
        pace_s = (row.pace_ms or 0) / 1000
        with self._changed:
            self._manuscripts[stream_id] = _Manuscript(text, len(text) - len(rest), pace_s, time.monotonic() + pace_s)
            self._changed.notify()

    def _take_up_again(self) -> None:
        with db.transaction() as tx:
            rows = [row for row in open_streams(tx.session) if row.source == "text"]
            kept = _within_bounds(tx, sorted(rows, key=lambda row: row.id))
            for row in kept:
                row.lease += 1
                change_state(tx, row, "open")
        for row in kept:
            self.write(row.id)

    def _run(self) -> None:
        while (due := self._wait_for_due()) is not None:
            try:
                self._write_pieces(due)
            except CrosstalkError as refused:
                # The store is busy or full: what was not stored was not taken either, and is tried again.
                log.warning("pieces not stored", reason=refused.message)
                self._stopping.wait(RETRY_S)
            self._stopping.wait(TICK_S * max(1.0, len(due) / AT_FULL_SPEED))

    def _wait_for_due(self) -> dict[str, _Manuscript] | None:
        with self._changed:
            while not self._stopping.is_set():
                now = time.monotonic()
                due = {key: one for key, one in self._manuscripts.items() if one.due <= now}
                if due:
                    return due
                first = min((one.due for one in self._manuscripts.values()), default=None)
                self._changed.wait(None if first is None else first - now)
            return None

    def _write_pieces(self, due: dict[str, _Manuscript]) -> None:
        now = time.monotonic()
        written: dict[str, int] = {}
        with db.transaction() as tx:
            for stream_id, manuscript in due.items():
                written[stream_id] = _write_piece(tx, stream_id, manuscript, manuscript.count_due(now))
        for stream_id, manuscript in due.items():
            manuscript.written += written[stream_id]
            manuscript.due += written[stream_id] * manuscript.pace_s
            if manuscript.written == len(manuscript.text):
                with self._changed:
                    # Continued meanwhile under another lease? Then there is another manuscript by now.
                    if self._manuscripts.get(stream_id) is manuscript:
                        del self._manuscripts[stream_id]


def _write_piece(tx: db.Tx, stream_id: str, manuscript: _Manuscript, count: int) -> int:
    """Stores the next code points, and the end after the last one. Returns how far the manuscript is done: all of it when the
    stream has ended meanwhile."""
    stream = stored_stream(tx.cursor, stream_id)
    left = len(manuscript.text) - manuscript.written
    if stream is None or stream.state != "open":
        return left
    if count:
        piece = manuscript.text[manuscript.written : manuscript.written + count]
        append_under_lease(tx, stream, piece, lease_from_now(lease_s()))
    if count == left:
        change_state(tx, tx.session.get_one(StreamRow, stream_id), "finished")
    return count


def _within_bounds(tx: db.Tx, rows: list[StreamRow]) -> list[StreamRow]:
    """Of the streams that were being written when the server ended, those that it goes on with; the others end here."""
    quotas = db.database().usage.quotas
    kept: list[StreamRow] = []
    for row in rows:
        member = tx.session.get(MembershipRow, (row.room_id, row.producer_id))
        own = sum(one.producer_id == row.producer_id for one in kept)
        if member is None or not member.present:
            change_state(tx, row, "stopped", reason=LEFT)
        elif _reached(own, quotas.written_streams) or _reached(len(kept), quotas.all_written_streams):
            change_state(tx, row, "interrupted", reason=TOO_MANY)
        else:
            kept.append(row)
    return kept


def _reached(count: int, most: int | None) -> bool:
    return most is not None and count >= most


typist = Typist()
