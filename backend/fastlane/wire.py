"""One descriptor on the loop: what waits to be written, and the way to a proper end. Touched by the loop's thread alone."""

import os
import socket
import struct
from typing import TYPE_CHECKING

from fastlane.native import EPOLLIN

if TYPE_CHECKING:
    from fastlane.loop import Loop

READ_BYTES = 65_536
# A peer that has been told goodbye has so long to hang up. Closed sooner, with something unread, TCP would reset the
# connection and the peer could lose what it had not read yet (RFC 9293, 3.10.4).
LINGER_S = 2.0
# And what was to be written before that, for a peer that does not read, is given up after so long.
CLOSING_S = 5.0
# How far apart two writes are that must not share a read: a client needs less to handle the first.
SEPARATE_S = 0.005
IDLE, DIRTY, BLOCKED, LAST = range(4)
"""Nothing to write · on the loop's list of those to be flushed · the kernel takes no more · nothing comes after what is there."""
_RESET = struct.pack("ii", 1, 0)


class Wire:
    """Writes without waiting; what does not fit is kept, up to a bound, until the descriptor takes more."""

    __slots__ = ("fd", "frames", "gone", "held", "loop", "out", "parting", "state", "waiting")

    def __init__(self, loop: "Loop", fd: int) -> None:
        self.loop = loop
        self.fd = fd
        self.out = b""
        """To be written in this turn of the loop."""
        self.frames = 0
        """So many frames are in it."""
        self.held: list[bytes] | None = None
        """What comes after the bytes that the kernel did not take any more; None as long as it takes all."""
        self.waiting = 0
        """Bytes held."""
        self.state = IDLE
        self.parting = False
        """Everything has been said, the peer is to hang up."""
        self.gone = False

    # ── writing ──

    def put(self, data: bytes, frames: int = 1) -> None:
        """Writes it in this turn of the loop, together with what else there is."""
        if self.state == LAST:
            return
        self._add(data, frames)
        if self.state == IDLE:
            self.state = DIRTY
            self.loop.dirty.append(self)

    def put_last(self, data: bytes) -> None:
        """Writes it after what waits, and hangs up."""
        if self.state != LAST:
            self._add(data, 1)
            self.state = LAST
            self.loop.dirty.append(self)
            self.loop.clock.after(CLOSING_S, self._give_up)

    def _add(self, data: bytes, frames: int) -> None:
        self.frames += frames
        if self.held is None:
            self.out += data
        else:
            self._hold(data)

    def _hold(self, data: bytes) -> None:
        assert self.held is not None
        self.held.append(data)
        self.waiting += len(data)
        if self.waiting > self.loop.queue_bytes or len(self.held) > self.loop.queue_frames:
            self.overflow()

    def pending(self) -> bytes:
        """Takes what is to be written now."""
        data = self.out
        if data:
            self.loop.stats.count_flush(self.frames)
            self.out = b""
            self.frames = 0
            if self.state == DIRTY:
                self.state = IDLE
        return data

    def sent(self, data: bytes, size: int) -> None:
        """So much of what was pending has been taken by the kernel: not all, or all of the last."""
        if size == len(data):
            self._hang_up()
            return
        if self.state != LAST:
            self.state = BLOCKED
        self.held = []
        self.loop.watch(self)
        self._hold(data[max(0, size) :])

    def separate(self) -> None:
        """What is put from here on goes out a moment later than what was put before, and so reaches the peer in another read."""
        self.loop.flush([self])
        if self.state == IDLE:
            self.state = BLOCKED
            self.held = []
            self.loop.clock.after(SEPARATE_S, self.writable)

    def writable(self) -> None:
        if self.held is not None:
            self.out, self.held, self.waiting = b"".join(self.held), None, 0
            if self.state != LAST:
                self.state = DIRTY if self.out else IDLE
            self.loop.watch(self)
            self.loop.flush([self])

    def overflow(self) -> None:
        """More waits than may."""
        self.cut()

    # ── reading ──

    def readable(self) -> None:
        try:
            data = os.read(self.fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.lost()
        elif not self.parting:
            self.received(data)

    def wanted(self) -> int:
        return EPOLLIN

    def received(self, data: bytes) -> None:
        raise NotImplementedError

    # ── the end ──

    def _hang_up(self) -> None:
        self.parting = True
        try:
            with socket.socket(fileno=os.dup(self.fd)) as raw:
                raw.shutdown(socket.SHUT_WR)
        except OSError:
            self.lost()
            return
        self.loop.clock.after(LINGER_S, self.lost)

    def _give_up(self) -> None:
        if not self.parting:
            self.cut()

    def lost(self) -> None:
        """Closes the descriptor; what is in the kernel's hands still goes out."""
        if not self.gone:
            self.gone = True
            self.state = LAST
            self.out, self.held, self.waiting = b"", None, 0
            self.loop.release(self)

    def cut(self) -> None:
        """Resets the connection: nothing of it is kept, neither here nor in the kernel."""
        if not self.gone:
            with socket.socket(fileno=os.dup(self.fd)) as raw:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.lost()
