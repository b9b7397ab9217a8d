"""gunicorn's worker with threads, in which nobody holds a thread who has not sent a whole request."""

import os
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from crosstalk.core.aside import plug_in
from crosstalk.launch import hooks
from crosstalk.launch.one_cpu import OneCpu
from fastlane.clock import Clock
from fastlane.workers import Workers

# A request must have come within so many seconds, its head and a short body in so many bytes; a longer body is read
# by the thread that serves it.
REQUEST_S = 10.0
MOST_HEAD_BYTES = 65_536
MOST_BODY_BYTES = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)


class Worker(ThreadWorker):  # type: ignore[misc]
    """The stock worker gives a thread to everybody who has connected, for as long as it takes them to say what they want:
    a few silent or slow peers, and nobody else is served."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._clock = Clock()
        self._readers = Workers(self.cfg.threads, self._clock, "http")
        """For those who only ask. They wait for nobody, and side by side they would only wait for the interpreter's lock."""
        own = hooks.settings()
        self._reads_alone = own.fastlane
        """Without the loop a poll is no quick question: it keeps its thread."""
        self._stays = own.one_cpu and hasattr(os, "sched_setaffinity")
        self._cpu: OneCpu | None = None

    def init_process(self) -> None:
        if self._stays:
            self._cpu = OneCpu()
            plug_in(self._cpu.everywhere)
        super().init_process()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(min(timeout, self._clock.run()))
        if self._cpu is not None:
            self._cpu.look()

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
        conn.received = bytearray()
        conn.timeout = time.monotonic() + REQUEST_S
        asked = _has_asked(conn)  # most have, by now
        if asked:
            self.enqueue_req(conn)
        elif asked is None:
            self._let_go(conn)
        else:
            self.pending_conns.append(conn)
            self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        self._gather(conn, client, super().on_pending_socket_readable, self.pending_conns)

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        self._gather(conn, client, super().on_client_socket_readable, self.keepalived_conns)

    def _gather(self, conn: Any, client: socket.socket, serve: Callable[[Any, socket.socket], None], waiting: Any) -> None:
        asked = self.cfg.is_ssl or _has_asked(conn)
        if asked:
            serve(conn, client)
        elif asked is None:
            self.poller.unregister(client)
            waiting.remove(conn)
            self._let_go(conn)

    def _let_go(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def enqueue_req(self, conn: Any) -> None:
        if self._reads_alone and not self.cfg.is_ssl and conn.received.startswith(b"GET "):
            self._readers.submit(partial(self._answer, conn))
        else:
            super().enqueue_req(conn)

    def _answer(self, conn: Any) -> None:
        answered: Future[Any] = Future()
        try:
            answered.set_result(self.handle(conn))
        except BaseException as failed:
            answered.set_exception(failed)
        self.method_queue.defer(self.finish_request, conn, answered)

    def handle(self, conn: Any) -> Any:
        """Serves a request; when the connection is over, closes it here.

        The stock worker does so in the thread that lets others in, and waits up to two seconds for a peer that does not hang
        up: a handful of such peers, and nobody gets in any more.
        """
        if not self.cfg.is_ssl and conn.received:
            conn.init()
            conn.parser.unreader.unread(bytes(conn.received))
            conn.received.clear()
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


def _has_asked(conn: Any) -> bool | None:
    """Reads what there is. Whether the request is whole; None when the peer has gone."""
    try:
        data = conn.sock.recv(65_536)
    except BlockingIOError:
        return False
    except OSError:
        return None
    conn.received += data
    return _is_whole(conn.received) if data else None


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
