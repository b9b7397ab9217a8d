"""The typist: writes the texts that the server itself produces, all of them from one background thread."""

import threading
import time
from dataclasses import dataclass

import structlog

from crosstalk.core import db
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.schema import utf16_cut
from crosstalk.features.streams.piece import append_piece
from crosstalk.features.streams.stream import StreamRow, change_state, open_streams

TICK_S = 0.04
RETRY_S = 1.0
log = structlog.get_logger("typist")


@dataclass
class _Manuscript:
    """What is left of a text, and when its next code point is due."""

    rest: str
    pace_s: float
    due: float

    def take(self, now: float) -> str:
        count = min(int((now - self.due) / self.pace_s) + 1, len(self.rest))
        self.due += count * self.pace_s
        return self.rest[:count]


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
        rest, _ = utf16_cut(row.source_text or "", row.end)
        pace_s = (row.pace_ms or 0) / 1000
        with self._changed:
            self._manuscripts[stream_id] = _Manuscript(rest, pace_s, time.monotonic() + pace_s)
            self._changed.notify()

    def _take_up_again(self) -> None:
        with db.transaction() as tx:
            orphans = [row for row in open_streams(tx.session) if row.source == "text"]
            for row in orphans:
                row.lease += 1
                change_state(tx, row, "open")
        for row in orphans:
            self.write(row.id)

    def _run(self) -> None:
        while (due := self._wait_for_due()) is not None:
            try:
                self._write_pieces(due)
            except CrosstalkError as refused:
                # The store is busy or full: what was not stored was not taken either, and is tried again.
                log.warning("pieces not stored", reason=refused.message)
                self._stopping.wait(RETRY_S)
            self._stopping.wait(TICK_S)

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
        dues = {stream_id: one.due for stream_id, one in due.items()}
        try:
            with db.transaction() as tx:
                for stream_id, manuscript in due.items():
                    row = tx.session.get_one(StreamRow, stream_id)
                    if row.state != "open":
                        written[stream_id] = len(manuscript.rest)
                        continue
                    piece = manuscript.take(now)
                    if piece:
                        append_piece(tx, row, piece)
                    written[stream_id] = len(piece)
                    if len(piece) == len(manuscript.rest):
                        change_state(tx, row, "finished")
        except BaseException:
            for stream_id, manuscript in due.items():
                manuscript.due = dues[stream_id]
            raise
        for stream_id, manuscript in due.items():
            manuscript.rest = manuscript.rest[written[stream_id] :]
            if not manuscript.rest:
                with self._changed:
                    # Continued meanwhile under another lease? Then there is another manuscript by now.
                    if self._manuscripts.get(stream_id) is manuscript:
                        del self._manuscripts[stream_id]


typist = Typist()
