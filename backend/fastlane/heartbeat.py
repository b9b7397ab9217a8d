"""Whether a client is still there: a ping now and then, and the pong that must follow."""

from typing import TYPE_CHECKING

from engineio import packet as stock
from engineio.packet import Packet

from fastlane.clock import now

if TYPE_CHECKING:
    from fastlane.session import Session

_PING = Packet(stock.PING)


class Heartbeat:
    """Pings a session for as long as it lives, and ends it when it does not answer. Engine.IO protocol, "Heartbeat".

    It stands in the clock itself, once: thousands of connections do nothing else than this.
    """

    __slots__ = ("_awaiting_pong", "_session", "_since")

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._awaiting_pong = False
        self._since = 0.0
        """When the last ping or pong was."""

    def begin(self) -> None:
        self._since = now()
        self._again_in(self._session.engine.ping_interval)

    def pong(self) -> None:
        if self._awaiting_pong:
            # In this order: who sees that nothing is awaited has to see since when.
            self._since = now()
            self._awaiting_pong = False

    def _again_in(self, seconds: float) -> None:
        self._session.engine.clock.after(seconds, self)

    def __call__(self) -> None:
        session = self._session
        engine = session.engine
        if session.closed:
            return
        awaiting = self._awaiting_pong
        left = self._since + (engine.ping_timeout if awaiting else engine.ping_interval) - now()
        if left > 0:
            self._again_in(left)
        elif not awaiting:
            self._since = now()
            self._awaiting_pong = True
            self._again_in(min(engine.ping_interval, engine.ping_timeout))
            session.send(_PING)
        elif session.is_paused:
            # Its answer may lie in the kernel, where we leave it.
            self._since = now()
            self._again_in(engine.ping_timeout)
        else:
            session.close(abort=True, reason=engine.reason.PING_TIMEOUT)
