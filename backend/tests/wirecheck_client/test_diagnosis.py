"""What usually goes wrong between a page and the server, made to happen, and the words that a person gets for it."""

import re
from collections.abc import Callable

import pytest
from command import wirecheck
from listening import free_listener
from proxy import Proxy, answer, with_header, without

from server import PAGE, Server

Serve = Callable[..., Server]
# Quick, and enough to see whether rows are played at all.
FEW = ("--row", "connect", "--namespace", "/test", "--json")


@pytest.fixture(scope="module")
def two_servers(serve_module: Serve) -> list[int]:
    return [serve_module().port, serve_module().port]


# ── the server is not there, or is another one ──


def test_nobody_listens() -> None:
    with free_listener() as listener:
        port = listener.getsockname()[1]
    told = wirecheck(f"http://127.0.0.1:{port}", "--json")
    assert told.status == 2
    assert "nobody listens on that port" in told.finding("unreachable")["what"]
    assert told.lines[-1] == {"passed": 0, "failed": 0, "status": 2}


def test_a_name_that_does_not_exist() -> None:
    told = wirecheck("http://no-such-host.invalid:5002", "--json")
    assert told.status == 2
    assert "check the host's name" in told.finding("unreachable")["change"]


def test_tls_where_plain_http_is_spoken(server: Server) -> None:
    told = wirecheck(server.url.replace("http", "https", 1), "--json")
    assert told.status == 2
    assert f"write {server.url}" in told.finding("tls")["change"]


def test_the_wire_check_is_off(serve: Serve) -> None:
    told = wirecheck(serve(wirecheck="off").url, "--json")
    assert told.status == 2
    assert "CROSSTALK_WIRECHECK=on" in told.finding("wirecheck_off")["change"]


def test_another_server() -> None:
    with Proxy(on_request=lambda _: answer("404 Not Found", "nothing", "Server: nginx")) as here:
        told = wirecheck(here.url, "--json")
    assert told.status == 2
    assert "is not Crosstalk's API: GET /wirecheck is 404, by nginx" in told.finding("not_crosstalk")["what"]


def test_a_proxy_that_lost_the_server() -> None:
    with Proxy(on_request=lambda _: answer("502 Bad Gateway")) as here:
        told = wirecheck(here.url, "--json")
    assert told.status == 2
    assert "does not reach the API" in told.finding("gateway")["what"]


def test_a_redirect() -> None:
    moved = answer("301 Moved Permanently", "", "Location: https://api.example.com/wirecheck")
    with Proxy(on_request=lambda _: moved) as here:
        told = wirecheck(here.url, "--json")
    assert told.status == 2
    assert told.finding("redirected")["change"].endswith("https://api.example.com")


@pytest.mark.parametrize("refuses_four", [False, True])
def test_an_old_socket_io_server(refuses_four: bool) -> None:
    packet = '0{"sid":"a","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}'

    def say(head: str) -> bytes:
        if "/socket.io/" not in head:
            return answer("404 Not Found")
        if refuses_four and "EIO=4" in head:
            return answer("400 Bad Request", '{"code":5,"message":"Unsupported protocol version"}')
        return answer("200 OK", f"{len(packet)}:{packet}2:40")

    with Proxy(on_request=say) as here:
        told = wirecheck(here.url, "--json")
    assert told.status == 2
    found = told.finding("old_engine")
    assert "Engine.IO 3" in found["what"]
    assert "socket.io-client 2 with this server" in found["change"]


# ── origins ──


def test_a_refused_origin_with_the_near_miss(server: Server) -> None:
    told = wirecheck(server.url, origin="http://127.0.0.1:5173")
    assert told.status == 1
    assert "the origin http://127.0.0.1:5173 is refused everywhere" in told.text
    assert f"the list has {PAGE}, but this origin is http://127.0.0.1:5173" in told.text
    assert "→ add http://127.0.0.1:5173 to CROSSTALK_ALLOWED_ORIGINS" in told.text
    assert "No check was run." in told.text


@pytest.mark.parametrize(
    ("surface", "mark"), [("preflight", "OPTIONS"), ("WebSocket", "transport=websocket"), ("polling", "transport=polling")]
)
def test_a_proxy_that_refuses_the_origin_in_one_place(server: Server, surface: str, mark: str) -> None:
    def say(head: str) -> str | bytes:
        return answer("403 Forbidden", "no") if mark in head.partition("\r\n")[0] else head

    with Proxy([server.port], on_request=say) as here:
        told = wirecheck(here.url, "--row", "whoami", "--namespace", "/test", "--json")
    assert told.status == 1
    what = told.finding("origins_disagree")["what"]
    assert f"{surface}: refused" in what
    assert "the server's own list has it, so a proxy refuses it" in what
    assert "REST: allowed" in what


def test_mixed_content(server: Server) -> None:
    told = wirecheck(server.url, *FEW, origin="https://app.example.com")
    assert "mixed_content" not in told.text, "localhost is trusted without TLS"
    # No such server is needed: the page's browser would not ask it.
    from crosstalk.wirecheck.client.diagnosis import is_mixed_content

    assert is_mixed_content("https://app.example.com", "http://api.example.com:5002")
    assert is_mixed_content("https://app.example.com", "http://192.168.1.4:5002")
    assert not is_mixed_content("https://app.example.com", "https://api.example.com")
    assert not is_mixed_content("https://app.example.com", "http://127.0.0.1:5002")
    assert not is_mixed_content("https://app.example.com", "http://[::1]:5002")
    assert not is_mixed_content("http://app.example.com", "http://api.example.com")


def test_cors_headers_that_stand_twice(server: Server) -> None:
    def add(head: str) -> str:
        return with_header(head, f"Access-Control-Allow-Origin: {PAGE}")

    with Proxy([server.port], on_answer=add) as here:
        told = wirecheck(here.url, *FEW)
    assert told.status == 1
    doubled = [line for line in told.lines if line.get("finding") == "cors_doubled"]
    assert {re.search(r"answer of (\w+)", line["what"])[1] for line in doubled} == {"REST", "preflight", "polling"}  # type: ignore[index]
    assert "add_header" in doubled[0]["change"]


def test_cors_headers_that_get_lost(server: Server) -> None:
    with Proxy([server.port], on_answer=lambda head: without(head, "access-control-allow-origin")) as here:
        told = wirecheck(here.url, "--row", "connect", "--namespace", "/test")
    assert told.status == 1
    assert f"no Access-Control-Allow-Origin in the answer of polling: a page of {PAGE} cannot read it" in told.text
    assert "checks passed, but a browser would run into the problems above" in told.text


# ── the proxy ──


def test_a_proxy_that_strips_upgrade(server: Server) -> None:
    with Proxy([server.port], on_request=lambda head: without(head, "upgrade", "connection")) as here:
        told = wirecheck(here.url, "--row", "message", "--row", "whoami", "--row", "cross")
        polling = wirecheck(here.url, "--transport", "polling", *FEW)
    assert told.status == 1
    assert "something between here and the server drops the Upgrade header" in told.text
    assert "proxy_set_header Upgrade $http_upgrade" in told.text
    assert "connected, but the upgrade failed: the client stayed on polling" in told.text
    rows = {line.split()[0]: line.count("✓") for line in told.text.splitlines() if "✗" in line and "✓" in line}
    assert rows == {"whoami": 1, "message": 1, "cross": 1}, "polling works through it"
    assert "more over upgrade were not run, because there was no connection" in told.text
    assert polling.status == 0
    assert polling.finding("upgrade_stripped")


def test_no_sticky_sessions(two_servers: list[int]) -> None:
    with Proxy(two_servers) as here:
        told = wirecheck(here.url, "--transport", "polling", *FEW)
        websocket = wirecheck(here.url, "--transport", "websocket", *FEW)
    assert told.status == 1
    found = told.finding("not_sticky")
    assert "no sticky sessions: 6 of 6 times" in found["what"]
    assert "ip_hash" in found["change"]
    assert websocket.status == 0
    assert websocket.finding("not_sticky")


def test_sessions_that_stick_by_a_cookie(two_servers: list[int]) -> None:
    def by_cookie(head: str) -> int | None:
        found = re.search(r"route=(\d+)", head)
        return int(found[1]) if found else None

    turns: list[int] = []

    def name_the_route(head: str) -> str:
        turns.append(1)
        return with_header(head, f"Set-Cookie: route={two_servers[(len(turns) - 1) % 2]}; Path=/")

    def choose(head: str) -> int | None:
        return by_cookie(head) or two_servers[len(turns) % 2]

    with Proxy(two_servers, choose=choose, on_answer=name_the_route) as here:
        told = wirecheck(here.url, "--transport", "polling", *FEW)
    assert "withCredentials" in told.finding("sticky_by_cookie")["change"]


def test_a_proxy_that_limits_bodies(server: Server) -> None:
    def limit(head: str) -> str | bytes:
        found = re.search(r"content-length: (\d+)", head.lower())
        return answer("413 Content Too Large") if found and int(found[1]) > 100_000 else head

    with Proxy([server.port], on_request=limit) as here:
        told = wirecheck(here.url, "--transport", "polling", "--row", "300 kB text", "--namespace", "/test", "--json")
    assert told.status == 1
    assert "client_max_body_size" in told.finding("body_limited")["change"]


def test_a_proxy_that_collects_what_it_should_pass_on(server: Server) -> None:
    with Proxy([server.port], hold=True) as here:
        told = wirecheck(here.url, "--transport", "websocket", "--row", "typewriter", "--namespace", "/test", "--json")
    assert told.status == 1
    assert "proxy_buffering off" in told.finding("buffered")["change"]
    assert "something holds them back" in told.lines[0]["came"]


def test_a_proxy_without_a_fault_is_not_blamed(server: Server) -> None:
    with Proxy([server.port]) as here:
        told = wirecheck(here.url, *FEW)
    assert told.status == 0, told.text
    assert told.lines[-1] == {"passed": 3, "failed": 0, "status": 0}
