"""`crosstalk wirecheck`: what it prints, and how it ends."""

import pytest
from command import wirecheck
from stand_in import StandIn

from server import PAGE, Server


def test_all_passed(server: Server) -> None:
    told = wirecheck(server.url, "--row", "message", "--row", "cross, alone")
    assert told.status == 0, told.text
    assert f"Wire check of {server.url}" in told.text
    assert "Engine.IO 4: socket.io-client 3 or 4 fits, 1 or 2 does not" in told.text
    assert f"origin {PAGE}: REST allowed, preflight allowed, polling allowed, WebSocket allowed" in told.text
    assert "All 12 checks passed." in told.text
    assert "\x1b" not in told.text, "colour is for terminals"


def test_json_is_one_object_a_line(server: Server) -> None:
    told = wirecheck(server.url, "--row", "MY EVENT,", "--transport", "upgrade", "--json")
    assert told.status == 0
    *rows, end = told.lines
    assert [one["row"] for one in rows[::2]] == [f"my event, {kind}" for kind in ("string", "bytes", "integer", "JSON")]
    assert {one["namespace"] for one in rows} == {"/", "/test"}
    assert all(one["ok"] and one["transport"] == "upgrade" and one["ms"] > 0 for one in rows)
    assert end == {"passed": 8, "failed": 0, "status": 0}


def test_a_failed_row_says_what_was_expected_and_what_came() -> None:
    with StandIn(**{"my event": lambda *_: "no"}) as here:
        told = wirecheck(here.url, "--row", "my event, string", "--transport", "websocket", "--namespace", "/test")
    assert told.status == 1
    assert "✗ my event, string (websocket, namespace /test)" in told.text
    assert 'expected: my response with the same string; ack: "one", 2' in told.text
    assert 'received: the ack of `my event` had "no"' in told.text
    assert "1 of 1 checks failed." in told.text


@pytest.mark.parametrize(
    ("url", "options", "says"),
    [
        ("localhost:5002", (), "'localhost:5002' is not the API's address; write it like http://localhost:5002"),
        ("http://localhost:5002/api?x=1", (), "has something after the path; write http://localhost:5002/api"),
        (
            "http://localhost:5002",
            ("--origin", "http://localhost:5173/app"),
            "has something after the port; write http://localhost:5173",
        ),
        (
            "http://localhost:5002",
            ("--origin", "localhost:5173"),
            "'localhost:5173' is not an origin; write it like http://localhost:5173",
        ),
        ("http://localhost:5002", ("--origin", "http://localhost:5173/"), "is not an origin; write http://localhost:5173"),
        ("http://localhost:5002", ("--row", "nonsense"), "there is no row 'nonsense'; there are: connect; "),
        ("http://localhost:5002", ("--transport", "pigeon"), "'pigeon' is not one of"),
    ],
)
def test_bad_usage_is_one_sentence_and_status_2(url: str, options: tuple[str, ...], says: str) -> None:
    told = wirecheck(url, *options)
    assert told.status == 2
    assert says in told.errors
    assert told.text == ""
