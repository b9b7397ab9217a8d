"""A WebSocket that is to take over from polling: `2probe`, `3probe`, the poll is answered, `5` (Engine.IO protocol 4, "Upgrade")."""

from typing import TYPE_CHECKING, Any

from engineio import packet as stock

from fastlane import frames
from fastlane.clock import now

if TYPE_CHECKING:
    from fastlane.session import Session

UPGRADE_S = 10.0
# Between the probe and the upgrade each poll is answered with a NOOP. A client whose upgrade hangs asks again at once: the
# reference server answers ten times a second.
NOOP_PACE_S = 0.1
_PROBED = frames.frame(frames.TEXT, f"{stock.PONG}probe".encode())


class Upgrade:
    """One attempt, on the loop or on the stock path. `wire` is the WebSocket of either."""

    __slots__ = ("_released_at", "_session", "probed", "wire")

    def __init__(self, session: "Session", wire: Any) -> None:
        self._session = session
        self.wire = wire
        self.probed = False
        """The WebSocket has carried a message in each direction. Until then the client goes on polling."""
        self._released_at = 0.0
        session.engine.clock.after(UPGRADE_S, self.fail)

    @property
    def is_current(self) -> bool:
        return self._session.upgrade is self

    def received(self, content: str | bytes) -> None:
        """A message on the WebSocket, on the loop."""
        if content == "2probe" and not self.probed:
            self.wire.put(_PROBED)
            self.probe()
        elif content == "5" and self.probed:
            self._session.upgrade = None
            self._session.release_poll()
            self._session.open_on(self.wire)
        else:
            self.fail()

    def probe(self) -> None:
        """The probe has been answered."""
        self.probed = True
        self._release()

    def poll_waits(self) -> None:
        """A poll with nothing to fetch: it is answered with a NOOP once the WebSocket has been probed."""
        if self.probed:
            left = self._released_at + NOOP_PACE_S - now()
            if left <= 0:
                self._release()
            else:
                self._session.engine.clock.after(left, self._release)

    def _release(self) -> None:
        if self.is_current:
            self._released_at = now()
            self._session.release_poll()

    def fail(self) -> None:
        """The session stays with polling."""
        if self.is_current:
            self._session.upgrade = None
            self.wire.cut()
