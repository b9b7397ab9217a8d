"""Whom the list refused lately: counted, kept in memory for administrators, and told to the log without flooding it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog
from prometheus_client import Counter

from crosstalk.core.clock import now_ms
from crosstalk.http.near_miss import shown

log = structlog.get_logger("origins")
refused_total = Counter("crosstalk_origins_refused", "Requests refused because of their origin", ["surface"])

_KEPT = 200
# A page that is refused asks again and again: its next line comes after so long, with the number of its refusals.
_AGAIN_MS = 60_000
# And whoever invents a new origin each time gets so many lines a minute.
_LINES = 20


@dataclass(frozen=True)
class Refusal:
    """One origin that was refused, since the record knows it."""

    origin: str
    hint: str
    first_at: int
    last_at: int
    count: int = 0
    surfaces: dict[str, int] = field(default_factory=dict)
    """Surface → how often there."""


class Refusals:
    """The record of this process; what was refused longest ago is forgotten first."""

    def __init__(self, now_ms: Callable[[], int] = now_ms) -> None:
        self.tell: Callable[[str, str], None] | None = None
        """Called with the origin and the hint, as often as the log has a line."""
        self._now_ms = now_ms
        self._known: OrderedDict[str, Refusal] = OrderedDict()
        self._told_at: dict[str, int] = {}
        self._minute = 0
        self._lines = 0
        self._untold = 0
        self._lock = threading.Lock()

    def record(self, origin: str, hint: str, *, surface: str, path: str) -> None:
        refused_total.labels(surface).inc()
        origin, now = shown(origin), self._now_ms()
        with self._lock:
            known = self._known.pop(origin, None) or Refusal(origin, hint, first_at=now, last_at=now)
            surfaces = {**known.surfaces, surface: known.surfaces.get(surface, 0) + 1}
            refusal = replace(known, hint=hint, last_at=now, count=known.count + 1, surfaces=surfaces)
            self._known[origin] = refusal
            if len(self._known) > _KEPT:
                forgotten, _ = self._known.popitem(last=False)
                self._told_at.pop(forgotten, None)
            if not self._to_be_told(origin, now):
                self._untold += 1
                return
            untold, self._untold = self._untold, 0
        log.warning(
            "origin refused", origin=origin, surface=surface, path=shown(path), hint=hint, count=refusal.count, untold=untold
        )
        if self.tell is not None:
            self.tell(origin, hint)

    def rows(self) -> list[Refusal]:
        """What was refused last comes first."""
        with self._lock:
            return list(reversed(self._known.values()))

    def _to_be_told(self, origin: str, now: int) -> bool:
        told_at = self._told_at.get(origin)
        if told_at is not None and now - told_at < _AGAIN_MS:
            return False
        if now - self._minute >= 60_000:
            self._minute, self._lines = now, 0
        if self._lines >= _LINES:
            return False
        self._lines += 1
        self._told_at[origin] = now
        return True
