"""What a refused origin differs in from the nearest entry of the allow-list, as one line for developers and administrators."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crosstalk.http.entries import DEFAULT_PORTS, SHARED_SCHEMES, Entry
from crosstalk.http.look_alikes import ascii_host, one_letter_apart, skeleton, strange_letter

_SHOWN = 200
_NAMED = 3
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_HOST = 253
_LONGEST_ORIGIN = 512
# Together with the host, so many differences are no near miss any more.
_FAR = 4


def shown(text: str) -> str:
    """The text with what cannot be printed as escapes, and not longer than a line."""
    text = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text)


def hint(origin: str, entries: Sequence[Entry], own: Collection[str], now_ms: int) -> str:
    """Why `origin` is refused, one line. A page rarely means `own`, the API's own origins, so they are named last."""
    nearest_first = sorted(
        entries, key=lambda entry: (entry.expired(now_ms), entry.origin in own, entry.is_pattern, entry.origin)
    )
    listed = _few([entry.origin for entry in nearest_first if not entry.expired(now_ms)])
    if origin == "":
        return f"the Origin header is empty; the list has {listed}"
    if origin == "null":
        return (
            "a page that is opened from a file, or in a sandboxed frame without allow-same-origin, has the origin null; "
            f"serve it over http; the list has {listed}"
        )
    seen = _Seen.read(origin)
    if seen is not None and seen.scheme == "file":
        return f"a page that is opened from a file has no origin of its own; serve it over http; the list has {listed}"
    if seen is not None and seen.scheme in SHARED_SCHEMES:
        return f"an origin of the scheme {seen.scheme} does not identify a page and cannot be on the list: {shown(origin)}; the list has {listed}"
    if seen is not None and seen.scheme not in DEFAULT_PORTS:
        return f"the list has {listed}; if this is your app, add {shown(origin)} to CROSSTALK_ALLOWED_ORIGINS exactly like this"
    if "," in origin:
        return f"a request must have one origin, but this one has several: {shown(origin)}; the list has {listed}"
    if seen is None:
        return f"{shown(origin)} is not an origin; the list has {listed}"
    misses = [(entry, miss) for entry in nearest_first if (miss := _differences(seen, entry)) is not None]
    if not misses:
        return f"the list has {listed}; if this is your page, add {shown(origin)} to CROSSTALK_ALLOWED_ORIGINS"
    nearest, (_, differences) = min(misses, key=lambda found: found[1][0] + found[0].expired(now_ms))
    said = [*seen.faults, *differences]
    if not nearest.expired(now_ms):
        return f"the list has {nearest.origin}, but this origin is {shown(origin)}: {'; '.join(said)}"
    expiry = f"the list had {nearest.origin} until {nearest.until}: it expired on that day (UTC)"
    return f"{expiry}, but this origin is {shown(origin)}: {'; '.join(said)}" if said else expiry


def withheld(origin: str) -> str:
    """Why `origin` is refused, one line that says nothing about the list: for production, where the list is not public."""
    if origin == "null":
        return "a page that is opened from a file, or in a sandboxed frame without allow-same-origin, has the origin null; serve it over http"
    return f"{shown(origin)} is not an allowed origin; the server's log says what differs from the list"


def _few(origins: list[str]) -> str:
    more = len(origins) - _NAMED
    return ", ".join(origins[:_NAMED]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class _Seen:
    scheme: str
    host: str
    port: int | None
    faults: tuple[str, ...]
    """What no browser would write so, whatever the list has."""

    @classmethod
    def read(cls, origin: str) -> "_Seen | None":
        if len(origin) > _LONGEST_ORIGIN:
            return None
        try:
            parts = urlsplit(origin.strip())
            port, host = parts.port, parts.hostname or ""
        except ValueError:
            return None
        if parts.scheme not in DEFAULT_PORTS:
            return cls(parts.scheme, host, port, ()) if parts.scheme else None
        if not host or len(host) > _LONGEST_HOST:
            return None
        ascii_form = ascii_host(host)
        written = parts.netloc.rpartition("@")[2].removesuffix("]")
        digits = re.search(r":([^:\]]*)\Z", parts.netloc)
        checks = {
            "it has spaces around it": origin != origin.strip(),
            "an origin has no user name": "@" in parts.netloc,
            "an origin is lower case": written != written.lower() or not origin.strip().startswith(f"{parts.scheme}:"),
            "an origin has nothing after the port": bool(parts.path or "?" in origin or "#" in origin),
            f"browsers write this host {shown(ascii_form)}": ascii_form != host,
            "the host ends with a dot": ascii_form.endswith("."),
            "browsers leave out the default port": port is not None and port == DEFAULT_PORTS[parts.scheme],
            "the port is written differently": digits is not None and digits[1] != str(port),
        }
        if port == DEFAULT_PORTS[parts.scheme]:
            port = None
        return cls(parts.scheme, ascii_form.removesuffix("."), port, tuple(fault for fault, found in checks.items() if found))


def _differences(seen: _Seen, entry: Entry) -> tuple[int, list[str]] | None:
    """What to mend so that the entry takes it, with its weight; None when they have nothing to do with each other."""
    host = _below(seen.host, entry.host) if entry.is_pattern else _beside(seen.host, entry.host)
    if host is None:
        return None
    said = ["the scheme differs"] if seen.scheme != entry.scheme else []
    if host:
        said.append(host)
    if seen.port != entry.port:
        said.append("the port differs")
    weight = len(said) + bool(host)
    return (weight, said) if weight < _FAR else None


def _beside(seen: str, host: str) -> str | None:
    """How a host differs from that of an entry: empty when it is the same, None when it is a stranger."""
    if seen == host:
        return ""
    if {seen, host} <= _LOCAL:
        return "the host differs: localhost, 127.0.0.1 and [::1] are three different hosts"
    if seen.removeprefix("www.") == host.removeprefix("www."):
        return "the host differs: with and without www. are two different hosts"
    if skeleton(seen) == skeleton(host):
        return _look_alike(seen, host)
    if one_letter_apart(seen, host):
        return "the host differs by a letter"
    if seen.endswith(f".{host}"):
        return f"the host differs: subdomains need a pattern, *.{host}"
    return None


def _below(seen: str, domain: str) -> str | None:
    """How a host differs from what the pattern of a domain takes."""
    labels, dot, _ = seen.partition(f".{domain}") if seen.endswith(f".{domain}") else ("", "", "")
    if dot:
        plain = re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", labels)
        return "" if plain else "the host differs: a subdomain has letters, digits and dashes only"
    if seen == domain:
        return f"the host differs: the pattern matches subdomains of {domain}, not {domain} itself"
    if seen.endswith(domain):
        return f"the host differs: {seen} is another domain; the pattern matches whole labels only"
    if f".{skeleton(seen)}".endswith(f".{skeleton(domain)}"):
        return _look_alike(seen, domain)
    return None


def _look_alike(seen: str, host: str) -> str:
    letter = strange_letter(seen)
    return f"the host differs: {seen} looks like {host} but has other letters" + (f" ({letter})" if letter else "")
