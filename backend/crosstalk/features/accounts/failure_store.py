"""Counts of failures, each with a delay that grows: what a store of them promises, and the one in memory."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Rule:
    """After `free` failures the next attempt waits 1 s, and each further failure doubles the wait, up to `longest_s`."""

    free: int
    longest_s: int
    forget_s: int
    """Seconds after which one failure is forgotten."""

    @property
    def most(self) -> int:
        """The number of failures with the longest wait. A higher one would only take longer to forget."""
        return self.free + math.ceil(math.log2(self.longest_s))

    def delay_s(self, failures: float) -> float:
        beyond = math.ceil(failures) - self.free
        return 0.0 if beyond < 0 else min(self.longest_s, 2.0**beyond)


@dataclass(frozen=True)
class Subject:
    """One thing for which failures are counted."""

    key: str
    rule: Rule


class FailureStore(Protocol):
    """Where failures are counted. Each method is one atomic step."""

    def count(self, subjects: Sequence[Subject]) -> float:
        """Counts one failure for each and returns 0. While one of them has to wait, counts nothing and returns the seconds."""

    def failed(self, subjects: Sequence[Subject]) -> None:
        """The counted attempt has failed: the waits begin now."""

    def take_back(self, subjects: Sequence[Subject]) -> None:
        """Takes one failure of each back."""

    def reset(self, subject: Subject) -> None:
        """Forgets all its failures."""


@dataclass(slots=True)
class _Failures:
    number: float = 0.0
    counted_at: float = 0.0
    open_at: float = 0.0


class MemoryFailureStore:
    """The counts of one process, gone when it ends. At most `size` keys without a delay and `size` keys with one.

    The two are bounded apart, and each forgets the key that was counted longest ago: a flood of invented names does not displace
    an account that is under attack.
    """

    def __init__(self, *, size: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._free: OrderedDict[str, _Failures] = OrderedDict()
        self._delayed: OrderedDict[str, _Failures] = OrderedDict()

    def __len__(self) -> int:
        return len(self._free) + len(self._delayed)

    def count(self, subjects: Sequence[Subject]) -> float:
        now = self._clock()
        with self._lock:
            known = [(subject, self._known(subject, now)) for subject in subjects]
            wait = max((failures.open_at - now for _, failures in known), default=0.0)
            if wait > 0:
                return wait
            for subject, failures in known:
                failures.number = min(failures.number + 1, subject.rule.most)
                failures.open_at = now + subject.rule.delay_s(failures.number)
                self._keep(subject, failures)
        return 0.0

    def failed(self, subjects: Sequence[Subject]) -> None:
        now = self._clock()
        with self._lock:
            for subject in subjects:
                failures = self._known(subject, now)
                failures.open_at = now + subject.rule.delay_s(failures.number)
                self._keep(subject, failures)

    def take_back(self, subjects: Sequence[Subject]) -> None:
        now = self._clock()
        with self._lock:
            for subject in subjects:
                failures = self._known(subject, now)
                failures.number = max(0.0, failures.number - 1)
                failures.open_at = now
                self._keep(subject, failures)

    def reset(self, subject: Subject) -> None:
        with self._lock:
            self._free.pop(subject.key, None)
            self._delayed.pop(subject.key, None)

    def _known(self, subject: Subject, now: float) -> _Failures:
        failures = self._free.get(subject.key) or self._delayed.get(subject.key) or _Failures(counted_at=now)
        failures.number = max(0.0, failures.number - (now - failures.counted_at) / subject.rule.forget_s)
        failures.counted_at = now
        return failures

    def _keep(self, subject: Subject, failures: _Failures) -> None:
        self._free.pop(subject.key, None)
        self._delayed.pop(subject.key, None)
        if failures.number <= 0:
            return
        kept = self._delayed if subject.rule.delay_s(failures.number) else self._free
        kept[subject.key] = failures
        if len(kept) > self._size:
            kept.popitem(last=False)
