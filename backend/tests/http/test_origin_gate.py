"""What the gate puts on every answer, what it tells about an origin, and what administrators hear of refusals."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

import pytest
from structlog.testing import capture_logs

from conftest import Serve
from crosstalk.http.gate import OriginGate
from crosstalk.http.origins import OriginList
from crosstalk.http.refusals import Refusals
from rest import Answer, ask
from server import PAGE, Server

EVIL = "http://evil.example"


@pytest.mark.parametrize("headers", [[], [("Origin", PAGE)], [("Origin", EVIL)]], ids=["native", "page", "stranger"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"), ("GET", "/api/me"), ("GET", "/api/nowhere"), ("GET", "/nowhere"), ("PUT", "/api/guests"), ("POST", "/api/guests"),
        ("OPTIONS", "/api/rooms"), ("HEAD", "/openapi.json"), ("GET", "/openapi.json"), ("GET", "/asyncapi.json"), ("GET", "/docs"), ("GET", "/metrics"),
        ("GET", "/origin-check"), ("HEAD", "/origin-check"), ("OPTIONS", "/origin-check"), ("POST", "/origin-check"),
        ("GET", "/socket.io/?EIO=4&transport=polling"), ("GET", "/socket.io/"), ("GET", "/socket.io/?EIO=3&transport=polling"),
        ("POST", "/socket.io/?EIO=4&transport=polling&sid=nosuchsession"), ("OPTIONS", "/socket.io/?EIO=4&transport=polling"),
    ],
)  # fmt: skip
def test_every_answer_varies_with_the_origin(server: Server, method: str, path: str, headers: list[tuple[str, str]]) -> None:
    answer = ask(server.port, method, path, headers=headers)
    assert "origin" in answer.vary(), answer
    assert answer.headers["x-content-type-options"] == "nosniff"
    if headers == [("Origin", EVIL)] and not path.startswith("/origin-check"):
        assert answer.status == 403


Gate = Callable[..., tuple[str, dict[str, str], bytes]]


@pytest.fixture
def through() -> Gate:
    """Asks an application that answers with the given headers, through a gate."""

    def go(
        *sent: tuple[str, str], origin: str | None = PAGE, status: str = "200 OK", **environ: str
    ) -> tuple[str, dict[str, str], bytes]:
        def app(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response(status, list(sent))
            return [repr(_environ.get("HTTP_ORIGIN")).encode()]

        gate = OriginGate(app, OriginList.parse((PAGE,), own=("http://localhost:5002",), production=True))
        request: dict[str, Any] = {**environ} | ({} if origin is None else {"HTTP_ORIGIN": origin})
        setup_testing_defaults(request)
        began: list[Any] = []
        body = b"".join(gate(request, lambda *given: began.append(given)))  # type: ignore[arg-type,return-value,func-returns-value]
        [(answered, headers)] = began
        assert len({name.lower() for name, _ in headers}) == len(headers), headers
        return answered, dict(headers), body

    return go


@pytest.mark.parametrize("status", ["200 OK", "304 Not Modified", "404 Not Found", "500 Internal Server Error"])
@pytest.mark.parametrize(
    ("sent", "vary"),
    [
        ([], "Origin"),
        ([("Vary", "Accept-Encoding")], "Accept-Encoding, Origin"),
        ([("vary", "Accept, Cookie"), ("Vary", "Accept-Language")], "Accept, Cookie, Accept-Language, Origin"),
        ([("Vary", "origin, Accept")], "origin, Accept"),
        ([("Vary", "*")], "*"),
    ],
)
def test_vary_is_added_to_what_is_there(through: Gate, sent: list[tuple[str, str]], vary: str, status: str) -> None:
    answered, headers, _ = through(*sent, status=status)
    assert (answered, headers["Vary"]) == (status, vary)


def test_blanks_around_the_header_are_not_part_of_it_for_anybody(through: Gate) -> None:
    assert through(origin=f" \t{PAGE} ")[2] == repr(PAGE).encode()
    assert through(origin=None)[2] == b"None"
    assert through(origin="")[0] == "403 Forbidden"
    assert through(origin=" \t ")[0] == "403 Forbidden"


@pytest.mark.parametrize(
    "origin", ["http://\x1b[31mlocalhost:5173", "http://localhost\x85:5173", "http://\u202e.example", "ünïcode"]
)
def test_control_characters_are_never_given_back_raw(through: Gate, origin: str) -> None:
    with capture_logs() as lines:
        _, _, body = through(origin=origin.encode().decode("latin-1"))
    told = json.loads(body)
    for text in (told["origin"], told["detail"], *(line["origin"] + line["hint"] for line in lines if "hint" in line)):
        assert text.isprintable()


def test_a_very_long_origin_is_told_in_a_line(through: Gate) -> None:
    _, _, body = through(origin="https://" + "a" * 8_000 + ".example")
    assert len(body) < 2_000


def check(server: Server, method: str, query: str = "", origin: str = EVIL) -> Answer:
    return ask(server.port, method, f"/origin-check{query}", headers=[("Origin", origin)])


def test_the_origin_check_can_be_asked_by_every_page_in_every_proper_way(server: Server) -> None:
    for origin in (PAGE, EVIL, "null", "", "*"):
        for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE"):
            answer = check(server, method, "?origin=http://localhost:5174", origin)
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers
    asked = check(server, "GET", "?origin=http://localhost:5174")
    head = check(server, "HEAD", "?origin=http://localhost:5174")
    assert (head.status, head.raw) == (200, b"")
    assert head.headers["content-length"] == asked.headers["content-length"]
    assert check(server, "OPTIONS").status == 200
    posted = check(server, "POST")
    assert (posted.status, posted.code, posted.headers["allow"]) == (405, "not_found", "GET, HEAD, OPTIONS")
    assert posted.body["status"] == 405


def test_the_origin_check_takes_what_is_asked_before_who_asks(server: Server) -> None:
    assert check(server, "GET", f"?origin={PAGE}").body == {"origin": PAGE, "allowed": True, "hint": None}
    assert check(server, "GET", "?origin=", PAGE).body["allowed"] is False
    assert check(server, "GET", "", PAGE).body["allowed"] is True
    assert check(server, "GET", "?other=x", EVIL).body["origin"] == EVIL
    native = ask(server.port, "GET", "/origin-check").body
    assert (native["origin"], native["allowed"]) == ("", True)
    assert "?origin=" in native["hint"]


@pytest.mark.parametrize(
    "query", ["?origin=%00%1b%0d%0a", "?origin=%ff%fe", "?origin=%ed%a0%80", "?origin=" + "x" * 3_000, "?%zz", "?&&;=="]
)
def test_the_origin_check_survives_whatever_is_asked(server: Server, query: str) -> None:
    answer = check(server, "GET", query)
    assert answer.status == 200
    assert answer.body["allowed"] is False
    assert answer.body["origin"].isprintable()
    assert answer.body["hint"].isprintable()


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refusals(clock: Clock) -> Refusals:
    return Refusals(clock)


def test_refusals_are_counted_and_told_once_a_minute(refusals: Refusals, clock: Clock) -> None:
    with capture_logs() as lines:
        for surface in ("polling", "rest", "polling"):
            clock.ms += 10
            refusals.record(EVIL, "why", surface=surface, path="/x")
        clock.ms += 60_000
        refusals.record(EVIL, "why else", surface="websocket", path="/y")
    [row] = refusals.rows()
    assert (row.origin, row.hint, row.count) == (EVIL, "why else", 4)
    assert row.surfaces == {"polling": 2, "rest": 1, "websocket": 1}
    assert (row.first_at, row.last_at) == (1_000_010, 1_060_030)
    assert [(line["count"], line["untold"]) for line in lines] == [(1, 0), (4, 2)]


def test_ever_new_origins_neither_flood_the_log_nor_the_memory(refusals: Refusals, clock: Clock) -> None:
    with capture_logs() as lines:
        for number in range(5_000):
            refusals.record(f"http://{number}.example", "why", surface="rest", path="/")
        assert len(lines) == 20
        clock.ms += 60_000
        refusals.record(EVIL, "why", surface="rest", path="/")
    assert lines[-1]["untold"] == 4_980
    assert len(refusals.rows()) == 200
    assert [row.origin for row in refusals.rows()[:2]] == [EVIL, "http://4999.example"]


def test_a_page_that_is_refused_again_and_again_is_one_line_and_a_number(serve: Serve) -> None:
    server = serve(allowed_origins=f"{PAGE}, https://pr-41.example.app;until=2020-01-31")
    for _ in range(50):
        ask(server.port, "GET", "/socket.io/?EIO=4&transport=polling", headers=[("Origin", EVIL)])
    ask(server.port, "GET", "/api/me", headers=[("Origin", EVIL)])
    ask(server.port, "OPTIONS", "/api/me", headers=[("Origin", EVIL), ("Access-Control-Request-Method", "GET")])
    ask(server.port, "GET", "/docs", headers=[("Origin", EVIL)])
    counted = ask(server.port, "GET", "/metrics").raw.decode()
    for surface, count in (("polling", 50), ("rest", 1), ("preflight", 1), ("downloads", 1)):
        assert f'crosstalk_origins_refused_total{{surface="{surface}"}} {count}.0' in counted
    server.stop()
    lines = [json.loads(line) for line in server.log().splitlines()]
    [refused] = [line for line in lines if line["event"] == "origin refused"]
    assert (refused["origin"], refused["surface"], refused["count"]) == (EVIL, "polling", 1)
    [expired] = [line for line in lines if line["event"] == "allowed origin has expired"]
    assert (expired["origin"], expired["until"]) == ("https://pr-41.example.app", "2020-01-31")


def test_a_list_that_has_expired_altogether_starts_and_says_so(serve: Serve) -> None:
    server = serve(allowed_origins="https://pr-41.example.app;until=2020-01-31")
    answer = ask(server.port, "GET", "/api/me", headers=[("Origin", "https://pr-41.example.app")])
    assert answer.status == 403
    assert "it expired on that day" in answer.body["detail"]
    assert ask(server.port, "GET", "/api/me").status == 401, "native clients are let in as before"
    assert "every allowed origin has expired" in server.log()
