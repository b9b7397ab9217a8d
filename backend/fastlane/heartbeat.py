"""Whether a client is still there: a ping now and then, and the pong that must follow."""

import threading
from typing import TYPE_CHECKING

from engineio import packet as stock
from engineio.packet import Packet

from fastlane.clock import now

if TYPE_CHECKING:
    from fastlane.session import Session

_PING = Packet(stock.PING)
_LATE_S = 0.02


class Heartbeat:
    """Pings a session for as long as it lives, and ends it when it does not answer. Engine.IO protocol, "Heartbeat".

    It stands in the clock itself, once: thousands of connections do nothing else than this.
    """

    __slots__ = ("_lock", "_session", "_since", "owed")

    def __init__(self, session: "Session", lock: threading.Lock) -> None:
        self._session = session
        self._lock = lock
        """Held for a few steps, and never together with another."""
        self.owed = 0
        """Pongs that are still to come."""
        self._since = 0.0
        """When the last ping or pong was."""

    @property
    def is_overdue(self) -> bool:
        """The client polls, and its pong has not come in time: the session is over, though the clock has not said so yet."""
        session = self._session
        return bool(self.owed) and not session.upgraded and now() > self._since + session.engine.ping_timeout

    def begin(self) -> None:
        self._since = now()
        self._again_in(self._session.engine.ping_interval)

    def ping(self, due: float = 0.0) -> None:
        """`due` is when it should have gone out: from then on the client has its time, unless the ping is much too late."""
        with self._lock:
            self._since = max(due, now() - _LATE_S)
            self.owed += 1
        self._session.send(_PING)

    def pong(self) -> None:
        with self._lock:
            if self.owed:
                # In this order: who sees that nothing is owed has to see since when.
                self._since = now()
                self.owed -= 1

    def _again_in(self, seconds: float) -> None:
        self._session.engine.clock.after(seconds, self)

    def __call__(self) -> None:
        session = self._session
        engine = session.engine
        if session.closed:
            return
        owed = self.owed
        left = self._since + (engine.ping_timeout if owed else engine.ping_interval) - now()
        if left > 0:
            self._again_in(left)
        elif not owed:
            self._again_in(min(engine.ping_interval, engine.ping_timeout))
            self.ping(self._since + engine.ping_interval)
        elif session.is_paused:
            # Its answer may lie in the kernel, where we leave it.
            self._since = now()
            self._again_in(engine.ping_timeout)
        else:
            session.close(abort=True, reason=engine.reason.PING_TIMEOUT)
