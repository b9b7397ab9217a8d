"""The entries of CROSSTALK_ALLOWED_ORIGINS: an origin or a pattern, and perhaps the last day on which it counts."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal, Self
from urllib.parse import urlsplit

from crosstalk.core.network import parse_address
from crosstalk.http.look_alikes import ascii_host, one_letter_apart

Setting = Literal["allowed_origins", "public_url"]

_ORIGIN = re.compile(r"(https?)://([a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
# An app's page: capacitor://localhost, chrome-extension://ID. Outside http the host is opaque and keeps its case
# (URL Standard, "host parsing"): Safari writes the UUID of an extension in capitals.
_APP_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# Every file, every sandboxed frame or every script has the same one of these, or none of its own.
SHARED_SCHEMES = frozenset({"about", "blob", "data", "file", "filesystem", "ftp", "javascript", "view-source"})
TWINS = {"ws": "http", "wss": "https"}
"""Native WebSocket clients may write the scheme of the socket into Origin; no page has such an origin."""
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PRIVATE_DOMAINS = (".localhost", ".local", ".lan", ".home", ".home.arpa", ".internal", ".intranet", ".test")
_LABELS = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
DEFAULT_PORTS = {"http": 80, "https": 443}
EXAMPLE = "https://app.example.com"


class OriginListError(ValueError):
    """An entry that cannot be an origin. The text is one line and says what to write instead."""

    def __init__(self, message: str, entry_of: Setting = "allowed_origins") -> None:
        super().__init__(message)
        self.entry_of = entry_of


@dataclass(frozen=True)
class Entry:
    origin: str
    """As browsers write it; in a pattern the host begins with `*.`, which stands for one or more whole labels."""
    scheme: str
    host: str
    """Of a pattern: the domain below which it takes everything."""
    port: int | None
    """None: the scheme's own."""
    is_pattern: bool = False
    until: date | None = None

    @classmethod
    def parse(cls, text: str, *, entry_of: Setting = "allowed_origins", production: bool = False) -> Self:
        origin, *parameters = (part.strip() for part in text.split(";")) if entry_of == "allowed_origins" else (text,)
        if origin == "*":
            why = "is refused in production" if production else "would let every page in"
            raise OriginListError(f"* {why}; write the page's origin, {EXAMPLE if production else 'http://localhost:5173'}")
        is_pattern = "://*." in origin
        scheme, host, port = _checked(origin.replace("://*.", "://any.", 1) if is_pattern else origin, origin, entry_of)
        if is_pattern:
            host = host.removeprefix("any.")
            if production and "." not in host:
                raise OriginListError(f"{origin!r} takes a whole top-level domain; write {scheme}://*.example.{host}")
        return cls(origin, scheme, host, port, is_pattern, _until(text, origin, parameters))

    def takes(self, origin: str) -> bool:
        """Whether it is this origin, or one of this pattern; exactly, as RFC 6454 has browsers write it."""
        if not self.is_pattern:
            return origin == self.origin
        start, _, end = self.origin.partition("*")
        if not origin.startswith(start) or not origin.endswith(end):
            return False
        return _LABELS.fullmatch(origin[len(start) : len(origin) - len(end)]) is not None

    def expired(self, now_ms: int) -> bool:
        """An entry counts to the end of its day in UTC."""
        return self.until is not None and now_ms >= (self.until.toordinal() - _EPOCH_DAY + 1) * _DAY_MS


def _checked(origin: str, written: str, entry_of: Setting) -> tuple[str, str, int | None]:
    """Scheme, host and port of what browsers would send as they are written."""
    found = _ORIGIN.fullmatch(origin)
    app = _APP_ORIGIN.fullmatch(written) if found is None and entry_of == "allowed_origins" else None
    if found is None and (app is None or not _is_app_scheme(app[1])):
        raise OriginListError(f"{written!r} {_why_not(written)}; write {_likely(written)}", entry_of)
    scheme, host, digits = (found or app).groups()  # type: ignore[union-attr]  # one of them is there
    port = int(digits) if digits else None
    canonical = _canonical_address(host) if found is not None else host
    if canonical is None:
        raise OriginListError(f"{written!r} has no such address; write {EXAMPLE}", entry_of)
    if canonical != host:
        # Browsers write an address in one way only; in another it would never match.
        raise OriginListError(f"{written!r} is not how browsers write it; write {scheme}://{canonical}{_port(port)}", entry_of)
    if port is not None and port == DEFAULT_PORTS.get(scheme):
        raise OriginListError(f"{written!r} writes out the default port; write {written.rpartition(':')[0]}", entry_of)
    if port is not None and not 0 < port < 65536:
        raise OriginListError(f"{written!r} has no such port; write {written.rpartition(':')[0]}", entry_of)
    if port is not None and str(port) != digits:
        raise OriginListError(f"{written!r} has zeros before the port; write {written.rpartition(':')[0]}:{port}", entry_of)
    return scheme, host.strip("[]"), port


def _canonical_address(host: str) -> str | None:
    """A host name as it is, an address as browsers write it, None when there is no such address."""
    try:
        if host.startswith("["):
            address = IPv6Address(host[1:-1])
            mapped = address.ipv4_mapped
            # Python's own form of these depends on its version.
            return f"[{address}]" if mapped is None else f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]"
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            return str(IPv4Address(host))
    except AddressValueError:
        return None
    return host


def _port(port: int | None) -> str:
    return "" if port is None else f":{port}"


def _until(text: str, origin: str, parameters: list[str]) -> date | None:
    if not parameters:
        return None
    example = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    write = f"write {origin};until={example}"
    name, equals, value = parameters[0].partition("=")
    if len(parameters) > 1:
        raise OriginListError(f"{text!r} has more than one parameter; {write}")
    if name.strip() != "until" or not equals:
        raise OriginListError(f"{text!r} has the unknown parameter {name.strip()!r}; {write}")
    day = value.strip()
    try:
        if _DAY.fullmatch(day) is None:
            raise ValueError(day)
        return date.fromisoformat(day)
    except ValueError:
        raise OriginListError(f"{text!r}: {day!r} is no day (year-month-day); {write}") from None


def _is_app_scheme(scheme: str) -> bool:
    """Whether pages of an app can have it. One letter beside http or https is a slip of the pen."""
    if scheme in DEFAULT_PORTS or scheme in SHARED_SCHEMES or scheme in TWINS:
        return False
    return not any(one_letter_apart(scheme, known) for known in DEFAULT_PORTS)


def _why_not(written: str) -> str:
    text = written.strip()
    scheme = found[1].lower() if (found := _SCHEME.match(text)) else ""
    if text.lower() == "null":
        return "is the origin of every sandboxed frame and every file, so it can be no entry"
    if scheme in SHARED_SCHEMES:
        return f"cannot be an entry: {scheme} names no page of its own"
    if scheme in TWINS:
        return f"is not the origin of a page, and a {scheme} origin counts as its {TWINS[scheme]} twin anyway"
    if "*" in text and scheme not in DEFAULT_PORTS and "://" in text:
        return "is a pattern, and patterns are for http and https only"
    if len(text.split()) > 1:
        return "is not an origin; separate several with commas"
    return "is not an origin"


def _likely(written: str) -> str:
    """The origin that the writer most likely meant, or several with commas between them."""
    if len(several := written.split()) > 1:
        return ",".join(_likely(one) for one in several)
    text = written.strip().lower()
    scheme, colon, rest = text.partition("://")
    if not colon:
        # On the own machine and in the own network pages are rarely served over TLS.
        text = f"{'http' if _is_near(text) else 'https'}://{text}"
    elif scheme in TWINS:
        text = f"{TWINS[scheme]}://{rest}"
    try:
        parts = urlsplit(text)
        port = None if parts.port == DEFAULT_PORTS.get(parts.scheme) else parts.port
        host = ascii_host(parts.hostname or "").rstrip(".")
    except ValueError:
        return EXAMPLE
    meant = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{_port(port)}"
    return meant if host != "null" and _ORIGIN.fullmatch(meant.replace("://*.", "://any.", 1)) else EXAMPLE


def _is_near(text: str) -> bool:
    """Whether a text without a scheme begins with a name or an address that only a private network has."""
    try:
        host = urlsplit(f"//{text}").hostname or ""
    except ValueError:
        return False
    address = parse_address(host)
    if address is not None:
        return address.is_private
    # A name without a dot, and domains that are kept out of the public DNS (RFC 6761, 6762, 8375; ICANN's .internal).
    return "." not in host or host.endswith(_PRIVATE_DOMAINS)
