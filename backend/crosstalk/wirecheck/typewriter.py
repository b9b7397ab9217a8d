"""A text that appears piece by piece: one code point after the other, from a background task."""

import threading
from dataclasses import dataclass

from crosstalk.wirecheck.extension import SocketIO

# So soon a task sees that its text was stopped, or that there is another.
_GLANCE_S = 0.05


@dataclass(eq=False)
class _Writing:
    text: str
    pace_s: float
    sent: int = 0


class Typewriter:
    """Writes for one connection, one text at a time. There is one task for it, and only while there is something to write."""

    def __init__(self, socketio: SocketIO, namespace: str, sid: str) -> None:
        self._socketio = socketio
        self._namespace = namespace
        self._sid = sid
        self._lock = threading.Lock()
        self._writing: _Writing | None = None
        self._busy = False
        self._closed = False

    def start(self, text: str, pace_s: float) -> None:
        """Begins to write; ends what was being written before."""
        with self._lock:
            if self._closed:
                return
            self._writing = _Writing(text, pace_s)
            begin = not self._busy
            self._busy = True
        if begin:
            self._socketio.start_background_task(self._work)

    def stop(self) -> int:
        """How many characters of the running text went out; none follows them."""
        with self._lock:
            sent = self._writing.sent if self._writing else 0
            self._writing = None
        return sent

    def close(self) -> None:
        """For good: the connection is gone."""
        with self._lock:
            self._writing = None
            self._closed = True

    def _work(self) -> None:
        while (writing := self._write_one()) is not None:
            self._pause(writing)

    def _write_one(self) -> _Writing | None:
        # Under the lock, so that what `stop` returns is what the client has been sent.
        with self._lock:
            writing = self._writing
            if writing is not None and writing.sent < len(writing.text):
                self._emit("new_char", writing.text[writing.sent])
                writing.sent += 1
                return writing
            self._busy = False
            self._writing = None
            if writing is not None:
                self._emit("stream_end", writing.sent)
            return None

    def _pause(self, writing: _Writing) -> None:
        left = writing.pace_s
        while writing is self._writing:
            self._socketio.sleep(min(left, _GLANCE_S))
            left -= _GLANCE_S
            if left <= 0:
                return

    def _emit(self, event: str, value: str | int) -> None:
        self._socketio.emit(event, value, namespace=self._namespace, to=self._sid)
