"""A WebSocket on the loop."""

from typing import TYPE_CHECKING

from fastlane import frames
from fastlane.bounds import may_send, most_bytes
from fastlane.native import EPOLLIN
from fastlane.wire import LAST, Wire

if TYPE_CHECKING:
    from fastlane.loop import Loop
    from fastlane.session import Session


class WebSocket(Wire):
    """Reads frames and hands messages to its session; knows how to end in every case.

    open ─ close frame put or answered ─▶ LAST ─ everything written, half closed ─▶ parting ─ EOF or 2 s ─▶ gone
      └─────────── EOF, reset, overflow, a peer that is dead: nothing more to say ─────────────────────────▶ gone
    """

    __slots__ = ("_frames", "paused", "session")

    def __init__(self, loop: "Loop", fd: int, session: "Session") -> None:
        super().__init__(loop, fd)
        self.session = session
        self.paused = False
        self._frames = frames.FrameReader(most_bytes(session))

    def wanted(self) -> int:
        return 0 if self.paused else EPOLLIN

    def pause(self, paused: bool) -> None:
        """Leaves what comes in the kernel, whose window tells the peer to wait."""
        if paused != self.paused and not self.gone:
            self.paused = paused
            self.loop.watch(self)

    def received(self, data: bytes) -> None:
        if self.state == LAST:
            return
        found: list[frames.Message] = []
        self._frames.max_bytes = most_bytes(self.session)
        try:
            self._frames.feed(data, found)
        except frames.FrameError as broken:
            self._take(found)
            self.session.broke_the_protocol(self, broken.code, str(broken))
            return
        self._take(found)

    def _take(self, found: list[frames.Message]) -> None:
        for opcode, content in found:
            if self.state == LAST:
                return
            if opcode <= frames.BINARY:
                self.session.received(self, content)
            elif opcode == frames.PING:
                assert isinstance(content, bytes)
                if may_send(self.session, len(content)):
                    self.put(frames.frame(frames.PONG, content))
            elif opcode == frames.CLOSE:
                assert isinstance(content, bytes)
                self._closed_by_peer(content)

    def _closed_by_peer(self, content: bytes) -> None:
        try:
            code = frames.close_code(content)
        except frames.FrameError as broken:
            self.session.broke_the_protocol(self, broken.code, str(broken))
            return
        self.leave(code)
        self.session.transport_closed(self)

    def leave(self, code: int, reason: str = "") -> None:
        """Says goodbye after what waits, and hangs up."""
        self.put_last(frames.close_frame(code, reason))

    def overflow(self) -> None:
        self.session.overflowed()

    def lost(self) -> None:
        if not self.gone:
            super().lost()
            # Deadlines may keep it and its session for some time yet; half a message they need not.
            self._frames = frames.FrameReader(0)
            self.session.transport_closed(self)
