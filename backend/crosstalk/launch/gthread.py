"""gunicorn's worker with threads, in which nobody holds a thread who has not sent a whole request."""

import errno
import io
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import TConn

from crosstalk.core.aside import plug_in
from crosstalk.core.schema import PACKET_LIMIT, REQUEST_LIMIT
from crosstalk.launch import hooks
from crosstalk.launch.connection_limits import BoundedWorker, network_of_peer
from crosstalk.launch.one_cpu import OneCpu
from fastlane.clock import Clock
from fastlane.workers import Workers

# A request must have come within so many seconds; a long one, so much of it each time.
REQUEST_S = 10.0
ADVANCE_BYTES = 65_536
MOST_HEAD_BYTES = 65_536
# A worker that stops waits so long for a request on a connection on which there is none.
LAST_REQUESTS_S = 0.3
# All requests together that are not whole yet.
MOST_GATHERED_BYTES = 64 * 1_048_576
_LIVE = re.compile(rb"[A-Z]+ /socket\.io/")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
_IN_CHUNKS = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,256}\r\n")
_LONGEST_CHUNK_HEAD = 300
_BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_MUCH = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


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
        conn = Conn(self.cfg, client, address, listener.getsockname())
        self._serve_or_wait(conn, conn.has_asked())  # most have, by now

    def _serve_or_wait(self, conn: Any, asked: bool | None) -> None:
        if asked:
            self.enqueue_req(conn)
        elif asked is None:
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
        asked = self.cfg.is_ssl or conn.has_asked()
        if asked:
            serve(conn, client)
            return
        if asked is not None and waiting is self.keepalived_conns and conn.received:
            # The next request has begun: it has as long as a first one, not as long as an idle connection.
            self.poller.unregister(client)
            waiting.remove(conn)
            self._serve_or_wait(conn, False)
            return
        if asked is not None and conn.has_advanced():
            if self._gathered() > MOST_GATHERED_BYTES:
                conn.say(_TOO_MUCH)
                asked = None
            else:
                # To the end of the line, which is in the order of the timeouts.
                waiting.remove(conn)
                conn.set_timeout()
                waiting.append(conn)
        if asked is None:
            self.poller.unregister(client)
            waiting.remove(conn)
            self._let_go(conn)

    def _gathered(self) -> int:
        return sum(len(conn.received) for waiting in (self.pending_conns, self.keepalived_conns) for conn in waiting)

    def _let_go(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def enqueue_req(self, conn: Any) -> None:
        if not self.cfg.is_ssl and conn.takes_back():
            # Read ahead with the request before; it need not be all of the next one.
            self._serve_or_wait(conn, conn.is_whole())
        elif self._reads_alone and not self.cfg.is_ssl and conn.received.startswith(b"GET "):
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
            conn.forget_what_came()
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
        # What was too long to be gathered is not read for nobody.
        return bool(super()._keepalive_after(conn, keepalive and not conn.is_too_long))

    def _cap_keepalive(self, deadline: float) -> None:
        """Nobody is let in meanwhile: it does not take the two seconds of the stock worker. Those who have not said what they
        want are waited for no longer than the others."""
        deadline = min(deadline, time.monotonic() + LAST_REQUESTS_S)
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)


class Conn(TConn):  # type: ignore[misc]
    """A connection, and what has come of the next request on it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.network = network_of_peer(self.client)
        self.forget_what_came()
        self.is_too_long = False

    def forget_what_came(self) -> None:
        self.received = bytearray()
        self._advanced_to = 0
        self._chunks_to = 0

    def set_timeout(self) -> None:
        if self.initialized and not self.received:
            super().set_timeout()  # nothing of the next request yet
        else:
            self.timeout = time.monotonic() + REQUEST_S

    def has_asked(self) -> bool | None:
        """Reads what there is. Whether the request is whole; None when the peer has gone."""
        try:
            data = self.sock.recv(65_536)
        except BlockingIOError:
            return False
        except OSError:
            return None
        self.received += data
        return self.is_whole() if data else None

    def takes_back(self) -> bool:
        """Whether the parser has had something of the next request, which has not been looked at."""
        ahead = b"" if self.parser is None else self.parser.unreader.buf.getvalue()
        if ahead:
            self.parser.unreader.buf = io.BytesIO()
            self.received[:0] = ahead
        return bool(ahead)

    def has_advanced(self) -> bool:
        """Whether much has come since the last time that it had."""
        advanced = len(self.received) >= self._advanced_to + ADVANCE_BYTES
        if advanced:
            self._advanced_to = len(self.received)
        return advanced

    def say(self, answer: bytes) -> None:
        try:
            self.sock.send(answer)
        except OSError:
            return  # it does not listen

    def is_whole(self) -> bool | None:
        """Whether a thread can serve it; None when it is no HTTP at all, a TLS greeting say, and has been told so."""
        received = self.received
        while received and received[0] in b"\r\n":  # RFC 9112, section 2.2
            del received[0]
        if not received:
            return False
        if not received[:1].isalpha():
            self.say(_BAD)
            return None
        head = received.find(b"\r\n\r\n", 0, MOST_HEAD_BYTES)
        if head < 0:
            return len(received) > MOST_HEAD_BYTES
        body = head + 4
        # What is longer is refused unread by whom it is meant for.
        most = PACKET_LIMIT if _LIVE.match(received) else REQUEST_LIMIT
        length = _LENGTH.search(received, 0, body)
        if length is None and _IN_CHUNKS.search(received, 0, body):
            self.is_too_long = len(received) > body + most
            return self.is_too_long or self._has_all_chunks(body)
        expected = int(length[1]) if length else 0
        self.is_too_long = expected > most
        return self.is_too_long or len(received) >= body + expected

    def _has_all_chunks(self, body: int) -> bool | None:
        """RFC 9112, section 7.1. What is whole and yet wrong is for the parser to refuse."""
        at = max(body, self._chunks_to)
        while (size := _CHUNK.match(self.received, at)) is not None:
            self._chunks_to = at
            length = int(size[1], 16)
            if length == 0:
                return self.received.find(b"\r\n\r\n", size.end() - 2) >= 0
            at = size.end() + length + 2
            if not b"\r\n".startswith(self.received[at - 2 : at]):
                break
        head = self.received[at : at + _LONGEST_CHUNK_HEAD]
        if size is None and len(head) < _LONGEST_CHUNK_HEAD and b"\n" not in head:
            return False
        self.say(_BAD)
        return None
