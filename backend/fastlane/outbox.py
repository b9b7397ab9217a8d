"""What waits for a client that polls, or for the writer of a stock WebSocket."""

import threading
from collections import deque

from engineio import packet as stock
from engineio.packet import Packet

from fastlane.packets import size_of


class Outbox:
    """Packets in the order in which they were sent, for any thread."""

    __slots__ = ("_lock", "_packets", "bytes")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._packets: deque[Packet] = deque()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._packets)

    def put(self, packet: Packet) -> None:
        with self._lock:
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
            return taken

    def clear(self) -> None:
        with self._lock:
            self._packets.clear()
            self.bytes = 0
