"""Deadlines of all connections, in one heap."""

import heapq
import itertools
import time
from collections.abc import Callable

now = time.monotonic


class Clock:
    """Calls what is due when `run` is called. Whoever is not interested any more when its time comes does nothing then."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()

    def after(self, seconds: float, call: Callable[[], object]) -> None:
        # The number keeps the heap from comparing calls, and makes the push one step for other threads.
        heapq.heappush(self._heap, (now() + seconds, next(self._numbers), call))

    def run(self) -> float:
        """Calls what is due. Returns the seconds until the next one is, an hour when there is none."""
        heap = self._heap
        moment = now()
        while heap and heap[0][0] <= moment:
            heapq.heappop(heap)[2]()
        return max(0.0, heap[0][0] - now()) if heap else 3600.0
