"""The built-in page server: its headers, and how many connections it holds."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from crosstalk.launch.page_headers import page_headers
from crosstalk.launch.page_server import CONNECTIONS, SILENCE_S, PageServer
from crosstalk.launch.ports import bind

FEW_MORE = 16


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>the page</title>")
    (tmp_path / "assets/page.js").write_text("export {}")
    (tmp_path / "config.json").write_text('{"api": "https://chat-api.example.com"}')
    return tmp_path


@pytest.fixture
def server(built: Path) -> Iterator[PageServer]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with PageServer(bind("127.0.0.1", port, "CROSSTALK_PAGE_PORT"), built) as started:
        threading.Thread(target=started.serve_forever, args=(0.02,), daemon=True).start()
        yield started
        started.shutdown()


def get(server: PageServer, path: str = "/", method: str = "GET") -> HTTPResponse:
    with closing(HTTPConnection("127.0.0.1", server.server_address[1], timeout=15)) as connection:
        connection.request(method, path)
        return connection.getresponse()


def policy(server: PageServer) -> dict[str, str]:
    directives = (one.partition(" ") for one in get(server).headers["Content-Security-Policy"].split("; "))
    return {name: value for name, _, value in directives}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200), ("HEAD", "/index.html", 200), ("GET", "/assets/page.js", 200), ("GET", "/config.json", 200), ("GET", "/nowhere", 404),
        ("GET", "/assets/", 404), ("GET", "/assets", 301), ("POST", "/", 501), ("GET", "/" + "x" * 70_000, 414),
    ],
)  # fmt: skip
def test_every_answer_has_the_headers(server: PageServer, method: str, path: str, status: int) -> None:
    answer = get(server, path, method)
    assert answer.status == status
    for name, value in page_headers("https://chat-api.example.com"):
        assert answer.headers.get_all(name) == [value], name


def test_nothing_is_allowed_but_what_the_page_needs(server: PageServer) -> None:
    assert policy(server) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self' https://chat-api.example.com wss://chat-api.example.com",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "svelte-trusted-html crosstalk-entities",
    }


@pytest.mark.parametrize(
    ("api", "sources"),
    [
        ("http://localhost:5002", "http://localhost:5002 ws://localhost:5002"),
        ("https://Chat.Example.com/chat-api", "https://chat.example.com wss://chat.example.com"),
        ("http://[::1]:5002", "http: ws:"),
        ("/chat-api", ""),
        ("", ""),
        ("https://a.example; script-src *", ""),
        ("https://a.example *", ""),
        ("https://user@a.example", ""),
        ("https://a.example\r\nX-Injected: 1", ""),
        ("ftp://a.example", ""),
        ("javascript:alert(1)", ""),
        ("https://[::", ""),
    ],
)
def test_connections_go_to_the_api_that_config_json_names_and_nowhere_else(
    server: PageServer, built: Path, api: str, sources: str
) -> None:
    (built / "config.json").write_text(json.dumps({"api": api}))
    assert policy(server)["connect-src"] == f"'self' {sources}".strip()
    assert policy(server)["script-src"] == "'self'"
    assert get(server).headers["X-Injected"] is None


@pytest.mark.parametrize("config", [None, "", "{", "[]", "null", '{"api": 1}', '{"other": "x"}', '"https://a.example"'])
def test_a_config_without_an_api_allows_no_other_host(server: PageServer, built: Path, config: str | None) -> None:
    if config is None:
        (built / "config.json").unlink()
    else:
        (built / "config.json").write_text(config)
    assert policy(server)["connect-src"] == "'self'"


def silent(server: PageServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=30)


def threads_of_connections() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize(
    "begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "], ids=["nothing", "a line", "headers"]
)
def test_silent_peers_hold_no_more_than_the_bound_and_the_page_is_served_beside_them(server: PageServer, begun: bytes) -> None:
    with ExitStack() as held:
        peers = [held.enter_context(closing(silent(server))) for _ in range(CONNECTIONS)]
        for peer in peers:
            peer.sendall(begun)
        for _ in range(FEW_MORE):
            assert get(server).status == 200
            peer = held.enter_context(closing(silent(server)))
            peer.sendall(begun)
            peers.append(peer)
        # The longest silent were closed: each of them reads the end.
        for peer in peers[:FEW_MORE]:
            assert peer.recv(1) == b""
        assert threads_of_connections() <= CONNECTIONS + FEW_MORE


def test_a_connection_that_asks_is_not_the_one_to_be_closed(server: PageServer) -> None:
    with ExitStack() as held:
        asking = held.enter_context(closing(HTTPConnection("127.0.0.1", server.server_address[1], timeout=15)))
        for _ in range(CONNECTIONS // 2):
            held.enter_context(closing(silent(server)))
        for _ in range(3):
            asking.request("GET", "/")
            assert asking.getresponse().read()
            for _ in range(CONNECTIONS // 2 - 1):
                held.enter_context(closing(silent(server)))
        asking.request("GET", "/")
        assert asking.getresponse().read()


def test_a_silent_peer_is_closed_after_a_while(server: PageServer) -> None:
    with closing(silent(server)) as peer:
        peer.settimeout(3 * SILENCE_S)
        assert peer.recv(1) == b""


def served(built: Path, **more: Any) -> PageServer:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return PageServer(bind("127.0.0.1", port, "CROSSTALK_PAGE_PORT"), built, **more)


def test_the_page_names_the_api_for_the_host_that_asks_and_allows_it(built: Path) -> None:
    with served(built, api_for=lambda host: f"http://{host.partition(':')[0]}:5002") as started:
        threading.Thread(target=started.serve_forever, args=(0.02,), daemon=True).start()
        answer, body = asked(started, "/config.json", Host="chat.lan:5173")
        assert json.loads(body) == {"api": "http://chat.lan:5002"}
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "connect-src 'self' http://chat.lan:5002 ws://chat.lan:5002;" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cross-Origin-Opener-Policy"] is None, "ignored there with an error in the console"
        answer, _ = asked(started, "/", Host="localhost:5173")
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        started.shutdown()


def test_a_browser_at_another_name_of_this_machine_is_sent_to_the_allowed_one(built: Path) -> None:
    with served(built, api_for=lambda _host: "http://localhost:5002", origin="http://localhost:5173") as started:
        threading.Thread(target=started.serve_forever, args=(0.02,), daemon=True).start()
        navigating = {"Sec-Fetch-Mode": "navigate"}
        for host in ("127.0.0.1:5173", "[::1]:5173"):
            answer, _ = asked(started, "/?a=1", Host=host, **navigating)
            assert (answer.status, answer.headers["Location"]) == (307, "http://localhost:5173/?a=1")
            assert asked(started, "/", Host=host)[0].status == 200, "no browser"
        assert asked(started, "/", Host="localhost:5173", **navigating)[0].status == 200
        assert (
            asked(started, "//elsewhere.example/", Host="127.0.0.1:5173", **navigating)[0]
            .headers["Location"]
            .startswith("http://localhost:5173/")
        )
        started.shutdown()


def asked(server: PageServer, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", server.server_address[1], timeout=15)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()
