"""Rates, `100 per 10 seconds`, and how often something was done within their windows of time."""

import re
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

_RATE = re.compile(r"(\d+) per (\d+) (second|minute|hour)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_SWEEP_S = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds."""

    amount: int
    seconds: int

    def __str__(self) -> str:
        """As `session:ready` announces it."""
        return f"{self.amount} per {self.seconds} seconds"


@lru_cache(maxsize=256)
def rate_of(text: str) -> Rate:
    """From `100 per 10 seconds`, `10 per 1 minute`."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no rate: write 100 per 10 seconds")
    return Rate(int(found[1]), int(found[2]) * _SECONDS[found[3]])


class Windows:
    """How often something was done in the current window of time and in the one before, of which a part still counts: the one
    that lies within a whole window before now (the sliding window counter)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], list[int]] = {}
        """Number of the window, count in it, count in the one before; and when nothing of it counts any more."""
        self._swept = time.monotonic()

    def hit(self, key: tuple[str, ...], rate: Rate) -> float:
        """Counts one more, or returns the seconds to wait."""
        amount, seconds = rate.amount, rate.seconds
        now = time.monotonic()
        number, into = divmod(now, seconds)
        window, passed = int(number), into / seconds
        with self._lock:
            if now - self._swept > _SWEEP_S:
                self._sweep(now)
            counts = self._counts.get(key)
            if counts is None or counts[0] < window - 1:
                counts = self._counts[key] = [window, 0, 0, (window + 2) * seconds]
            elif counts[0] < window:
                counts[:] = [window, 0, counts[1], (window + 2) * seconds]
            _, current, before, _ = counts
            if current + before * (1 - passed) <= amount - 1:
                counts[1] += 1
                return 0.0
        if current < amount:
            return ((1 - (amount - 1 - current) / before) - passed) * seconds
        return (1 - passed + 1 - (amount - 1) / current) * seconds

    def _sweep(self, now: float) -> None:
        self._counts = {key: counts for key, counts in self._counts.items() if counts[3] > now}
        self._swept = now
