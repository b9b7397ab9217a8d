"""One loop a process owns every WebSocket: it reads, writes and watches the clock for all of them.

Other threads do not touch a connection. They post what is to be done; the loop does it in the order of posting. So no
connection needs a lock, all members of a room see its events in one order, and what piles up while the loop writes goes
out in one write per client.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engineio.packet import Packet

from fastlane import native, ring
from fastlane.clock import Clock, now
from fastlane.packets import framed
from fastlane.stats import Stats
from fastlane.wire import DIRTY, IDLE, LAST, Wire

if TYPE_CHECKING:
    from fastlane.session import Session

# So many writes between two looks at what came in meanwhile: an ack waits no longer than they take.
SLICE = 256
_LAG_EVERY_S = 1.0
# After a round of writes the loop rests for as long as that took, and at most for so long, if everybody keeps to it.
MOST_REST_S = 0.02
log = logging.getLogger("fastlane")

# How soon to ask again while it writes.
_ROUND_S = 0.001

# A loop that is busier than this is not waited for.
_CATCH_UP_S = 1.0

Job = tuple[Sequence["Session"], Packet] | tuple[None, Callable[[], object]]


class Loop:
    """`post` and `call` from any thread; everything else in the loop's own."""

    def __init__(self, stats: Stats, *, queue_bytes: int, queue_frames: int) -> None:
        self.stats = stats
        self.queue_bytes = queue_bytes
        self.queue_frames = queue_frames
        self.clock = Clock()
        self.dirty: deque[Wire] = deque()
        self.wires: dict[int, Wire] = {}
        self.lag_s = 0.0
        self._lag_due = now()
        self._jobs: deque[Job] = deque()
        self._epoll = native.epoll()
        self._doorbell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._doorbell, native.EPOLLIN)
        self._asleep = False
        self._quiet: set[int] = set()
        """The threads that ring once for all that they post."""
        self._round_began = 0.0
        self._rested_at = 0.0
        self._send_each: ring.Sender = native.send_each

    def start(self) -> None:
        """Starts the loop in the process that serves: not before a server has forked."""
        self._send_each = ring.sender()
        threading.Thread(target=self._run, name="fastlane", daemon=True).start()

    # ── for every thread ──

    def post(self, sessions: Sequence["Session"], packet: Packet) -> None:
        """Sends a packet to these sessions."""
        self._jobs.append((sessions, packet))
        self._wake()

    def call(self, work: Callable[[], object]) -> None:
        self._jobs.append((None, work))
        self._wake()

    def catch_up(self, done: Any) -> None:
        """Returns when the loop has handled all that had reached its connections before the call. `done` is an event."""
        # What is posted while the loop works is done in its next turn, which begins with reading.
        self.call(lambda: self.call(done.set))
        done.wait(_CATCH_UP_S)

    @contextmanager
    def together(self) -> Iterator[None]:
        """The loop is woken once, at the end, for all that this thread posts inside: else it would be for each, and take
        the interpreter lock from whoever has more to post."""
        me = threading.get_ident()
        self._quiet.add(me)
        try:
            yield
        finally:
            self._quiet.discard(me)
            if self._jobs:
                self._wake()

    def patience(self) -> float:
        """Seconds in which an event that many are to hear had better wait: it shares a write with those that come meanwhile."""
        if self._round_began or self._jobs:
            return _ROUND_S
        return max(0.0, self._rested_at - now())

    def _wake(self) -> None:
        if self._asleep and threading.get_ident() not in self._quiet:
            self._asleep = False
            os.eventfd_write(self._doorbell, 1)

    # ── for the loop's thread ──

    def adopt(self, wire: Wire) -> None:
        """Takes a descriptor. When the kernel watches no more of them, it is closed, and OSError raised."""
        os.set_blocking(wire.fd, False)
        try:
            self._epoll.register(wire.fd, native.EPOLLIN)
        except OSError:
            wire.gone = True
            os.close(wire.fd)
            raise
        self.wires[wire.fd] = wire

    def watch(self, wire: Wire) -> None:
        """Waits for what the wire waits for."""
        if not wire.gone:
            self._epoll.modify(wire.fd, wire.wanted() | (native.EPOLLOUT if wire.held is not None else 0))

    def release(self, wire: Wire) -> None:
        del self.wires[wire.fd]
        os.close(wire.fd)

    def flush(self, wires: Iterable[Wire]) -> None:
        """Writes what waits for each of them."""
        pending = [(wire, data) for wire in wires if (data := wire.pending())]
        last = any(wire.state == LAST for wire, _ in pending)
        sent = self._send_each([wire.fd for wire, _ in pending], [data for _, data in pending])
        if not last and sent == [len(data) for _, data in pending]:
            return
        for (wire, data), size in zip(pending, sent, strict=True):
            if size == len(data) and wire.state != LAST:
                continue
            try:
                wire.sent(data, size)
            except Exception:
                log.exception("a connection failed")
                wire.lost()

    def _run(self) -> None:
        self._measure_lag()
        while True:
            try:
                self._turn()
            except Exception:
                log.exception("a piece of work failed")

    def _measure_lag(self) -> None:
        # How late this is called, is how long the loop was busy with something else.
        self.lag_s = max(0.0, now() - self._lag_due)
        self._lag_due = now() + _LAG_EVERY_S
        self.clock.after(_LAG_EVERY_S, self._measure_lag)

    def _turn(self) -> None:
        patience = self.clock.run()
        if self.dirty or self._jobs:
            patience = 0.0
        else:
            self._asleep = True
            if self._jobs:  # posted while nobody thought of ringing
                patience = 0.0
        events = native.wait(self._epoll, patience)
        self._asleep = False
        for fd, event in events:
            wire = self.wires.get(fd)
            if wire is None:
                if fd == self._doorbell:
                    os.eventfd_read(fd)
                continue
            try:
                if event & native.EPOLLOUT:
                    wire.writable()
                if event & ~native.EPOLLOUT and not wire.gone:
                    wire.readable()
            except Exception:
                log.exception("a connection failed")
                wire.lost()
        self._work()
        dirty = self.dirty
        if dirty:
            began = self._round_began = self._round_began or now()
            self.flush([dirty.popleft() for _ in range(min(SLICE, len(dirty)))])
            if not dirty:
                ended = now()
                self._rested_at = max(self._rested_at, ended + min(MOST_REST_S, ended - began))
                self._round_began = 0.0

    def _work(self) -> None:
        """What has been posted, in its order; what is posted meanwhile comes next time."""
        jobs = self._jobs
        left = len(jobs)
        while left:
            sessions, what = jobs.popleft()
            left -= 1
            if sessions is None:
                what()
                continue
            packets = [what]
            while left and jobs[0][0] is sessions:
                packets.append(jobs.popleft()[1])
                left -= 1
            self._deliver(sessions, packets)

    def _deliver(self, sessions: Sequence["Session"], packets: Sequence[Packet]) -> None:
        """What goes to the same sessions, one after the other, is joined once for all."""
        self.stats.deliveries += len(sessions) * len(packets)
        dirty = self.dirty
        data = b"".join(map(framed, packets))
        frames = len(packets)
        for session in sessions:
            wire = session.wire
            if wire is None:
                for packet in packets:
                    session.queue(packet)
                continue
            if wire.state == IDLE:
                wire.state = DIRTY
                wire.out = data
                wire.frames = frames
                dirty.append(wire)
            else:
                wire.put(data, frames)
