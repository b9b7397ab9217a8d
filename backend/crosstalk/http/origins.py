"""Which pages may use the API: one list and one decision for REST, preflight, polling, WebSocket and downloads."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from crosstalk.core.clock import now_ms
from crosstalk.http.entries import Entry, OriginListError
from crosstalk.http.near_miss import hint

__all__ = ["OriginList", "OriginListError", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What was decided about an origin, and, when refused, how near it came."""

    allowed: bool
    origin: str
    hint: str | None = None


@dataclass(frozen=True)
class OriginList:
    """Origins and patterns such as `https://*.example.com`; each may end with `;until=2026-12-31`, its last day in UTC."""

    exact: dict[str, Entry]
    patterns: tuple[Entry, ...]
    own: str
    """The API's own origin; in `exact` as well."""
    clock: Callable[[], int] = field(default=now_ms, repr=False)

    @classmethod
    def parse(cls, texts: tuple[str, ...], *, own: str, production: bool, clock: Callable[[], int] = now_ms) -> Self:
        if not texts:
            raise OriginListError("is empty, and nobody could use the API; write http://localhost:5173")
        exact = {own: Entry.parse(own, entry_of="public_url")}
        patterns = []
        for entry in [Entry.parse(text, production=production) for text in texts]:
            if entry.is_pattern:
                patterns.append(entry)
            else:
                known = exact.get(entry.origin)
                exact[entry.origin] = entry if known is None else _longer(known, entry)
        return cls(exact, tuple(patterns), own, clock)

    def decide(self, origin: str) -> Verdict:
        """Browsers write an origin in one way only (RFC 6454): lower case, no default port, nothing after it."""
        now = self.clock()
        entry = self.exact.get(origin)
        if entry is not None and not entry.expired(now):
            return Verdict(True, origin)
        if any(pattern.takes(origin) and not pattern.expired(now) for pattern in self.patterns):
            return Verdict(True, origin)
        return Verdict(False, origin, hint(origin, [*self.exact.values(), *self.patterns], self.own, now))

    def accepts(self, origin: str | None) -> bool:
        """Whether to name the origin in CORS headers; a request without one needs none."""
        return origin is not None and self.decide(origin).allowed

    def expired(self) -> list[Entry]:
        """The entries that count no more."""
        now = self.clock()
        return [entry for entry in (*self.exact.values(), *self.patterns) if entry.expired(now)]

    def lets_a_page_in(self) -> bool:
        """Whether any entry counts besides the API's own origin."""
        return len(self.exact) + len(self.patterns) - len(self.expired()) > 1


def _longer(one: Entry, other: Entry) -> Entry:
    """Of two entries for one origin, the one that counts longer."""
    if one.until is None or other.until is None:
        return one if one.until is None else other
    return one if one.until > other.until else other
