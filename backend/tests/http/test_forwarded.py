"""X-Forwarded-For is believed from configured networks only, and only as many entries of it as there are proxies."""

import json
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from structlog.testing import capture_logs

from conftest import Serve
from crosstalk.http import forwarded
from crosstalk.http.forwarded import ForwardedAddress
from rest import ask
from server import Server

LOOPBACK = ("127.0.0.0/8", "::1/128")


class Behind:
    """The middleware, and the address that the application sees behind it."""

    def __init__(self, proxies: int, *networks: str) -> None:
        self._seen: list[str] = []
        self._middleware = ForwardedAddress(self._app, proxies, [ip_network(one) for one in networks or LOOPBACK])

    def _app(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        self._seen.append(environ["REMOTE_ADDR"])
        return []

    def address(self, peer: str, header: str | None, **environ: str) -> str:
        sent: dict[str, Any] = {"REMOTE_ADDR": peer, **environ}
        if header is not None:
            sent["HTTP_X_FORWARDED_FOR"] = header
        self._middleware(sent, lambda *_: None)  # type: ignore[arg-type,return-value]
        return self._seen[-1]


@pytest.mark.parametrize(
    ("peer", "header", "seen"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.9.9.9", "203.0.113.7", "203.0.113.7"),
        ("::1", "203.0.113.7", "203.0.113.7"),
        ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("", "203.0.113.7", "203.0.113.7"),  # a Unix socket
        ("127.0.0.1", None, "127.0.0.1"),
        ("", None, ""),
        ("127.0.0.1", "10.0.0.1, 203.0.113.7", "203.0.113.7"),  # the rest is written by the client
        ("127.0.0.1", "10.0.0.1,203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", " 203.0.113.7 ", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7:51234", "203.0.113.7"),  # Azure
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "[2001:db8::7]:51234", "2001:db8::7"),
        ("127.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7,", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7, <script>", "127.0.0.1"),
        ("127.0.0.1", "for=203.0.113.7", "127.0.0.1"),
        ("127.0.0.1", "256.0.0.1", "127.0.0.1"),
        ("192.0.2.1", "203.0.113.7", "192.0.2.1"),  # not a proxy
        ("10.0.0.2", "203.0.113.7", "10.0.0.2"),
        ("2001:db8::1", "203.0.113.7", "2001:db8::1"),
        ("127.0.0.1", "1.1.1.1, " * 5_000 + "203.0.113.7", "203.0.113.7"),
    ],
)
def test_one_proxy_on_this_machine(peer: str, header: str | None, seen: str) -> None:
    assert Behind(1).address(peer, header) == seen


@pytest.mark.parametrize(
    ("peer", "header", "seen"),
    [
        ("127.0.0.1", "203.0.113.7, 198.51.100.9", "203.0.113.7"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.7, 198.51.100.9", "203.0.113.7"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),  # a client that goes past the outer proxy
        ("127.0.0.1", "198.51.100.9", "198.51.100.9"),  # the outer proxy itself, a health check
        ("127.0.0.1", "bad, 198.51.100.9", "198.51.100.9"),
        ("198.51.100.9", "203.0.113.7", "203.0.113.7"),
        ("192.0.2.1", "203.0.113.7, 198.51.100.9", "192.0.2.1"),
    ],
)
def test_two_proxies_of_which_the_outer_one_is_elsewhere(peer: str, header: str, seen: str) -> None:
    assert Behind(2, *LOOPBACK, "198.51.100.0/24").address(peer, header) == seen


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "", "10.0.0.2", "192.0.2.1"])
def test_without_proxies_the_header_is_not_read(peer: str) -> None:
    assert Behind(0, "0.0.0.0/0", "::/0").address(peer, "203.0.113.7") == peer


def test_nothing_else_is_believed() -> None:
    others = {
        "HTTP_X_REAL_IP": "1.1.1.1",
        "HTTP_FORWARDED": "for=1.1.1.1",
        "HTTP_CLIENT_IP": "1.1.1.1",
        "HTTP_CF_CONNECTING_IP": "1.1.1.1",
    }
    assert Behind(1).address("127.0.0.1", None, **others) == "127.0.0.1"
    assert Behind(1).address("127.0.0.1", "203.0.113.7", **others) == "203.0.113.7"


@pytest.mark.parametrize(
    ("proxies", "peer", "header", "warned"),
    [
        (0, "127.0.0.1", "203.0.113.7", True),
        (0, "10.0.0.2", "203.0.113.7", True),
        (0, "", "203.0.113.7", True),
        (0, "8.8.8.8", "203.0.113.7", False),  # any client can send it
        (0, "127.0.0.1", None, False),
        (1, "127.0.0.1", "203.0.113.7", False),
        (1, "10.0.0.2", "203.0.113.7", True),
        (1, "8.8.8.8", "203.0.113.7", False),
        (1, "127.0.0.1", "nonsense", True),
        (2, "127.0.0.1", "203.0.113.7, 198.51.100.9", True),
    ],
)
def test_a_header_that_is_not_believed_is_one_warning_a_minute(
    monkeypatch: pytest.MonkeyPatch, proxies: int, peer: str, header: str | None, warned: bool
) -> None:
    clock = [1_000_000]
    monkeypatch.setattr(forwarded, "steady_ms", lambda: clock[0])
    behind = Behind(proxies)
    with capture_logs() as lines:
        for _ in range(3):
            behind.address(peer, header)
        assert len(lines) == int(warned)
        clock[0] += 60_000
        behind.address(peer, header)
    assert len(lines) == 2 * int(warned)
    assert all(line["log_level"] == "warning" and "X-Forwarded-For" in line["event"] for line in lines)


def address_seen(server: Server, forwarded: str) -> str:
    address: str = ask(server.port, "GET", "/wirecheck", headers=[("X-Forwarded-For", forwarded)]).body["remote_address"]
    return address


def test_behind_a_configured_proxy_the_address_is_the_clients(serve: Serve) -> None:
    server = serve(trusted_proxies="1")
    assert address_seen(server, "203.0.113.7:4711") == "203.0.113.7"
    assert address_seen(server, "10.9.9.9, 2001:db8::7") == "2001:db8::7"
    assert address_seen(server, "nonsense") == "127.0.0.1"


def test_a_peer_that_is_no_proxy_cannot_choose_an_address(serve: Serve) -> None:
    server = serve(trusted_proxies="1", proxy_networks="192.0.2.0/24")
    assert address_seen(server, "203.0.113.7") == "127.0.0.1"


def test_a_proxy_that_is_not_configured_is_warned_of(serve: Serve) -> None:
    server = serve()
    for _ in range(5):
        assert address_seen(server, "203.0.113.7") == "127.0.0.1"
    counted = ask(server.port, "GET", "/metrics").raw.decode()
    assert 'crosstalk_forwarded_not_believed_total{reason="no_proxies"} 5.0' in counted
    warned = [json.loads(line) for line in server.log().splitlines() if "X-Forwarded-For" in line]
    assert [(line["event"], line["level"]) for line in warned] == [
        ("X-Forwarded-For arrives, but CROSSTALK_TRUSTED_PROXIES is 0", "warning")
    ]
