"""Which sessions a process accepts: bounds for the process and for each network, and room for clients that authenticate.

A session is *waiting* until its client is authenticated: until it has entered a namespace that asks for more than a connection.
"""

import threading
from functools import partial
from typing import TYPE_CHECKING

from fastlane.clock import now
from fastlane.refusals import Refusal

if TYPE_CHECKING:
    from fastlane.session import Session

# The last tenth of the connections is for clients that authenticate at once.
RESERVE = 10
RESERVE_S = 2.0
_RETRY_AFTER_S = 5


class _Network:
    """The sessions of one network."""

    __slots__ = ("sessions", "waiting")

    def __init__(self) -> None:
        self.sessions = 0
        self.waiting = 0


class Admission:
    """Counts sessions. A new one takes the place of the oldest waiting one when a process is full, so that sessions without
    authentication never keep a client with a valid token out.

    `network` limits the sessions of one network and `waiting` those of them that wait; None for no limit. A session whose
    network is empty counts for the process alone.
    """

    def __init__(self, sockets: "dict[str, Session]", *, network: int | None, waiting: int | None, patience: float) -> None:
        self._sockets = sockets
        self._most_of_network = network
        self._most_waiting = waiting
        self._patience = patience
        self._waiting: dict[str, tuple[Session, float]] = {}
        """By session id, oldest first, with the time when each was opened."""
        self._networks: dict[str, _Network] = {}
        self._lock = threading.Lock()

    def admit(self, session: "Session", most: int) -> "Session | None":
        """Adds a session to the sockets of a process that accepts `most`. Returns the session that must end for it, if any.
        Raises Refusal."""
        with self._lock:
            self._check_network(session.network)
            free = most - len(self._sockets)
            evicted = self._evictable(full=free <= 0) if most and free <= most // RESERVE else None
            if free <= 0 and evicted is None:
                raise _later("503 SERVICE UNAVAILABLE", "Too many connections", "connections")
            if evicted is not None:
                self._stop_waiting(evicted)
            self._sockets[session.sid] = session
            network = self._networks.setdefault(session.network, _Network())
            network.sessions += 1
            network.waiting += 1
            self._waiting[session.sid] = session, now()
            return evicted

    def _check_network(self, name: str) -> None:
        network = self._networks.get(name)
        if network is None or not name:
            return
        if self._most_of_network is not None and network.sessions >= self._most_of_network:
            raise _later("429 TOO MANY REQUESTS", "Too many connections from this network", "network_connections")
        if self._most_waiting is not None and network.waiting >= self._most_waiting:
            problem = "Too many connections from this network that are not authenticated"
            raise _later("429 TOO MANY REQUESTS", problem, "network_waiting")

    def _evictable(self, *, full: bool) -> "Session | None":
        """The oldest waiting session that may be ended for a new one. A session in an open namespace keeps its place for the
        time that others have to enter one."""
        moment = now()
        for session, opened_at in self._waiting.values():
            age = moment - opened_at
            if not full and age <= RESERVE_S:
                break
            if not session.joined or (full and age > self._patience):
                return session
        return None

    def authenticated(self, session: "Session") -> None:
        """From here on the session keeps its place."""
        with self._lock:
            self._stop_waiting(session)

    def _stop_waiting(self, session: "Session") -> None:
        if self._waiting.pop(session.sid, None) is not None:
            self._networks[session.network].waiting -= 1

    def forget(self, session: "Session") -> None:
        """The session is over."""
        with self._lock:
            if self._sockets.pop(session.sid, None) is None:
                return
            self._stop_waiting(session)
            network = self._networks[session.network]
            network.sessions -= 1
            if not network.sessions:
                del self._networks[session.network]


def expect_namespace(session: "Session") -> None:
    """Ends a session whose client enters no namespace within the engine's `connect_timeout`."""
    patience = session.engine.connect_timeout
    if patience is not None and not session.joined:
        session.engine.clock.after(patience, partial(_check_namespace, session))


def _check_namespace(session: "Session") -> None:
    if not session.joined:
        session.end("connect_timeout")


def _later(status: str, problem: str, reason: str) -> Refusal:
    return Refusal(status, problem, ("Retry-After", str(_RETRY_AFTER_S)), reason=reason)
