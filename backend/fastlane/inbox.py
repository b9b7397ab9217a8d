"""What clients sent, handled by a few workers: each client's in order, everybody's side by side."""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Protocol

from fastlane.clock import Clock, now

# A client that sends more packets than these, at once and a second, is no client: it is cut.
FLOOD_BURST = 1_000
FLOOD_RATE = 200
# So much may wait here before the rest is left in the kernel, whose window tells the client to wait.
MOST_ENTRIES = 256
MOST_BYTES = 1_048_576
# Nothing has moved for so long: whoever works has met something slow.
STUCK_S = 0.01
# What was deferred is done together: at most once in so long, when there is nothing else to do.
PACE_S = 0.01

Entry = str | bytes | Callable[[], object]
log = logging.getLogger("fastlane")


class Workers:
    """A bounded pool that works with as few threads as it can: those that run at once wait for one another's interpreter
    lock, and each commits alone what one would commit together. The first serves everybody. When nothing has moved for
    `STUCK_S`, another comes to help, until the first goes on. Threads come when they are needed and stay."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self.settle: Callable[[], bool] = lambda: False
        """Called when nobody waits to be handled, and before what may take long: what handlers have deferred is done then.
        False when there was nothing."""
        self._waiting: queue.SimpleQueue[Inbox] = queue.SimpleQueue()
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        """Each one brings one helper. That it is still there, means that none is at rest."""
        self._starting = threading.Lock()
        self._threads = 0
        self._served = 0
        """How often the first has gone on to the next, and how often the others."""
        self._helped = 0
        self._watched = False

    def submit(self, inbox: "Inbox") -> None:
        self._waiting.put(inbox)
        if self._threads == 0:
            self._start(self._serve, most=1)
        if not self._watched:
            self._watched = True
            self._watch_later()

    def _start(self, work: Callable[[], None], most: int) -> None:
        with self._starting:
            if self._threads < most:
                self._threads += 1
                threading.Thread(target=work, name=f"fastlane-{self._threads}", daemon=True).start()

    def _watch(self, handled: int) -> None:
        # Before the look: who submits behind it begins a watch of its own.
        self._watched = False
        if self._waiting.empty():
            return
        self._watched = True
        if handled == self._served + self._helped:
            if self._calls.empty():
                self._calls.put(None)
            else:
                self._start(self._help, self._most)
        self._watch_later()

    def _watch_later(self) -> None:
        self._clock.after(STUCK_S, partial(self._watch, self._served + self._helped))

    def _serve(self) -> None:
        while True:
            inbox = self._waiting.get()
            begun = now()
            with suppress(queue.Empty):
                while True:
                    self._served += 1
                    inbox.work()
                    inbox = self._waiting.get_nowait()
            if self.settle():
                # What was deferred has been brought to a disk, all at the same price: what comes in meanwhile shares the next.
                time.sleep(max(0.0, begun + PACE_S - now()))

    def _help(self) -> None:
        while True:
            self._calls.get()
            served = self._served
            with suppress(queue.Empty):
                while served == self._served:
                    inbox = self._waiting.get_nowait()
                    self._helped += 1
                    inbox.work()
            self.settle()


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

    def is_full(self) -> bool:
        return len(self._entries) > MOST_ENTRIES or self._bytes > MOST_BYTES

    def may_take_another(self) -> bool:
        """Counts a packet of the client; False when it has sent too many."""
        moment = now()
        self._used_up_to = max(moment, self._used_up_to) + 1 / FLOOD_RATE
        # The half is for what a thousand additions get wrong.
        return (self._used_up_to - moment) * FLOOD_RATE < FLOOD_BURST + 0.5

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
                self.workers.settle()

    def work(self) -> None:
        """Handles what is there, until there is no more."""
        while True:
            with self._lock:
                if not self._entries:
                    self._taken = False
                    break
                entry = self._entries.popleft()
                if not self._entries:
                    self._entries = _NOTHING
                if not callable(entry):
                    self._bytes -= len(entry)
            try:
                if callable(entry):
                    entry()
                else:
                    self._owner.handle(entry)
            except Exception:
                log.exception("a message could not be handled")
        self._owner.has_room()
