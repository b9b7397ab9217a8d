"""Behind nginx as in deploy/, and behind HAProxy, everything works as it does without."""

import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from ipaddress import ip_address

import pytest
from proxied import Begin, Proxy, seconds_of

from crosstalk.settings import Settings
from people import Person
from raw import RawPolling, RawSocket
from rest import ask
from server import PAGE, Server, free_port, until

Serve = Callable[..., Server]
BURSTS, POSTS = 3, 30


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """The ports of the proxies: native WebSocket clients send the proxy's address as their origin."""
    return {name: free_port() for name in ("nginx", "haproxy")}


@pytest.fixture(scope="module")
def server(serve_module: Serve, ports: dict[str, int]) -> Server:
    addresses = ",".join(f"http://localhost:{port}" for port in ports.values())
    return serve_module(trusted_proxies="1", keepalive_s="3", public_url=addresses)


@pytest.fixture(scope="module", params=["nginx", "haproxy"])
def proxy(request: pytest.FixtureRequest, server: Server, ports: dict[str, int]) -> Proxy:
    begin: Begin = request.getfixturevalue(request.param)
    return begin(server, ports[request.param])


@pytest.fixture
def people(proxy: Proxy) -> Iterator[Callable[[str, list[str] | None], Person]]:
    met: list[Person] = []

    def meet(name: str, transports: list[str] | None) -> Person:
        person = Person.guest(proxy, name)  # type: ignore[arg-type]  # it has what is needed of a server
        met.append(person)
        person.connect(transports)
        return person

    yield meet
    for person in met:
        person.leave_the_building()


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]], ids="-".join)
def test_messages_arrive_over_every_transport(people: Callable[[str, list[str] | None], Person], transports: list[str]) -> None:
    ann, bob = people("Ann", transports), people("Bob", transports)
    room_id = ann.open_room()
    bob.join(room_id)
    ann.command("message:send", room_id=room_id, client_id="one", text="through the proxy")
    arrived = bob.wait_for("message:created", room_id=room_id)
    assert arrived["message"]["text"] == "through the proxy"


def test_the_clients_address_is_the_one_that_the_proxy_saw(proxy: Proxy, server: Server) -> None:
    forged = [("X-Forwarded-For", "203.0.113.7"), ("X-Real-IP", "203.0.113.7"), ("Forwarded", "for=203.0.113.7")]
    seen = ask(proxy.port, "GET", "/wirecheck", headers=forged).body
    assert ip_address(seen["remote_address"]).is_loopback


def test_origins_are_decided_behind_a_proxy_as_without(proxy: Proxy) -> None:
    polling = "/socket.io/?EIO=4&transport=polling"
    allowed = ask(proxy.port, "GET", polling, headers=[("Origin", PAGE)])
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, PAGE)
    assert ask(proxy.port, "GET", polling, headers=[("Origin", "http://evil.example")]).code == "origin_refused"


def test_the_logs_of_nginx_hold_no_session_id(nginx: Begin, server: Server) -> None:
    proxy = nginx(server)
    polling = RawPolling(proxy)  # type: ignore[arg-type]
    live = RawSocket(proxy).open()  # type: ignore[arg-type]
    live.close()
    log = proxy.home / "crosstalk.log"
    until("both are in the log", lambda: log.read_text().count('"GET /socket.io/ HTTP/1.1"') == 2)
    written = "".join(path.read_text() for path in proxy.home.glob("*.log"))
    for sid in (polling.opening["sid"], live.opening["sid"]):
        assert sid not in written


def test_nginx_closes_idle_connections_before_the_api_does() -> None:
    upstream = seconds_of("keepalive_timeout")
    assert upstream < Settings.model_fields["keepalive_s"].default


def test_no_post_is_lost_between_bursts(nginx: Begin, server: Server) -> None:
    """nginx reuses idle connections for a POST and does not repeat it: a server that closes first answers with a 502.

    The times are those of deploy/nginx.conf and of the default, both shorter; the bursts are as far apart as nginx waits.
    """
    proxy = nginx(server, **{f"keepalive_timeout {seconds_of('keepalive_timeout')}s": "keepalive_timeout 1s"})
    clients = [HTTPConnection("127.0.0.1", proxy.port, timeout=20) for _ in range(POSTS)]
    statuses = []
    for burst in range(BURSTS):
        if burst:
            time.sleep(1.0)  # what is tested is what happens after this time
        for client in clients:
            client.request("POST", "/api/guests", '{"name":"Ann"}', {"Content-Type": "application/json"})
        for client in clients:
            answer = client.getresponse()
            answer.read()
            statuses.append(answer.status)
    for client in clients:
        client.close()
    assert statuses == [201] * BURSTS * POSTS
