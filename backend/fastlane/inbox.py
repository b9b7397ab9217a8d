"""What clients sent, handled by a few workers: each client's in order, everybody's side by side."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from fastlane.clock import now
from fastlane.workers import Workers

# A client that sends more packets than these, at once and a second, is no client: it is cut.
FLOOD_BURST = 1_000
FLOOD_RATE = 200
# And one that is long counts as so many as it has of these.
FLOOD_BYTES = 4_096
# So much may wait here before the rest is left in the kernel, whose window tells the client to wait.
MOST_ENTRIES = 256
MOST_BYTES = 1_048_576
# Who has much to say lets the others go on in between.
TURN = 8

Entry = str | bytes | Callable[[], object]
log = logging.getLogger("fastlane")


class Owner(Protocol):
    """Whose inbox it is."""

    def handle(self, message: str | bytes) -> None: ...

    def has_room(self) -> None:
        """The inbox has become empty."""


# A deque without anything in it has more than half a kilobyte, and most clients say nothing. Nothing is put into this one.
_NOTHING: deque[Entry] = deque(maxlen=0)


class Inbox:
    """One client's. An entry is a message, or something that has to happen after the messages before it."""

    __slots__ = ("_bytes", "_entries", "_lock", "_owner", "_taken", "_used_up_to", "workers")

    def __init__(self, workers: Workers, owner: Owner, lock: threading.Lock) -> None:
        self.workers = workers
        self._owner = owner
        self._lock = lock
        """Held for a few steps, and never together with another."""
        self._entries = _NOTHING
        self._bytes = 0
        self._taken = False
        self._used_up_to = 0.0
        """Until when the packets that came take what the rate allows."""

    @property
    def is_handled(self) -> bool:
        """Whether all that was put has been."""
        return not self._taken

    def is_full(self) -> bool:
        return len(self._entries) > MOST_ENTRIES or self._bytes > MOST_BYTES

    def may_take_another(self, size: int) -> bool:
        """Counts a packet of the client; False when it has sent too many, or too much."""
        moment = now()
        self._used_up_to = max(moment, self._used_up_to) + (1 + size // FLOOD_BYTES) / FLOOD_RATE
        # The half is for what a thousand additions get wrong.
        return (self._used_up_to - moment) * FLOOD_RATE < FLOOD_BURST + 0.5

    def charge(self, packets: int) -> None:
        """Counts so many packets more, for one that cost the application more than it was worth."""
        self._used_up_to = max(now(), self._used_up_to) + packets / FLOOD_RATE

    def put(self, entry: Entry) -> None:
        with self._lock:
            if not self._entries:
                self._entries = deque()
            self._entries.append(entry)
            if not callable(entry):
                self._bytes += len(entry)
            if self._taken:
                return
            self._taken = True
        self.workers.submit(self.work)

    @contextmanager
    def handled_here(self) -> Iterator[None]:
        """What is put inside is handled by this thread at the end, unless a worker is at it already."""
        with self._lock:
            mine, self._taken = not self._taken, True
        try:
            yield
        finally:
            if mine:
                while self._handle_next():
                    pass
                self.workers.settle()

    def work(self) -> None:
        """Handles what is there, or so much of it as makes a turn; then it goes to the end of the line."""
        for _ in range(TURN):
            if not self._handle_next():
                return
        self.workers.submit(self.work)

    def _handle_next(self) -> bool:
        entry = self._next()
        if entry is None:
            self._owner.has_room()
            return False
        try:
            if callable(entry):
                entry()
            else:
                self._owner.handle(entry)
        except Exception:
            log.exception("a message could not be handled")
        return True

    def _next(self) -> Entry | None:
        """None when there is nothing more; then whoever puts something has it handled."""
        with self._lock:
            if not self._entries:
                self._taken = False
                return None
            entry = self._entries.popleft()
            if not self._entries:
                self._entries = _NOTHING
            if not callable(entry):
                self._bytes -= len(entry)
            return entry
