"""Which pages may use the API: one list and one decision for REST, preflight, polling, WebSocket and downloads."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from crosstalk.core.clock import now_ms
from crosstalk.http.entries import TWINS, Entry, OriginListError
from crosstalk.http.near_miss import hint

__all__ = ["OriginList", "OriginListError", "Verdict", "loopback_origins"]


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
    own: tuple[str, ...]
    """The API's own origins, CROSSTALK_PUBLIC_URL; in `exact` as well."""
    loopback: frozenset[str] = frozenset()
    """Origins of the loopback addresses on which the API listens. Native WebSocket clients send the origin of the URL that
    they connect to, and no page but one of the API's own can have it."""
    clock: Callable[[], int] = field(default=now_ms, repr=False)

    @classmethod
    def parse(
        cls,
        texts: tuple[str, ...],
        *,
        own: tuple[str, ...],
        production: bool,
        loopback: frozenset[str] = frozenset(),
        clock: Callable[[], int] = now_ms,
    ) -> Self:
        if not texts:
            raise OriginListError("is empty, so no page could use the API; write http://localhost:5173")
        exact = {one: Entry.parse(one, entry_of="public_url") for one in own}
        patterns = []
        for entry in [Entry.parse(text, production=production) for text in texts]:
            if entry.is_pattern:
                patterns.append(entry)
            else:
                known = exact.get(entry.origin)
                exact[entry.origin] = entry if known is None else _longer(known, entry)
        return cls(exact, tuple(patterns), own, loopback, clock)

    def decide(self, origin: str) -> Verdict:
        """Browsers write an origin in one way only (RFC 6454): lower case, no default port, nothing after it.

        `ws` and `wss` count as `http` and `https`: only native clients send them.
        """
        now = self.clock()
        scheme, colon, rest = origin.partition("://")
        named = f"{TWINS[scheme]}://{rest}" if colon and scheme in TWINS else origin
        entry = self.exact.get(named)
        if entry is not None and not entry.expired(now):
            return Verdict(True, origin)
        if named in self.loopback:
            return Verdict(True, origin)
        if any(pattern.takes(named) and not pattern.expired(now) for pattern in self.patterns):
            return Verdict(True, origin)
        return Verdict(False, origin, hint(named, [*self.exact.values(), *self.patterns], self.own, now))

    def accepts(self, origin: str | None) -> bool:
        """Whether to name the origin in CORS headers; a request without one needs none."""
        return origin is not None and self.decide(origin).allowed

    def expired(self) -> list[Entry]:
        """The entries that count no more."""
        now = self.clock()
        return [entry for entry in (*self.exact.values(), *self.patterns) if entry.expired(now)]

    def lets_a_page_in(self) -> bool:
        """Whether any entry counts besides the API's own origins."""
        return len(self.exact) + len(self.patterns) - len(self.expired()) > len(set(self.own))


def _longer(one: Entry, other: Entry) -> Entry:
    """Of two entries for one origin, the one that counts longer."""
    if one.until is None or other.until is None:
        return one if one.until is None else other
    return one if one.until > other.until else other


def loopback_origins(host: str, port: int) -> frozenset[str]:
    """The origins of the loopback addresses on which a server bound to `host` answers; none for another address."""
    names = {
        "127.0.0.1": ("127.0.0.1", "localhost"),
        "localhost": ("127.0.0.1", "localhost", "[::1]"),
        "0.0.0.0": ("127.0.0.1", "localhost"),
        "::1": ("[::1]", "localhost"),
        "::": ("[::1]", "127.0.0.1", "localhost"),
    }.get(host, ())
    return frozenset(f"http://{name}" if port == 80 else f"http://{name}:{port}" for name in names)
