"""A few threads for much work."""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from fastlane.clock import Clock, now

# Nothing has moved for so long: whoever works has met something slow.
STUCK_S = 0.01
# What was deferred is done together: at most once in so long, when there is nothing else to do.
PACE_S = 0.01

Work = Callable[[], object]


class Workers:
    """A bounded pool that works with as few threads as it can: those that run at once wait for one another's interpreter
    lock, and each commits alone what one would commit together. The first serves everybody. When nothing has moved for
    `STUCK_S`, another comes to help, until the first goes on. Threads come when they are needed and stay."""

    def __init__(self, most: int, clock: Clock, name: str = "fastlane") -> None:
        self._most = most
        self._name = name
        self._clock = clock
        self.settle: Callable[[], bool] = lambda: False
        """Called when nobody waits to be handled, and before what may take long: what handlers have deferred is done then.
        False when there was nothing."""
        self._waiting: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        """Each one brings one helper. That it is still there, means that none is at rest."""
        self._starting = threading.Lock()
        self._threads = 0
        self._served = 0
        """How often the first has gone on to the next, and how often the others."""
        self._helped = 0
        self._watched = False

    def submit(self, work: Work) -> None:
        self._waiting.put(work)
        if self._threads == 0:
            self._start(self._serve, most=1)
        if not self._watched:
            self._watched = True
            self._watch_later()

    def _start(self, work: Callable[[], None], most: int) -> None:
        with self._starting:
            if self._threads < most:
                self._threads += 1
                threading.Thread(target=work, name=f"{self._name}-{self._threads}", daemon=True).start()

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
            work = self._waiting.get()
            begun = now()
            with suppress(queue.Empty):
                while True:
                    self._served += 1
                    work()
                    work = self._waiting.get_nowait()
            if self.settle():
                # What was deferred has been brought to a disk, all at the same price: what comes in meanwhile shares the next.
                time.sleep(max(0.0, begun + PACE_S - now()))

    def _help(self) -> None:
        while True:
            self._calls.get()
            served = self._served
            with suppress(queue.Empty):
                while served == self._served:
                    work = self._waiting.get_nowait()
                    self._helped += 1
                    work()
            self.settle()
