"""What clients sent, handled by a few workers: each client's in order, everybody's side by side."""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# A client that sends more packets than these, at once and a second, is no client: it is cut.
FLOOD_BURST = 1_000
FLOOD_RATE = 200
# So much may wait here before the rest is left in the kernel, whose window tells the client to wait.
MOST_ENTRIES = 256
MOST_BYTES = 1_048_576

Entry = str | bytes | Callable[[], object]
log = logging.getLogger("fastlane")


class Workers:
    """A bounded pool. Threads come when they are needed and stay."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: queue.SimpleQueue[Inbox] = queue.SimpleQueue()
        self._counting = threading.Lock()
        self._threads = 0
        self._idle = 0

    def submit(self, inbox: "Inbox") -> None:
        with self._counting:
            if self._idle > 0:
                self._idle -= 1
            elif self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._run, name=f"fastlane-{self._threads}", daemon=True).start()
        self._waiting.put(inbox)

    def _run(self) -> None:
        while True:
            self._waiting.get().work()
            with self._counting:
                self._idle += 1


class Inbox:
    """One client's. An entry is a message, or something that has to happen after the messages before it."""

    __slots__ = ("_allowance", "_allowed_at", "_bytes", "_entries", "_lock", "_taken", "handle", "on_room", "workers")

    def __init__(self, workers: Workers, handle: Callable[[str | bytes], object], on_room: Callable[[], object]) -> None:
        self.workers = workers
        self.handle = handle
        self.on_room = on_room
        """Called when it has become empty."""
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._taken = False
        self._allowance = float(FLOOD_BURST)
        self._allowed_at = time.monotonic()

    def is_full(self) -> bool:
        return len(self._entries) > MOST_ENTRIES or self._bytes > MOST_BYTES

    def may_take_another(self) -> bool:
        """Counts a packet of the client; False when it has sent too many."""
        now = time.monotonic()
        self._allowance = min(FLOOD_BURST, self._allowance + (now - self._allowed_at) * FLOOD_RATE) - 1
        self._allowed_at = now
        return self._allowance >= 0

    def put(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)
            if not callable(entry):
                self._bytes += len(entry)
            if self._taken:
                return
            self._taken = True
        self.workers.submit(self)

    @contextmanager
    def handled_here(self) -> Iterator[None]:
        """What is put inside is handled by this thread at the end, unless a worker is at it already."""
        with self._lock:
            mine, self._taken = not self._taken, True
        try:
            yield
        finally:
            if mine:
                self.work()

    def work(self) -> None:
        """Handles what is there, until there is no more."""
        while True:
            with self._lock:
                if not self._entries:
                    self._taken = False
                    break
                entry = self._entries.popleft()
                if not callable(entry):
                    self._bytes -= len(entry)
            try:
                if callable(entry):
                    entry()
                else:
                    self.handle(entry)
            except Exception:
                log.exception("a message could not be handled")
        self.on_room()
