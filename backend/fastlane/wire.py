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
IDLE, DIRTY, BLOCKED, LAST = range(4)
"""Nothing to write · on the loop's list of those to be flushed · the kernel takes no more · nothing comes after what is there."""
_RESET = struct.pack("ii", 1, 0)


class Wire:
    """Writes without waiting; what does not fit is kept, up to a bound, until the descriptor takes more."""

    __slots__ = ("blocked", "fd", "gone", "joined", "loop", "out", "parting", "state", "waiting")

    def __init__(self, loop: "Loop", fd: int) -> None:
        self.loop = loop
        self.fd = fd
        self.out: list[bytes] = []
        self.joined = 0
        """Frames that stand behind another one in the same entry of `out`."""
        self.state = IDLE
        self.blocked = False
        """The kernel takes no more; the loop waits until it does."""
        self.waiting = 0
        """Bytes in `out` while blocked."""
        self.parting = False
        """Everything has been said, the peer is to hang up."""
        self.gone = False

    # ── writing ──

    def put(self, data: bytes) -> None:
        """Writes it in this turn of the loop, together with what else there is."""
        if self.state == LAST:
            return
        self.out.append(data)
        if self.state == IDLE:
            self.state = DIRTY
            self.loop.dirty.append(self)
        elif self.state == BLOCKED:
            self._hold(len(data))

    def put_last(self, data: bytes) -> None:
        """Writes it after what waits, and hangs up."""
        if self.state != LAST:
            self.out.append(data)
            self.state = LAST
            self.loop.dirty.append(self)
            self.loop.clock.after(CLOSING_S, self._give_up)

    def pending(self) -> bytes:
        """Takes what is to be written now."""
        out = self.out
        if self.blocked or not out:
            return b""
        self.loop.stats.count_flush(len(out) + self.joined)
        self.joined = 0
        data = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        return data

    def sent(self, data: bytes, size: int) -> None:
        """So much of what was pending has been taken by the kernel: not all, or all of the last."""
        if size == len(data):
            self._hang_up()
            return
        size = max(0, size)
        self.out.append(data[size:])
        self.blocked = True
        if self.state != LAST:
            self.state = BLOCKED
        self.loop.watch(self)
        self.waiting = 0
        self._hold(len(data) - size)

    def _hold(self, size: int) -> None:
        self.waiting += size
        if self.waiting > self.loop.queue_bytes or len(self.out) > self.loop.queue_frames:
            self.overflow()

    def writable(self) -> None:
        self.blocked = False
        if self.state != LAST:
            self.state = DIRTY
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
            self.out.clear()
            self.loop.release(self)

    def cut(self) -> None:
        """Resets the connection: nothing of it is kept, neither here nor in the kernel."""
        if not self.gone:
            with socket.socket(fileno=os.dup(self.fd)) as raw:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.lost()
