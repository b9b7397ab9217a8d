"""Many ways to say where a page comes from, and what a server makes of them: bytes on plain sockets, at six surfaces.

Made for any server: start it with `CROSSTALK_ALLOWED_ORIGINS` set to ALLOWED_ORIGINS and hand its port to `disagreements`.
"""

import json
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

ALLOWED_ORIGINS = (
    "http://localhost:5173, https://app.example.com, https://*.example.org, https://*.dev.example.net:8443, "
    "http://[::1]:3000, https://xn--bcher-kva.example, https://pr-42.example.app;until=2099-12-31, "
    "https://pr-41.example.app;until=2020-01-31, https://*.old.example.net;until=2020-01-31, "
    "capacitor://localhost, moz-extension://0f8d1b7e-1d0c-4b8e-9f5a-2f1f0c1d2e3f, app://desktop:8080"
)
PAGE = b"http://localhost:5173"
EVIL = b"http://evil.example"
PATIENCE_S = 20.0


class Variant(NamedTuple):
    name: str
    lines: tuple[bytes, ...]
    """Header lines as they are sent, without their ends."""
    allowed: bool


def _origins(allowed: bool, **origins: str) -> list[Variant]:
    return [Variant(name, (b"Origin: " + text.encode(),), allowed) for name, text in origins.items()]


def _lines(allowed: bool, **lines: tuple[bytes, ...]) -> list[Variant]:
    return [Variant(name, sent, allowed) for name, sent in lines.items()]


def _with(origin: bytes, *more: bytes) -> tuple[bytes, ...]:
    return (b"Origin: " + origin, *more)


_FORGED = {
    "host": (b"Host: evil.example",),
    "forwarded_host": (b"X-Forwarded-Host: evil.example",),
    "forwarded_host_and_scheme": (b"X-Forwarded-Host: evil.example", b"X-Forwarded-Proto: http"),
    "forwarded_for": (b"X-Forwarded-For: 127.0.0.1",),
    "forwarded_origin": (b"X-Forwarded-Origin: http://localhost:5173", b"X-Origin: http://localhost:5173"),
    "forwarded_server_and_port": (b"X-Forwarded-Server: evil.example", b"X-Forwarded-Port: 80"),
    "forwarded": (b'Forwarded: for=127.0.0.1;host="evil.example";proto=http',),
    "original_host": (b"X-Original-Host: evil.example", b"X-Host: evil.example", b"X-Real-IP: 127.0.0.1"),
    "original_url": (b"X-Original-URL: /origin-check", b"X-Rewrite-URL: /origin-check"),
    "script_name": (b"Script-Name: /origin-check", b"Path-Info: /origin-check"),
    "underscores": (b"X_Forwarded_Host: evil.example", b"X_Forwarded_Proto: http", b"HTTP_ORIGIN: http://localhost:5173"),
    "referer": (b"Referer: http://localhost:5173/", b"Sec-Fetch-Site: same-origin"),
}  # fmt: skip

VARIANTS: list[Variant] = [
    *_origins(
        True,
        exact="http://localhost:5173", https="https://app.example.com", sub_domain="https://a.example.org",
        two_labels_below="https://a.b.example.org", punycode_below="https://xn--bcher-kva.example.org", digits_below="https://1.example.org",
        dash_below="https://a-b.example.org", pattern_with_port="https://x.dev.example.net:8443", ipv6="http://[::1]:3000",
        punycode="https://xn--bcher-kva.example", not_yet_expired="https://pr-42.example.app",
        websocket_scheme="ws://localhost:5173", websocket_scheme_tls="wss://app.example.com", websocket_scheme_below="wss://a.example.org",
        app_scheme="capacitor://localhost", app_extension="moz-extension://0f8d1b7e-1d0c-4b8e-9f5a-2f1f0c1d2e3f", app_with_port="app://desktop:8080",
    ),
    *_origins(
        False,
        stranger="http://evil.example", null="null", null_in_capitals="NULL", star="*", file="file://", file_with_path="file:///tmp/page.html",
        data="data:text/html,x", blob="blob:http://localhost:5173/6c0d", extension="chrome-extension://abcdefgh", about="about:blank",
        javascript="javascript://localhost:5173", websocket_scheme_differs="wss://localhost:5173", websocket_scheme_in_capitals="WS://localhost:5173",
        app_in_capitals="Capacitor://localhost", app_with_slash="capacitor://localhost/", app_without_port="app://desktop", app_of_another_scheme="ionic://localhost",
        app_of_another_host="capacitor://localhost.evil.example", app_other_extension="moz-extension://0f8d1b7e-1d0c-4b8e-9f5a-2f1f0c1d2e30", no_scheme="localhost:5173", only_a_scheme="http://",
        slashes_only="//localhost:5173", one_slash="http:/localhost:5173", backslashes="http:\\\\localhost:5173",
        other_port="http://localhost:5174", longer_port="http://localhost:51730", shorter_port="http://localhost:517", no_port="http://localhost",
        empty_port="http://localhost:", port_with_zero="http://localhost:05173", port_with_plus="http://localhost:+5173",
        default_port_written="https://app.example.com:443", other_default_port="https://app.example.com:80",
        other_scheme="https://localhost:5173", other_scheme_http="http://app.example.com", capital_scheme="HTTP://localhost:5173",
        capital_host="http://LOCALHOST:5173", capital_letter="https://App.example.com",
        trailing_slash="http://localhost:5173/", path="http://localhost:5173/page", query="http://localhost:5173?x=1", fragment="http://localhost:5173#x",
        trailing_dot="https://app.example.com.", trailing_dot_and_port="http://localhost.:5173", trailing_semicolon="https://pr-42.example.app;",
        userinfo="http://user@localhost:5173", userinfo_password="http://a:b@localhost:5173", empty_userinfo="http://@localhost:5173",
        listed_as_userinfo="http://localhost:5173@evil.example", listed_as_fragment="http://evil.example#http://localhost:5173",
        listed_as_query="https://evil.example?https://app.example.com", listed_as_path="https://evil.example/https://app.example.com",
        suffix="http://localhost:5173.evil.example", suffix_host="https://app.example.com.evil.example", prefix="http://xlocalhost:5173",
        prefix_host="https://evilapp.example.com", prefix_dash="https://evil-app.example.com", any_letter_for_a_dot="https://appxexample.com",
        www="https://www.app.example.com", parent="https://example.com", below_an_exact_one="https://a.app.example.com",
        ipv4_for_localhost="http://127.0.0.1:5173", ipv6_for_localhost="http://[::1]:5173", ipv4_as_number="http://2130706433:5173",
        ipv6_other_port="http://[::1]:3001", ipv6_written_out="http://[0:0:0:0:0:0:0:1]:3000", ipv6_without_brackets="http://::1:3000",
        ipv6_mapped="http://[::ffff:127.0.0.1]:3000", ipv6_zone="http://[::1%25lo]:3000",
        pattern_itself="https://*.example.org", bare_domain="https://example.org", dot_below="https://.example.org",
        empty_label="https://a..example.org", dashed_domain="https://evil-example.org", glued_domain="https://evilexample.org",
        below_with_port="https://a.example.org:443", below_other_port="https://a.example.org:8443", below_other_scheme="http://a.example.org",
        below_with_slash="https://a.example.org/", below_with_dot="https://a.example.org.", below_as_path="https://evil.example/.example.org",
        below_as_query="https://evil.example?.example.org", below_as_fragment="https://evil.example#.example.org",
        below_userinfo="https://evil@a.example.org", below_port_first="https://evil.example:80.example.org", below_underscore="https://a_b.example.org",
        below_capital="https://A.example.org", below_percent="https://evil%2eexample.org", below_backslash="https://evil.example\\.example.org",
        pattern_port_missing="https://x.dev.example.net", pattern_bare_with_port="https://dev.example.net:8443",
        unicode_host="https://bücher.example", unicode_below="https://é.example.org", wide_dot="https://a。example.org",
        cyrillic="https://аpp.example.com", cyrillic_as_punycode="https://xn--pp-6kc.example.com", wide_letters="https://ａpp.example.com",
        other_punycode="https://xn--bcher-kvb.example", zero_for_o="https://a.example.0rg", punycode_domain="https://a.xn--exmple-cua.org",
        expired="https://pr-41.example.app", expired_pattern="https://a.old.example.net", expiry_as_written="https://pr-42.example.app;until=2099-12-31",
        two_with_blank="http://localhost:5173 http://localhost:5173", two_with_comma="http://localhost:5173,http://localhost:5173",
        listed_first="http://localhost:5173, http://evil.example", listed_last="http://evil.example, http://localhost:5173",
        quoted='"http://localhost:5173"', escape="http://localhost:5173\x1b[31m", line_separator="http://localhost:5173\u2028",
        zero_width="http://local\u200bhost:5173", right_to_left="http://\u202elocalhost:5173", very_long="https://" + "a." * 2000 + "example.com",
        tab_inside="http://local\thost:5173", percent_null="http://localhost:5173%00",
    ),
    *_lines(
        True,
        no_origin=(),
        name_in_lower_case=(b"origin: " + PAGE,),
        name_in_capitals=(b"ORIGIN: " + PAGE,),
        no_blank_before_the_value=(b"Origin:" + PAGE,),
        blanks_around_the_value=(b"Origin: \t " + PAGE + b" \t ",),
    ),
    *_lines(
        False,
        empty=(b"Origin:",),
        blank=(b"Origin:  ",),
        same_twice=_with(PAGE, b"Origin: " + PAGE),
        listed_then_stranger=_with(PAGE, b"Origin: " + EVIL),
        stranger_then_listed=_with(EVIL, b"Origin: " + PAGE),
        empty_then_listed=(b"Origin:", b"Origin: " + PAGE),
        listed_then_empty=_with(PAGE, b"Origin:"),
        twice_in_two_spellings=_with(PAGE, b"oRIGIN: " + PAGE),
        three=_with(PAGE, b"Origin: " + PAGE, b"Origin: " + PAGE),
        folded=(b"Origin: " + PAGE + b"\r\n " + EVIL,),
        not_utf8=(b"Origin: http://localhost\xff:5173",),
        null_byte=(b"Origin: " + PAGE + b"\x00",),
    ),
    *[Variant(f"stranger_with_{name}", _with(EVIL, *more), False) for name, more in _FORGED.items()],
    *[Variant(f"listed_with_{name}", _with(PAGE, *more), True) for name, more in _FORGED.items()],
]  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What came back, and whether the request was let in."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def allowed(self) -> bool:
        return self.status not in (400, 403)

    def faults(self, variant: Variant, surface: str) -> list[str]:
        """What is wrong with this answer, beyond whether it should have been another."""
        origin = next((line.partition(b":")[2].strip().decode("latin-1") for line in variant.lines), None)
        named = self.headers.get("access-control-allow-origin")
        if self.allowed:
            wants = _EXPECTED[surface]
            faults = [f"status {self.status}, not {wants}"] if self.status != wants else []
            if surface != "preflight" or origin is not None:
                faults += [f"allows {named}"] if self.status != 101 and named != origin else []
        else:
            # What is no HTTP the server itself refuses, before anything of ours sees it.
            own = self.headers.get("content-type", "").startswith("application/problem+json")
            faults = [] if own or self.status == 400 else ["403 without a reason"]
            if own and json.loads(self.body)["code"] != "origin_refused":
                faults.append(f"refused as {self.body!r}")
            faults += [f"refused, and allows {named}"] if named is not None else []
            if not own:
                return faults
        varies = {name.strip().lower() for name in self.headers.get("vary", "").split(",")}
        return faults + (["no Vary: Origin"] if self.status != 101 and "origin" not in varies else [])


_UPGRADE = (
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
_CLOSE = (b"Connection: close",)
_POLL = "/socket.io/?EIO=4&transport=polling"
_SOCKET = "/socket.io/?EIO=4&transport=websocket"
_PREFLIGHT = (b"Access-Control-Request-Method: POST", b"Access-Control-Request-Headers: authorization,content-type")
# Without a token REST answers 401 to whom it lets in.
_EXPECTED = {"rest": 401, "preflight": 200, "polling": 200, "websocket": 101, "upgrade": 101, "downloads": 200}
SURFACES = tuple(_EXPECTED)


def ask(port: int, surface: str, variant: Variant, host: str = "127.0.0.1") -> Seen:
    """Sends one request with the header lines of the variant to one surface."""
    match surface:
        case "rest":
            return _exchange(host, port, "GET", "/api/me", _CLOSE, variant.lines)
        case "preflight":
            return _exchange(host, port, "OPTIONS", "/api/rooms", (*_CLOSE, *_PREFLIGHT), variant.lines)
        case "polling":
            return _exchange(host, port, "GET", _POLL, _CLOSE, variant.lines)
        case "websocket":
            return _exchange(host, port, "GET", _SOCKET, _UPGRADE, variant.lines)
        case "upgrade":
            # Opened without an origin, the session is bound to none: what refuses the upgrade is the list.
            opened = _exchange(host, port, "GET", _POLL, _CLOSE, ())
            # Not parsed: some servers send it in chunks.
            sid = opened.body.partition(b'"sid":"')[2].partition(b'"')[0].decode()
            return _exchange(host, port, "GET", f"{_SOCKET}&sid={sid}", _UPGRADE, variant.lines)
        case "downloads":
            return _exchange(host, port, "GET", "/openapi.json", _CLOSE, variant.lines)
    raise ValueError(surface)


def disagreement(port: int, surface: str, variant: Variant, host: str = "127.0.0.1") -> str | None:
    """What is wrong with the answer to one variant at one surface, None when nothing is."""
    seen = ask(port, surface, variant, host)
    faults = seen.faults(variant, surface)
    if seen.allowed is not variant.allowed:
        faults.insert(0, f"{'let in' if seen.allowed else 'refused'} with {seen.status}")
    return f"{variant.name} at {surface}: {'; '.join(faults)}" if faults else None


def disagreements(port: int, host: str = "127.0.0.1") -> list[str]:
    """Every variant at every surface; empty when the server decides as it should."""
    found = [disagreement(port, surface, variant, host) for variant in VARIANTS for surface in SURFACES]
    return [one for one in found if one is not None]


def _exchange(host: str, port: int, method: str, path: str, own: tuple[bytes, ...], lines: tuple[bytes, ...]) -> Seen:
    if not any(line.lower().startswith(b"host:") for line in lines):
        own = (f"Host: localhost:{port}".encode(), *own)
    request = b"\r\n".join([f"{method} {path} HTTP/1.1".encode(), *own, *lines, b"", b""])
    with closing(socket.create_connection((host, port), timeout=PATIENCE_S)) as wire:
        wire.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += (piece := wire.recv(65_536))
            if not piece:
                break
        head, _, body = received.partition(b"\r\n\r\n")
        status_line, *header_lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in header_lines:
            name, _, value = line.partition(":")
            key = name.lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
        status = int(status_line.split(" ")[1]) if status_line else 400
        length = int(headers.get("content-length", "0")) if "content-length" in headers else None
        while status != 101 and (length is None or len(body) < length):
            if not (piece := wire.recv(65_536)):
                break
            body += piece
    return Seen(status, headers, body)
