"""A preflight is answered alike at every door, for whatever headers the page asks for."""

import pytest

from conftest import Serve
from crosstalk.http.preflight import MAX_NAMES_CHARS
from rest import Answer, ask
from server import PAGE, Server

TRACING = "authorization,content-type,baggage,sentry-trace,traceparent,x-requested-with,ngrok-skip-browser-warning"
DOORS = {
    "REST": "/api/rooms",
    "REST below a room": "/api/rooms/x/messages",
    "an unknown route": "/api/nowhere",
    "polling": "/socket.io/?EIO=4&transport=polling",
    "polling without a slash": "/socket.io?EIO=4&transport=polling",
    "downloads": "/openapi.json",
    "documentation": "/docs",
    "the wire check": "/wirecheck/emit",
    "the origin check": "/origin-check",
    "health": "/healthz",
    "the root": "/",
}


def preflight(server: Server, path: str, names: str | None, origin: str = PAGE, method: str = "POST") -> Answer:
    headers = [("Origin", origin), ("Access-Control-Request-Method", method)]
    headers += [] if names is None else [("Access-Control-Request-Headers", names)]
    return ask(server.port, "OPTIONS", path, headers=headers)


@pytest.fixture(scope="module")
def wirecheck_server(serve_module: Serve) -> Server:
    return serve_module(wirecheck="on")


@pytest.mark.parametrize("door", DOORS)
def test_every_door_allows_the_headers_that_an_allowed_page_asks_for(wirecheck_server: Server, door: str) -> None:
    answer = preflight(wirecheck_server, DOORS[door], TRACING)
    assert (answer.status, answer.raw) == (200, b"")
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].lower().split(",")}
    assert allowed == set(TRACING.split(","))
    assert answer.headers["access-control-allow-origin"] in (PAGE, "*" if door == "the origin check" else PAGE)
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers
    assert "origin" in answer.vary()


@pytest.mark.parametrize("door", [door for door in DOORS if door != "the origin check"])
def test_no_door_allows_anything_to_another_page(wirecheck_server: Server, door: str) -> None:
    answer = preflight(wirecheck_server, DOORS[door], TRACING, origin="http://evil.example")
    assert (answer.status, answer.code) == (403, "origin_refused")
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "names",
    ["x-" + "a" * MAX_NAMES_CHARS, "authorization;x", "x-a\x0bb", "{}", "ä"],
    ids=["long", "semicolon", "control", "braces", "latin"],
)
def test_what_is_no_list_of_names_is_not_repeated(wirecheck_server: Server, door: str, names: str) -> None:
    answer = preflight(wirecheck_server, DOORS[door], names)
    assert "access-control-allow-headers" not in answer.headers
    assert names.encode("latin-1") not in answer.raw


@pytest.mark.parametrize("door", DOORS)
def test_a_preflight_without_names_is_answered(wirecheck_server: Server, door: str) -> None:
    answer = preflight(wirecheck_server, DOORS[door], None, method="DELETE")
    assert answer.status == 200
    assert "access-control-allow-headers" not in answer.headers


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
def test_no_answer_speaks_of_credentials(wirecheck_server: Server, door: str, method: str) -> None:
    answer = ask(wirecheck_server.port, method, DOORS[door], headers=[("Origin", PAGE)])
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["access-control-allow-origin"] in (PAGE, "*")


def test_the_root_answers_people_and_health_checks(server: Server) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert ask(server.port, method, "/").status == 200
    assert b"docs" in ask(server.port, "GET", "/").raw


def test_a_client_that_adds_no_slash_to_the_path_is_served(server: Server) -> None:
    answer = ask(server.port, "GET", "/socket.io?EIO=4&transport=polling")
    assert answer.status == 200
    assert answer.raw.startswith(b'0{"sid":')
