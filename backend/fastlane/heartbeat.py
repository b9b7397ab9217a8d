"""Whether a client is still there: a ping now and then, and the pong that must follow."""

from typing import TYPE_CHECKING

from engineio import packet as stock
from engineio.packet import Packet

if TYPE_CHECKING:
    from fastlane.session import Session


class Heartbeat:
    """Pings a session for as long as it lives, and ends it when it does not answer. Engine.IO protocol, "Heartbeat"."""

    __slots__ = ("_awaiting_pong", "_pings", "_session")

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._awaiting_pong = False
        self._pings = 0

    def begin(self) -> None:
        engine = self._session.engine
        engine.clock.after(engine.ping_interval, self._ping)

    def pong(self) -> None:
        if self._awaiting_pong:
            self._awaiting_pong = False
            self.begin()

    def _ping(self) -> None:
        if not self._session.closed:
            self._awaiting_pong = True
            self._pings += 1
            self._session.send(Packet(stock.PING))
            self._expect_pong(self._pings)

    def _expect_pong(self, number: int) -> None:
        engine = self._session.engine
        engine.clock.after(engine.ping_timeout, lambda: self._check_pong(number))

    def _check_pong(self, number: int) -> None:
        session = self._session
        if self._awaiting_pong and number == self._pings and not session.closed:
            if session.is_paused:
                # Its answer may lie in the kernel, where we leave it.
                self._expect_pong(number)
            else:
                session.close(abort=True, reason=session.engine.reason.PING_TIMEOUT)
