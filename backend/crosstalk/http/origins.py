"""Which pages may use the API: one list and one decision for REST, preflight, polling and WebSocket."""

import re
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import SplitResult, urlsplit

_EXACT = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class OriginListError(ValueError):
    """An entry that cannot be an origin. The text says what to write instead."""

    def __init__(self, message: str, entry_of: Literal["allowed_origins", "public_url"] = "allowed_origins") -> None:
        super().__init__(message)
        self.entry_of = entry_of


@dataclass(frozen=True)
class Verdict:
    """What was decided about an origin, and, when refused, how near it came."""

    allowed: bool
    origin: str
    hint: str | None = None


@dataclass(frozen=True)
class OriginList:
    """Exact origins and patterns such as `https://*.example.com`, which stands for any number of whole labels."""

    exact: frozenset[str]
    patterns: tuple[str, ...]
    own: str
    """The API's own origin; in `exact` as well."""

    @classmethod
    def parse(cls, entries: tuple[str, ...], *, own: str, production: bool) -> Self:
        if not entries:
            raise OriginListError("is empty, and nobody could use the API; write http://localhost:5173")
        exact, patterns = {_checked(own, "public_url")}, []
        for entry in entries:
            if entry == "*":
                if production:
                    raise OriginListError("* is refused in production; write the page's origin, https://app.example.com")
                raise OriginListError("* would let every page in; write the page's origin, http://localhost:5173")
            if "://*." in entry:
                _checked(entry.replace("://*.", "://any.", 1), "allowed_origins")
                patterns.append(entry)
            else:
                exact.add(_checked(entry, "allowed_origins"))
        return cls(frozenset(exact), tuple(patterns), own)

    def decide(self, origin: str) -> Verdict:
        """Browsers write an origin in one way only (RFC 6454): lower case, no default port, nothing after it."""
        if origin in self.exact or any(_matches(pattern, origin) for pattern in self.patterns):
            return Verdict(True, origin)
        return Verdict(False, origin, self._hint(origin))

    def accepts(self, origin: str | None) -> bool:
        """Whether to name the origin in CORS headers; a request without one needs none."""
        return origin is not None and self.decide(origin).allowed

    def as_regexes(self) -> list[str]:
        """The list for libraries that match with `re.match`; each is anchored at both ends."""
        patterns = [
            "^" + re.escape(pattern).replace(r"://\*\.", r"://(?:[a-z0-9-]+\.)+", 1) + r"\Z" for pattern in self.patterns
        ]
        return [f"^{re.escape(origin)}\\Z" for origin in sorted(self.exact)] + patterns

    def _hint(self, origin: str) -> str:
        listed = sorted(self.exact) + list(self.patterns)
        if origin == "null":
            return "a page opened from a file or in a sandbox has no origin; serve it over http"
        try:
            seen = urlsplit(origin.strip().lower())
            port = seen.port
        except ValueError:
            return f"this is not an origin; the list has {', '.join(listed)}"
        # The nearest first; a page rarely means the API's own address.
        entries = sorted(self.exact, key=lambda entry: (entry == self.own, entry))
        misses = [(entry, _miss(seen, port, urlsplit(entry))) for entry in entries]
        for miss in _MISSES:
            for entry, found in misses:
                if found == miss:
                    return f"the list has {entry}; you came from {origin}: {miss}"
        return f"the list has {', '.join(listed)}; add {origin} to CROSSTALK_ALLOWED_ORIGINS if it is yours"


_MISSES = (
    "an origin is lower case and has nothing after the port",
    "the scheme differs",
    "the host differs",
    "the port differs",
)


def _miss(seen: SplitResult, port: int | None, have: SplitResult) -> str | None:
    """How an origin came near an entry of the list, one of _MISSES."""
    scheme, host = seen.scheme == have.scheme, seen.hostname == have.hostname
    if scheme and host and port == have.port:
        return _MISSES[0]
    if host and not scheme and (port == have.port or None in (port, have.port)):
        return _MISSES[1]
    if scheme and not host and port == have.port and _alike(seen.hostname or "", have.hostname or ""):
        return _MISSES[2]
    return _MISSES[3] if scheme and host else None


def _alike(one: str, other: str) -> bool:
    local = {"localhost", "127.0.0.1", "::1"}
    return {one, other} <= local or one.removeprefix("www.") == other.removeprefix("www.")


def _matches(pattern: str, origin: str) -> bool:
    scheme, _, rest = pattern.partition("://*")
    if not origin.startswith(f"{scheme}://") or not origin.endswith(rest):
        return False
    labels = origin[len(scheme) + 3 : len(origin) - len(rest)]
    return re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", labels) is not None


def _checked(entry: str, entry_of: Literal["allowed_origins", "public_url"]) -> str:
    found = _EXACT.fullmatch(entry)
    if found is None:
        raise OriginListError(f"{entry!r} is not an origin; write {_likely(entry)}", entry_of)
    scheme, host, port = found.groups()
    if port == _DEFAULT_PORTS[scheme]:
        raise OriginListError(f"{entry!r} writes out the default port; write {scheme}://{host}", entry_of)
    if port and not 0 < int(port) < 65536:
        raise OriginListError(f"{entry!r} has no such port; write {scheme}://{host}", entry_of)
    return entry


def _likely(entry: str) -> str:
    """The origin that somebody who wrote `entry` most likely meant."""
    text = entry.strip().lower()
    text = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port and str(parts.port) != _DEFAULT_PORTS.get(parts.scheme) else ""
    except ValueError:
        return "https://app.example.com"
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "*" in parts.hostname:
        return "https://app.example.com"
    return f"{parts.scheme}://{parts.hostname}{port}"
