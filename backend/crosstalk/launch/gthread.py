"""gunicorn's worker with threads, in which nobody holds a thread who has not sent a whole request."""

import errno
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import util

from crosstalk.core.aside import plug_in
from crosstalk.launch import hooks
from crosstalk.launch.connection import REQUEST_S, Conn
from crosstalk.launch.connection_limits import BoundedWorker
from crosstalk.launch.one_cpu import OneCpu
from crosstalk.launch.request_reader import Progress, refusal
from fastlane.clock import Clock
from fastlane.workers import Workers

# A worker that stops waits so long for a request on a connection on which there is none.
LAST_REQUESTS_S = 0.3
# All requests together that are not whole yet.
MOST_GATHERED_BYTES = 64 * 1_048_576
_TOO_MUCH = refusal("503 Service Unavailable", "Retry-After: 5")


class Worker(BoundedWorker):
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
        self._stays = own.one_cpu
        self._cpu: OneCpu | None = None
        self._gathered = 0
        """Bytes of all requests that are not whole yet."""

    def _count_gathered(self, more: int) -> None:
        self._gathered += more

    def init_process(self) -> None:
        if self._stays:
            self._cpu = OneCpu()
            plug_in(self._cpu.everywhere)
        super().init_process()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(min(timeout, self._clock.run()))
        if self._cpu is not None:
            self._cpu.look()

    def admit(self, client: socket.socket, address: Any, listener: socket.socket) -> None:
        bounds = self.wsgi.extensions["crosstalk"].body_bounds
        conn = Conn(self.cfg, client, address, listener.getsockname(), bounds.of, self._count_gathered)
        self._serve_or_wait(conn, conn.read())  # most have asked, by now

    def _serve_or_wait(self, conn: Any, progress: Progress) -> None:
        if progress is Progress.WHOLE:
            self.enqueue_req(conn)
        elif progress is Progress.OVER and not conn.lingers():
            self._let_go(conn)
        else:
            conn.sock.setblocking(False)
            conn.set_timeout()
            if not self.alive:  # what is on the way is answered, and no more waited for
                conn.timeout = min(conn.timeout, time.monotonic() + LAST_REQUESTS_S)
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        self._gather(conn, client, super().on_pending_socket_readable, self.pending_conns)

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        self._gather(conn, client, super().on_client_socket_readable, self.keepalived_conns)

    def _gather(self, conn: Any, client: socket.socket, serve: Callable[[Any, socket.socket], None], waiting: Any) -> None:
        if client.fileno() < 0:
            return  # closed in this round of events, to make room for another
        progress = Progress.WHOLE if self.cfg.is_ssl else conn.read()
        if progress is Progress.WHOLE:
            serve(conn, client)
            return
        advanced = progress is Progress.UNFINISHED and conn.has_advanced()
        if advanced and self._gathered > MOST_GATHERED_BYTES:
            conn.say(_TOO_MUCH)
            progress = Progress.OVER
        # A request that has begun behind another has as long as a first one, not as long as an idle connection.
        if progress is Progress.OVER or advanced or (waiting is self.keepalived_conns and conn.has_begun):
            self.poller.unregister(client)
            waiting.remove(conn)
            self._serve_or_wait(conn, progress)  # to the end of the line, which is in the order of the timeouts

    def _let_go(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def enqueue_req(self, conn: Any) -> None:
        ahead = b"" if self.cfg.is_ssl else conn.read_ahead()
        if ahead:
            # Read with the request before; it need not be all of the next one.
            self._serve_or_wait(conn, conn.feed(ahead))
            return
        if not self.cfg.is_ssl:
            conn.take_request()
        if self._reads_alone and not self.cfg.is_ssl and conn.is_get:
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
        if not self.cfg.is_ssl:
            conn.hand_over()
        keep = super().handle(conn)
        if not keep:
            util.close_graceful(conn.sock)
            conn.close = lambda graceful=False: None
        return keep

    def handle_request(self, req: Any, conn: Any) -> Any:
        """A peer that takes no more of its answer keeps its thread no longer than one that does not ask."""
        if not any(name == "UPGRADE" for name, _ in req.headers):  # on a WebSocket nothing may come for as long as it likes
            conn.sock.settimeout(REQUEST_S)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the peer does not read") from None

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        return bool(super()._keepalive_after(conn, keepalive and not conn.is_last))

    def _cap_keepalive(self, deadline: float) -> None:
        """Nobody is let in meanwhile: it does not take the two seconds of the stock worker. Those who have not said what they
        want are waited for no longer than the others."""
        deadline = min(deadline, time.monotonic() + LAST_REQUESTS_S)
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
