"""gunicorn's worker with threads, in which nobody holds a thread who has not sent a whole request."""

import re
import socket
import time
from collections.abc import Callable
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

# A request must have come within so many seconds, its head and a short body in so many bytes; a longer body is read
# by the thread that serves it.
REQUEST_S = 10.0
MOST_HEAD_BYTES = 65_536
MOST_BODY_BYTES = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)


class Worker(ThreadWorker):  # type: ignore[misc]
    """The stock worker gives a thread to everybody who has connected, for as long as it takes them to say what they want:
    a few silent or slow peers, and nobody else is served."""

    def accept(self, listener: socket.socket) -> None:
        if self.cfg.is_ssl:
            super().accept(listener)  # what a TLS peer sends is for its thread to read
            return
        try:
            client, address = listener.accept()
        except OSError:
            return  # it has gone already, or another worker took it
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.timeout = time.monotonic() + REQUEST_S
        self.pending_conns.append(conn)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        self._gather(conn, client, super().on_pending_socket_readable, self.pending_conns)

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        self._gather(conn, client, super().on_client_socket_readable, self.keepalived_conns)

    def _gather(self, conn: Any, client: socket.socket, serve: Callable[[Any, socket.socket], None], waiting: Any) -> None:
        """Reads what there is; a request that is whole is served."""
        if self.cfg.is_ssl:
            serve(conn, client)
            return
        received: bytearray = conn.__dict__.setdefault("received", bytearray())
        try:
            data = client.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.poller.unregister(client)
            waiting.remove(conn)
            self.nr_conns -= 1
            conn.close()
            return
        received += data
        if _is_whole(received):
            serve(conn, client)

    def handle(self, conn: Any) -> Any:
        """Serves a request; when the connection is over, closes it here.

        The stock worker does so in the thread that lets others in, and waits up to two seconds for a peer that does not hang
        up: a handful of such peers, and nobody gets in any more.
        """
        received = conn.__dict__.get("received")
        if received:
            conn.init()
            conn.parser.unreader.unread(bytes(received))
            received.clear()
        keep = super().handle(conn)
        if not keep:
            util.close_graceful(conn.sock)
            conn.close = lambda graceful=False: None
        return keep

    def _cap_keepalive(self, deadline: float) -> None:
        """A worker that stops waits for those who have not said what they want no longer than for the others."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)


def _is_whole(received: bytearray) -> bool:
    """Whether a thread can serve it; what is no HTTP at all, a TLS greeting say, is refused at once."""
    if not received[:1].isalpha():
        return True
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return len(received) > MOST_HEAD_BYTES
    length = _LENGTH.search(received, 0, head + 4)
    expected = int(length[1]) if length else 0
    return expected > MOST_BODY_BYTES or len(received) >= head + 4 + expected
