"""Finds out why a page could not talk to a server: before the rows are played, and after some have failed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from crosstalk.wirecheck.client import findings
from crosstalk.wirecheck.client.asking import Answer, Unreachable, ask, ask_for_websocket
from crosstalk.wirecheck.client.findings import Finding
from crosstalk.wirecheck.client.outcome import Outcome
from crosstalk.wirecheck.client.rows.streams import HELD_BACK

_POLLING = "/socket.io/?EIO=4&transport=polling"
_OPEN = re.compile(r"0(\{.*?\})(?:\x1e|\Z)", re.DOTALL)
# Engine.IO 3 and 2 write the length of each packet before it, as text or as bytes.
_OLD_OPEN = re.compile(rb"\A(?:[0-9]+:|\x00[\x00-\x09]+\xff)0\{")
_STICKY_TRIES = 6
_LARGE_KB = 500
_HARMLESS = {"polling": ("upgrade_stripped",), "websocket": ("not_sticky", "sticky_by_cookie")}


@dataclass(frozen=True)
class Diagnosis:
    facts: tuple[str, ...]
    found: tuple[Finding, ...]

    @property
    def rows_are_useless(self) -> bool:
        return any(one.rows_are_useless for one in self.found)


@dataclass
class _Surfaces:
    """How each way into the server took the origin: allowed, refused, or something else."""

    answers: dict[str, Answer] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)


def before(url: str, origin: str, transport: str = "all") -> Diagnosis:
    """What can be seen without playing a row. What a client of that transport does not meet fails nothing."""
    try:
        seen = _look(url, origin, ask(url, "/wirecheck", origin=origin))
        harmless = _HARMLESS.get(transport, ())
        return replace(seen, found=tuple(replace(one, status=0) if one.name in harmless else one for one in seen.found))
    except Unreachable as gone:
        return Diagnosis((), (findings.unreachable(url, gone.problem, str(gone)),))


def after(url: str, origin: str, failed: list[Outcome]) -> list[Finding]:
    """What failed rows give reason to look for."""
    found: list[Finding] = []
    if any(one.row.startswith(("300 kB", "500 kB")) for one in failed):
        found += _body_limit(url, origin)
    if any(HELD_BACK in one.came for one in failed):
        found.append(findings.buffered())
    return found


def _look(url: str, origin: str, first: Answer) -> Diagnosis:
    if 300 <= first.status < 400 and first.all("location"):
        target = urlsplit(first.all("location")[0])
        return Diagnosis((), (findings.redirected(url, f"{target.scheme}://{target.netloc}"),))
    polling = ask(url, _POLLING, origin=origin)
    if wrong := _version(url, origin, polling):
        return Diagnosis((), (wrong,))
    hint = _origin_check(url, origin)
    said = first.json
    is_wirecheck = isinstance(said, dict) and ("origin_allowed" in said or said.get("code") == "origin_refused")
    if not is_wirecheck and not _refuses(polling):
        return Diagnosis((), (_no_wirecheck(url, first, known=hint is not None),))
    surfaces = _ask_surfaces(url, origin, first, polling)
    found = []
    if is_mixed_content(origin, url):
        found.append(findings.mixed_content(origin, url))
    verdicts = set(surfaces.verdicts.values())
    if "refused" in verdicts:
        why = _reason(hint)
        if "allowed" in verdicts:
            found.append(findings.origins_disagree(origin, surfaces.verdicts, why))
        else:
            found.append(findings.origin_refused(origin, why))
    found += _cors(origin, surfaces)
    if surfaces.verdicts["polling"] == "allowed":
        if (websocket := surfaces.verdicts["WebSocket"]) not in ("allowed", "refused"):
            found.append(findings.upgrade_stripped(websocket))
        found += _stickiness(url, origin)
    return Diagnosis(tuple(_facts(origin, said, surfaces)), tuple(found))


def _facts(origin: str, said: Any, surfaces: _Surfaces) -> Iterator[str]:
    if isinstance(said, dict) and "server" in said:
        yield f"server {said['server']}, async mode {said['async_mode']}, seen as {said['scheme']}://{said['host']}"
    yield "Engine.IO 4: socket.io-client 3 or 4 fits, 1 or 2 does not"
    yield f"origin {origin}: " + ", ".join(f"{surface} {verdict}" for surface, verdict in surfaces.verdicts.items())


# ── what is there ──


def _no_wirecheck(url: str, answer: Answer, *, known: bool) -> Finding:
    if known:
        return findings.wirecheck_off(url)
    if answer.status in (502, 503, 504):
        return findings.gateway(url, answer.status)
    software = "".join(answer.all("server")[:1])
    return findings.not_crosstalk(url, f"GET /wirecheck is {answer.status}" + (f", by {software}" if software else ""))


def _version(url: str, origin: str, polling: Answer) -> Finding | None:
    """Something when what answers under /socket.io/ does not speak Engine.IO 4."""
    if polling.status == 200 and _OPEN.match(polling.text):
        return None
    if polling.status == 200 and _OLD_OPEN.match(polling.raw):
        return findings.old_engine("it answers Engine.IO 4 in the framing of 3")
    old = ask(url, _POLLING.replace("EIO=4", "EIO=3"), origin=origin)
    if old.status == 200 and _OLD_OPEN.match(old.raw):
        return findings.old_engine(f"Engine.IO 4 is answered {polling.status}")
    if polling.status == 400 and "version" in polling.text.lower():
        return findings.unknown_engine(f"{polling.status} {polling.text[:120].strip()}")
    return None


def _origin_check(url: str, origin: str) -> dict[str, Any] | None:
    """Crosstalk's own explanation, open to every page; None when there is no such thing."""
    answer = ask(url, f"/origin-check?origin={quote(origin, safe='')}")
    said = answer.json
    return said if answer.status == 200 and isinstance(said, dict) and "allowed" in said else None


def _reason(said: dict[str, Any] | None) -> str | None:
    if said is None:
        return None
    return "the server's own list has it, so a proxy refuses it" if said["allowed"] else said.get("hint")


def is_mixed_content(origin: str, url: str) -> bool:
    """Whether a browser would block it. The machine itself it trusts, also without TLS."""
    host = urlsplit(url).hostname or ""
    is_local = host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost")
    return origin.startswith("https://") and url.startswith("http://") and not is_local


# ── the origin ──


def _ask_surfaces(url: str, origin: str, rest: Answer, polling: Answer) -> _Surfaces:
    wish = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    surfaces = _Surfaces()
    surfaces.answers = {
        "REST": rest,
        "preflight": ask(url, "/wirecheck/emit", method="OPTIONS", origin=origin, headers=wish),
        "polling": polling,
    }
    for surface, answer in surfaces.answers.items():
        surfaces.verdicts[surface] = _verdict(answer, allowed=200 <= answer.status < 300)
    try:
        handshake = ask_for_websocket(url, "EIO=4", origin=origin)
    except Unreachable as gone:
        surfaces.verdicts["WebSocket"] = f"got no answer ({gone})"
    else:
        surfaces.verdicts["WebSocket"] = _verdict(handshake, allowed=handshake.status == 101)
    return surfaces


def _verdict(answer: Answer, *, allowed: bool) -> str:
    if allowed:
        return "allowed"
    return "refused" if _refuses(answer) else f"answered {answer.status}"


def _refuses(answer: Answer) -> bool:
    return answer.status == 403 or (answer.status == 400 and "origin" in answer.text.lower())


def _cors(origin: str, surfaces: _Surfaces) -> Iterator[Finding]:
    for surface, answer in surfaces.answers.items():
        if surfaces.verdicts[surface] != "allowed":
            continue
        headers = answer.all("access-control-allow-origin")
        named = [one.strip() for header in headers for one in header.split(",")]
        if not named:
            yield findings.cors(origin, "missing", surface, "")
        elif len(named) > 1:
            yield findings.cors(origin, "doubled", surface, " and ".join(named))
        elif named[0] not in (origin, "*"):
            yield findings.cors(origin, "other", surface, named[0])


# ── the proxy ──


def _sid(opened: Answer) -> str | None:
    found = re.search(r'"sid": *"([^"]+)"', opened.text) if opened.status == 200 else None
    return found.group(1) if found else None


def _send(url: str, origin: str, sid: str, packet: bytes, cookie: str = "") -> Answer:
    headers = {"Content-Type": "text/plain;charset=UTF-8"} | ({"Cookie": cookie} if cookie else {})
    return ask(url, f"{_POLLING}&sid={sid}", method="POST", origin=origin, headers=headers, body=packet)


def _stickiness(url: str, origin: str) -> Iterator[Finding]:
    """A client's second request comes on another connection, as a browser's may: is it known there?"""
    lost, with_cookie, saw = 0, 0, ""
    for _ in range(_STICKY_TRIES):
        opened = ask(url, _POLLING, origin=origin)
        if (sid := _sid(opened)) is None:
            continue
        second = _send(url, origin, sid, b"40")
        if second.status in (400, 404, 410) and "session" in second.text.lower():
            lost += 1
            saw = f"{second.status} {second.text[:80].strip()}"
            cookie = "; ".join(one.partition(";")[0] for one in opened.all("set-cookie"))
            with_cookie += bool(cookie) and _send(url, origin, sid, b"40", cookie).status == 200
        elif second.status == 200:
            _send(url, origin, sid, b"1")
    if lost and with_cookie == lost:
        yield findings.sticky_by_cookie()
    elif lost:
        yield findings.not_sticky(lost, _STICKY_TRIES, saw)


def _body_limit(url: str, origin: str) -> Iterator[Finding]:
    try:
        sid = _sid(ask(url, _POLLING, origin=origin))
    except Unreachable:
        return  # the rows have said so
    if sid is None:
        return
    text = b"x" * (_LARGE_KB * 1000)
    try:
        answer = _send(url, origin, sid, b'42["message","' + text + b'"]')
    except Unreachable as gone:
        if gone.problem == "cut":
            yield findings.body_limited(_LARGE_KB, "was cut off")
        return
    if answer.status == 413:
        yield findings.body_limited(_LARGE_KB, "is answered 413")
