"""The server's process from outside: its threads, descriptors and memory, and a healthy client that asks how it is."""

import os
import threading
import time
from collections import Counter
from pathlib import Path

from server import until
from transport.paths import Running
from transport.wire import PATIENCE_S, Gone, Quiet, Wire

PAGE_BYTES = os.sysconf("SC_PAGESIZE")
THREADS_MORE = 16
THREADS_MORE_OF_STOCK = 300
"""Pools keep those that they have needed once: eight workers, and the server's own. The stock path has needed one a
connection, and no test has more of them at once there."""


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def sockets(pid: int) -> int:
    """Its sockets alone: a database opens and closes files as it likes."""
    found = 0
    for one in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found += one.readlink().name.startswith("socket:")
        except FileNotFoundError:
            continue  # closed meanwhile
    return found


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def most_resident_bytes(pid: int) -> int:
    """The most it ever had since `forget_the_most`."""
    [found] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(found.split()[1]) * 1024


def forget_the_most(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


class Neighbour:
    """A healthy client: it reads what comes, answers pings, and asks ten times a second whether it is still answered."""

    def __init__(self, port: int) -> None:
        self._wire = Wire(port).enter()
        self._stop = threading.Event()
        self._fault: BaseException | None = None
        self.slowest_s = 0.0
        self.asked = 0
        self._next = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asked_at = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            try:
                if not asked_at and now >= self._next:
                    asked_at = now
                    self._wire.say('4277["my event","how are you"]')
                if self._wire.receive(0.1) == '4377["one",2]':
                    self.slowest_s = max(self.slowest_s, time.monotonic() - asked_at)
                    self.asked += 1
                    asked_at, self._next = 0.0, now + 0.1
            except Quiet as quiet:
                if asked_at and now - asked_at > PATIENCE_S:
                    self._fault = quiet
                    return
            except (Gone, AssertionError, OSError) as fault:
                self._fault = fault
                return

    def check(self) -> None:
        """It must have noticed nothing, and be answered once more."""
        asked = self.asked
        until("an answer for the neighbour", lambda: self._fault is not None or self.asked > asked)
        assert self._fault is None, f"the neighbour noticed: {self._fault!r}"

    def leave(self) -> None:
        self._stop.set()
        self._thread.join(20)
        self._wire.close()


class Watch:
    """Taken before a test does its worst, and checked after it."""

    def __init__(self, server: Running, *, loop: bool = True) -> None:
        self.server = server
        self._more = THREADS_MORE if loop else THREADS_MORE_OF_STOCK
        self.neighbour = Neighbour(server.port)
        self.pid = server.worker
        self._told = Counter(server.log().splitlines())
        self.neighbour.check()
        self.threads, self.sockets, self.memory = threads(self.pid), sockets(self.pid), resident_bytes(self.pid)
        forget_the_most(self.pid)

    def lines(self) -> list[str]:
        """What the server has logged since."""
        return list((Counter(self.server.log().splitlines()) - self._told).elements())

    def grown_bytes(self) -> int:
        """How much larger it has been at its largest."""
        return most_resident_bytes(self.pid) - self.memory

    def comes_back(self, seconds: float = 15.0) -> None:
        """Waits until threads and sockets are back to what they were."""
        until(
            f"sockets back to {self.sockets} and threads to {self.threads}",
            lambda: sockets(self.pid) <= self.sockets and threads(self.pid) <= self.threads + self._more,
            seconds,
        )

    def check(self) -> None:
        self.neighbour.check()
        assert self.server.worker == self.pid, "the same process still serves"
        for line in self.lines():
            assert len(line.encode()) <= 300, line
            assert "Traceback" not in line, line
