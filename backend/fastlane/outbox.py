"""What waits for a client that polls, or for the writer of a stock WebSocket."""

import threading
from collections import deque

from engineio import packet as stock
from engineio.packet import Packet

from fastlane.clock import now
from fastlane.packets import size_of

# The Python client drops everything after the sixteenth packet of an answer. Browsers, which say that they are some, take all.
POLL_PACKETS, BROWSER_PACKETS = 16, 256
# Who polls in a busy room had better fetch much at once than ask for each: after an answer the next, if short, takes so long.
_PACE_S = 0.05
# A deque without anything in it has more than half a kilobyte, and at most clients nothing waits. Nothing is put into this one.
_NOTHING: deque[Packet] = deque(maxlen=0)


class Outbox:
    """Packets in the order in which they were sent, for any thread."""

    __slots__ = ("_lock", "_packets", "_taken_at", "bytes")

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        """Held for a few steps, and never together with another."""
        self._packets = _NOTHING
        self._taken_at = 0.0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._packets)

    def put(self, packet: Packet) -> None:
        with self._lock:
            if not self._packets:
                self._packets = deque()
            self._packets.append(packet)
            self.bytes += size_of(packet)

    def take(self, most: int) -> list[Packet]:
        """Up to so many packets. CLOSE comes alone: JavaScript clients forget what stands beside it."""
        with self._lock:
            taken: list[Packet] = []
            packets = self._packets
            while packets and len(taken) < most and not (taken and packets[0].packet_type == stock.CLOSE):
                taken.append(packets.popleft())
                self.bytes -= size_of(taken[-1])
            if not packets:
                self._packets = _NOTHING
            if taken:
                self._taken_at = now()
            return taken

    def due_in(self, most: int) -> float:
        """Seconds until what waits is to be the answer to a poll that takes so many packets."""
        return 0.0 if len(self._packets) >= most else max(0.0, self._taken_at + _PACE_S - now())

    def clear(self) -> None:
        with self._lock:
            self._packets = _NOTHING
            self.bytes = 0
