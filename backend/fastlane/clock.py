"""Deadlines of all connections, in one heap."""

import heapq
import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

now = time.monotonic

# Deadlines that are so far away may be late by a slot.
_FAR_S = 1.0
_SLOTS_A_SECOND = 32

Call = Callable[[], object]


class Clock:
    """Calls what is due when `run` is called. Whoever is not interested any more when its time comes does nothing then."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Call]] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._slots: dict[int, list[Call]] = {}
        """What is far away, by its slot, which is one entry of the heap: every connection has such deadlines."""
        self._due: deque[Call] = deque()
        """Of slots whose time has come, what has not been called yet."""

    def after(self, seconds: float, call: Call) -> None:
        due = now() + seconds
        if seconds < _FAR_S:
            self._push(due, call)
            return
        slot = math.ceil(due * _SLOTS_A_SECOND)
        with self._lock:
            calls = self._slots.get(slot)
            if calls is None:
                calls = self._slots[slot] = []
                self._push(slot / _SLOTS_A_SECOND, partial(self._slot_is_due, slot))
            calls.append(call)

    def _push(self, due: float, call: Call) -> None:
        # The number keeps the heap from comparing calls, and makes the push one step for other threads.
        heapq.heappush(self._heap, (due, next(self._numbers), call))

    def _slot_is_due(self, slot: int) -> None:
        with self._lock:
            self._due.extend(self._slots.pop(slot))

    def run(self) -> float:
        """Calls what is due. Returns the seconds until the next one is, an hour when there is none."""
        heap, due = self._heap, self._due
        moment = now()
        while heap and heap[0][0] <= moment:
            heapq.heappop(heap)[2]()
        while due:
            due.popleft()()
        return max(0.0, heap[0][0] - now()) if heap else 3600.0
