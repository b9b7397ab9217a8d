"""What can be wrong between a page and the server, in plain words, with what to change."""

from dataclasses import dataclass
from typing import Literal

UNREACHABLE = 2
FAILED = 1


@dataclass(frozen=True)
class Finding:
    name: str
    what: str
    change: str
    status: int = FAILED
    """The exit status that it brings about."""
    rows_are_useless: bool = False
    """None could pass, or the answer would be about something else."""


def unreachable(url: str, problem: str, told: str) -> Finding:
    if problem == "tls":
        plain = url.replace("https://", "http://", 1)
        wrong_kind = "wrong version" in told.lower().replace("_", " ") or "record layer" in told.lower().replace("_", " ")
        change = (
            f"that port speaks plain HTTP: write {plain}, or put TLS in front of it"
            if wrong_kind
            else "browsers refuse such a certificate too: install one that is valid for this host, with its chain"
        )
        return Finding("tls", f"no TLS connection to {url}: {told}", change, UNREACHABLE, True)
    changes = {
        "name": "check the host's name, and that this machine can reach its network",
        "refused": "start the server, or write the port on which it listens",
        "timeout": "a firewall swallows it, or the proxy has lost the server: look there",
        "cut": "something listens that does not speak HTTP like this: check scheme and port",
    }
    return Finding("unreachable", f"{url} cannot be reached: {told}", changes[problem], UNREACHABLE, True)


def redirected(url: str, target: str) -> Finding:
    return Finding(
        "redirected",
        f"{url} sends everybody on to {target}; browsers do not follow that in a preflight or a WebSocket handshake",
        f"write the address behind it: {target}",
        UNREACHABLE,
        True,
    )


def gateway(url: str, status: int) -> Finding:
    return Finding(
        "gateway",
        f"a proxy answers at {url} with {status}: it does not reach the API behind it",
        "start the API, or correct the address to which the proxy forwards",
        UNREACHABLE,
        True,
    )


def wirecheck_off(url: str) -> Finding:
    return Finding(
        "wirecheck_off",
        f"{url} is Crosstalk, but its wire check is off, as it is in production unless it is asked for",
        "set CROSSTALK_WIRECHECK=on for as long as you test, and start the server again",
        UNREACHABLE,
        True,
    )


def not_crosstalk(url: str, saw: str) -> Finding:
    return Finding(
        "not_crosstalk",
        f"what answers at {url} is not Crosstalk's API: {saw}",
        "write the API's address (not the page's), and have the proxy forward every path to it",
        UNREACHABLE,
        True,
    )


def old_engine(what: str) -> Finding:
    return Finding(
        "old_engine",
        f"the server speaks Engine.IO 3 ({what}): it is of Socket.IO 1 or 2, and a client 3 or 4 cannot talk to it",
        "use socket.io-client 2 with this server; Crosstalk speaks Engine.IO 4, which is socket.io-client 3 or 4",
        UNREACHABLE,
        True,
    )


def unknown_engine(answer: str) -> Finding:
    return Finding(
        "unknown_engine",
        f"the server refuses Engine.IO 4, which socket.io-client 3 and 4 speak, and Engine.IO 3 as well: {answer}",
        "look for what answers under /socket.io/ there",
        FAILED,
        True,
    )


def mixed_content(origin: str, url: str) -> Finding:
    return Finding(
        "mixed_content",
        f"a page of {origin} may not call {url}: browsers block http from an https page (mixed content)",
        f"serve the API over https too, and use {url.replace('http://', 'https://', 1)}",
    )


def origin_refused(origin: str, hint: str | None) -> Finding:
    return Finding(
        "origin_refused",
        f"the origin {origin} is refused everywhere: {hint or 'the server did not say why'}",
        f"add {origin} to CROSSTALK_ALLOWED_ORIGINS, or open the page under the origin that is in the list",
        FAILED,
        True,
    )


def origins_disagree(origin: str, verdicts: dict[str, str], hint: str | None) -> Finding:
    told = "; ".join(f"{surface}: {verdict}" for surface, verdict in verdicts.items())
    return Finding(
        "origins_disagree",
        f"the origin {origin} is not treated alike. {told}" + (f". Why: {hint}" if hint else ""),
        "one list must decide: if a proxy checks Origin, answers preflights, or changes that header, take that out of it",
    )


def cors(origin: str, kind: Literal["missing", "doubled", "other"], where: str, saw: str) -> Finding:
    whats = {
        "missing": f"no Access-Control-Allow-Origin in the answer of {where}: a page of {origin} cannot read it",
        "doubled": f"Access-Control-Allow-Origin stands twice in the answer of {where} ({saw}): browsers refuse that",
        "other": f"Access-Control-Allow-Origin of {where} names {saw}, not {origin}",
    }
    changes = {
        "missing": "let the proxy pass the header on unchanged (no proxy_hide_header, no cache that drops it)",
        "doubled": "Crosstalk writes the CORS headers: take those that the proxy adds (add_header Access-Control-…) out of it",
        "other": "the proxy must forward the Origin header, and must not cache answers without regard to `Vary: Origin`",
    }
    return Finding(f"cors_{kind}", whats[kind], changes[kind])


def upgrade_stripped(saw: str) -> Finding:
    return Finding(
        "upgrade_stripped",
        f"polling works, but the WebSocket handshake {saw}: something between here and the server drops the Upgrade header",
        'nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`. '
        "Until then clients stay on polling",
    )


def not_sticky(lost: int, tries: int, answer: str) -> Finding:
    return Finding(
        "not_sticky",
        f"no sticky sessions: {lost} of {tries} times the second request of a client reached a server that does not know it "
        f"({answer})",
        "have the proxy send a client always to the same server (nginx: `ip_hash`), or let clients use websocket only",
    )


def sticky_by_cookie() -> Finding:
    return Finding(
        "sticky_by_cookie",
        "sessions stick only to clients that send the proxy's cookie back, and a page on another origin does not",
        "stick by address instead (nginx: `ip_hash`, HAProxy: `balance source`), or set withCredentials in every client",
    )


def body_limited(kb: int, saw: str) -> Finding:
    return Finding(
        "body_limited",
        f"a request of {kb} kB {saw}: a proxy limits the size of bodies",
        "raise it above 2 MiB (nginx: `client_max_body_size 4m;`)",
    )


def buffered() -> Finding:
    return Finding(
        "buffered",
        "pieces of a stream arrive together instead of one by one: a proxy collects what it should pass on",
        "switch its buffering off for /socket.io/ (nginx: `proxy_buffering off;`), and compression of what streams",
    )
