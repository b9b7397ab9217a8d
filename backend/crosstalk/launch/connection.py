"""A connection of the worker with threads, and what has arrived of the next request on it."""

import io
import socket
import time
from collections.abc import Callable
from typing import Any

from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn

from crosstalk.launch.connection_limits import network_of_peer
from crosstalk.launch.request_reader import BodyBytes, Progress, RequestReader

# A request must have arrived within so many seconds; a long one, so much of it each time.
REQUEST_S = 10.0
ADVANCE_BYTES = 65_536
# A peer that was refused may send on for so long, and so much, before it has read the refusal.
_LINGER_S = 2.0
_LINGER_BYTES = 4 * 1_048_576


class _Gathered(Unreader):  # type: ignore[misc]
    """What has arrived and nothing else: the thread that serves a request never waits for its body."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        return b""


class Conn(TConn):  # type: ignore[misc]
    """Reads the next request without waiting. `count` is called with each change in the bytes kept of an unfinished request."""

    def __init__(
        self,
        config: Any,
        sock: socket.socket,
        client: Any,
        server: Any,
        body_bytes: BodyBytes,
        count: Callable[[int], None],
    ) -> None:
        super().__init__(config, sock, client, server)
        self.network = network_of_peer(client)
        self._reader = RequestReader(body_bytes)
        self._count = count
        self._counted = 0
        self._advanced_to = 0
        self._linger_bytes: int | None = None
        """How much more is read of a peer that was refused; None before that."""
        self._request = b""

    def set_timeout(self) -> None:
        if self._linger_bytes is not None:
            self.timeout = time.monotonic() + _LINGER_S
        elif self.initialized and not self._reader.begun:
            super().set_timeout()  # nothing of the next request yet
        else:
            self.timeout = time.monotonic() + REQUEST_S

    def read(self) -> Progress:
        """Reads what there is of the next request."""
        try:
            data = self.sock.recv(65_536)
        except BlockingIOError:
            return Progress.UNFINISHED
        except OSError:
            return self._ends()
        if not data:
            return self._ends()
        if self._linger_bytes is None:
            return self.feed(data)
        self._linger_bytes -= len(data)
        return Progress.UNFINISHED if self._linger_bytes > 0 else self._ends()

    def feed(self, data: bytes) -> Progress:
        progress = self._reader.feed(data)
        self._count_held(self._reader.held)
        if self._reader.answer:
            self.say(self._reader.answer)
            self._reader.answer = b""
        return progress

    def read_ahead(self) -> bytes:
        """What the parser has had of the next request, which has not been looked at; taken from it."""
        ahead: bytes = b"" if self.parser is None else self.parser.unreader.buf.getvalue()
        if ahead:
            self.parser.unreader.buf = io.BytesIO()
        return ahead

    @property
    def has_begun(self) -> bool:
        """Whether anything of the next request has arrived."""
        return self._reader.begun

    def has_advanced(self) -> bool:
        """Whether much has arrived since the last time that it had."""
        advanced = self._reader.held >= self._advanced_to + ADVANCE_BYTES
        if advanced:
            self._advanced_to = self._reader.held
        return advanced

    def take_request(self) -> None:
        """What has been read is served next, and no more counted. By the worker's own thread, as all that counts."""
        self._request = self._reader.take()
        self._advanced_to = 0
        self._count_held(0)

    @property
    def is_get(self) -> bool:
        return self._request.startswith(b"GET ")

    @property
    def is_last(self) -> bool:
        """Whether the request that is being served is the last one of this connection."""
        return self._reader.is_last

    def hand_over(self) -> None:
        """Gives the request to gunicorn's parser."""
        self.init()
        if not isinstance(self.parser.unreader, _Gathered):
            self.parser.unreader = _Gathered()
        self.parser.unreader.unread(self._request)
        self._request = b""

    def say(self, answer: bytes) -> None:
        try:
            self.sock.send(answer)
        except OSError:
            return  # the peer does not read

    def lingers(self) -> bool:
        """Whether the connection stays open for a moment, so that a peer that was refused can read why. Closed at once, with something unread, TCP would reset
        the connection and the answer with it (RFC 9293, 3.10.4)."""
        if self._linger_bytes is not None:
            return False
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        self._linger_bytes = _LINGER_BYTES
        self._reader.forget()
        self._count_held(0)
        return True

    def close(self, graceful: bool = False) -> None:
        self._count_held(0)
        super().close(graceful)

    def _ends(self) -> Progress:
        self._linger_bytes = 0  # the peer has closed, or sends too much: there is nothing left to wait for
        return Progress.OVER

    def _count_held(self, held: int) -> None:
        self._count(held - self._counted)
        self._counted = held
