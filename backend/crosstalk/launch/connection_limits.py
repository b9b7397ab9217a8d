"""The connections that gunicorn's worker with threads holds: bounded in number, and shared between the networks of the peers."""

import errno
import heapq
import resource
import socket
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import structlog
from gunicorn.workers.gthread import ThreadWorker
from prometheus_client import Counter

from crosstalk.core.network import network_of
from crosstalk.launch.file_limits import most_connections

log = structlog.get_logger("server")
closed_total = Counter(
    "crosstalk_connections_turned_away", "TCP connections closed or not accepted for want of room", ["reason"]
)

# Connections accepted before the worker looks at the others again.
ACCEPTS = 32
# After the operating system has refused a descriptor, and none could be freed.
PAUSE_S = 0.5
# Of the connections allowed; closed at once, so that the search for them is rare.
SHARE_CLOSED = 16
_LOG_EVERY_S = 60.0
_NO_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def oldest_of_the_largest(networks: Iterable[tuple[str, Any]], number: int) -> list[Any]:
    """Of (network, connection) pairs, oldest first: `number` connections, each the oldest of the network that has the most
    then."""
    grouped: dict[str, deque[Any]] = {}
    for network, conn in networks:
        grouped.setdefault(network, deque()).append(conn)
    largest = [(-len(conns), network) for network, conns in grouped.items()]
    heapq.heapify(largest)
    chosen: list[Any] = []
    while largest and len(chosen) < number:
        size, network = largest[0]
        chosen.append(grouped[network].popleft())
        if size == -1:
            heapq.heappop(largest)
        else:
            heapq.heapreplace(largest, (size + 1, network))
    return chosen


class BoundedWorker(ThreadWorker):  # type: ignore[misc]
    """Accepts connections while there is room. When there is none, it closes connections without a complete request, the
    oldest of the network that has the most: one machine does not keep the others from connecting.

    The stock worker stops to accept at its bound, and ends when the process has no file descriptor left.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._most = self.cfg.worker_connections
        self._most_files = 0
        if not self.cfg.is_ssl:
            self.worker_connections = self._most + 1  # never reached, so that it goes on to accept
        self._paused_until = 0.0
        self._log_due: dict[str, float] = {}

    def run(self) -> None:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)  # the application has raised it by now
        self._most_files = most_connections(files)
        super().run()

    def admit(self, client: socket.socket, address: Any, listener: socket.socket) -> None:
        """Begins to serve a connection."""
        raise NotImplementedError

    def accept(self, listener: socket.socket) -> None:
        if self.cfg.is_ssl:
            # What a TLS peer sends is read by a thread.
            try:
                super().accept(listener)
            except OSError as refused:
                self._not_accepted(refused)
            return
        for _ in range(ACCEPTS):
            try:
                client, address = listener.accept()
            except OSError as refused:
                self._not_accepted(refused)
                return
            if self._has_room() or (self._make_room() and self._has_room()):
                self.nr_conns += 1
                self.admit(client, address, listener)
            else:
                self._report("full", "no room for another connection", 1)
                with client, suppress(OSError):
                    client.setblocking(False)
                    client.send(_UNAVAILABLE)

    def _not_accepted(self, refused: OSError) -> None:
        if refused.errno not in _NO_FILES:
            return  # the peer has gone already
        self._report("files", "out of file descriptors", 1)
        if not self._make_room():
            self._paused_until = time.monotonic() + PAUSE_S
            self.set_accept_enabled(False)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled and time.monotonic() >= self._paused_until)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        pause = self._paused_until - time.monotonic()
        super().wait_for_and_dispatch_events(min(timeout, pause) if pause > 0 else timeout)

    def _has_room(self) -> bool:
        held: int = self.nr_conns
        return held < self._most and held + self._taken_over() < self._most_files

    def _taken_over(self) -> int:
        """Connections that belong to the transport's loop by now."""
        parts = getattr(self.wsgi, "extensions", {}).get("crosstalk")
        loop = None if parts is None else parts.socketio.server.eio.loop
        return 0 if loop is None else len(loop.wires)

    def _make_room(self) -> bool:
        """Closes some connections that have no complete request. False when there is none."""
        if self.cfg.is_ssl:
            return False
        number = max(1, self._most // SHARE_CLOSED)
        # Those that have never had one come first.
        silent = [*self.pending_conns, *self.keepalived_conns]
        chosen = set(oldest_of_the_largest(((conn.network, conn) for conn in silent), number))
        for waiting in (self.pending_conns, self.keepalived_conns):
            left = [conn for conn in waiting if conn not in chosen]
            waiting.clear()
            waiting.extend(left)
        for conn in chosen:
            self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            conn.close()
        if chosen:
            self._report("silent", "closed connections that sent no complete request", len(chosen))
        return bool(chosen)

    def _report(self, reason: str, text: str, number: int) -> None:
        """Counts each, and logs the first of a minute."""
        closed_total.labels(reason).inc(number)
        now = time.monotonic()
        if now >= self._log_due.get(reason, 0.0):
            self._log_due[reason] = now + _LOG_EVERY_S
            log.warning(text, connections=self.nr_conns, live=self._taken_over(), most=self._most)


def network_of_peer(address: Any) -> str:
    """The network of an accepted connection: its address is a tuple, or a string on a Unix socket."""
    return network_of(str(address[0])) if isinstance(address, tuple) else network_of("")
