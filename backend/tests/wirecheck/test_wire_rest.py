"""`POST /wirecheck/emit` and `GET /wirecheck`."""

import json
import time
from typing import Any

import pytest

from conftest import Serve
from people import fresh
from rest import Answer, ask
from server import PAGE, Server
from wirecheck.caller import Caller, the_other
from wirecheck.conftest import Call


def emit(server: Server, body: Any, **more: Any) -> Answer:
    return ask(server.port, "POST", "/wirecheck/emit", body, **more)


@pytest.mark.parametrize("data", ["text", 5, None, [], [1, 2], {"deep": [{"x": "é😀"}]}], ids=repr)
@pytest.mark.seed("S7b")
def test_an_event_from_outside_reaches_everybody_in_the_namespace(
    server: Server, ann: Caller, bob: Caller, namespace: str, data: Any
) -> None:
    event = fresh("news")
    answer = emit(server, {"event": event, "data": data, "namespace": namespace})
    assert answer.status == 202
    assert answer.body == {"event": event, "namespace": namespace, "room": None}
    for one in (ann, bob):
        one.wait_for(event, data, namespace=namespace)
        assert one.heard(the_other(namespace), event) == []


def test_the_main_namespace_is_meant_unless_another_is_named(server: Server, ann: Caller) -> None:
    event = fresh("news")
    assert emit(server, {"event": event}).status == 202
    ann.wait_for(event, namespace="/")
    assert ann.heard("/test", event) == []


@pytest.mark.seed("S8c")
def test_an_event_from_outside_goes_to_a_room(server: Server, ann: Caller, bob: Caller, namespace: str) -> None:
    room = fresh("room")
    ann.ask("join", {"username": "Ann", "room": room}, namespace=namespace)
    body = {"event": "my response", "data": {"n": 1}, "namespace": namespace, "room": room}
    assert emit(server, body).status == 202
    ann.wait_for("my response", {"n": 1}, namespace=namespace)
    assert bob.heard(namespace) == []
    assert emit(server, {**body, "room": fresh("empty")}).status == 202
    assert len(ann.heard(namespace, "my response")) == 1


def test_a_session_id_is_a_room(server: Server, ann: Caller, bob: Caller, namespace: str) -> None:
    sid = ann.whoami(namespace)["sid"]
    assert emit(server, {"event": "hello", "data": "Ann", "namespace": namespace, "room": sid}).status == 202
    ann.wait_for("hello", "Ann", namespace=namespace)
    assert bob.heard(namespace) == []


@pytest.mark.parametrize(("event", "data"), [("message", "text"), ("json", [1, None]), ("json", None)])
def test_the_unnamed_events_go_out_as_such(server: Server, ann: Caller, namespace: str, event: str, data: Any) -> None:
    sid = ann.whoami(namespace)["sid"]
    assert emit(server, {"event": event, "data": data, "namespace": namespace, "room": sid}).status == 202
    assert ann.heard(namespace) == [(event, (data,))]


def test_512_kB_are_taken_and_more_are_too_large(server: Server, ann: Caller) -> None:
    sid = ann.whoami()["sid"]
    assert emit(server, {"event": "big", "data": "x" * 512 * 1024, "room": sid}).status == 202
    ann.wait_for("big", "x" * 512 * 1024)
    answer = emit(server, {"event": "big", "data": "x" * 600_000, "room": sid})
    assert (answer.status, answer.code) == (413, "too_large")
    assert len(ann.heard("/", "big")) == 1


RESERVED = ("connect", "disconnect", "connect_error", "disconnecting", "newListener", "removeListener")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        *(({"event": name, "data": 1}, ["event"]) for name in RESERVED),
        ({}, ["event"]),
        ({"event": ""}, ["event"]),
        ({"event": 5}, ["event"]),
        ({"event": None}, ["event"]),
        ({"event": "x" * 101}, ["event"]),
        ({"event": "a\0"}, ["event"]),
        ({"event": "x", "namespace": "/chat"}, ["namespace"]),
        ({"event": "x", "namespace": "/admin"}, ["namespace"]),
        ({"event": "x", "namespace": "test"}, ["namespace"]),
        ({"event": "x", "namespace": None}, ["namespace"]),
        ({"event": "x", "room": ""}, ["room"]),
        ({"event": "x", "room": ["a", "b"]}, ["room"]),
        ({"event": "x", "room": "r" * 101}, ["room"]),
        ({"event": "x", "to": "r"}, ["to"]),
        ({"event": "x", "data": 2**60}, ["data"]),
        ({"event": "x", "data": {"y": ["\ud800"]}}, {"data.y.0"}),
        ({"event": "message", "data": 5}, ["data"]),
        ({"event": "message"}, ["data"]),
        ({"event": "json"}, ["data"]),
        ([], ["body"]),
        ("x", ["body"]),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_is_not_valid_is_refused_by_name_and_reaches_nobody(
    server: Server, ann: Caller, body: Any, fields: list[str]
) -> None:
    answer = emit(server, body)
    assert (answer.status, answer.code) == (400, "invalid"), answer.raw
    assert sorted(answer.fields) == sorted(fields)
    assert ann.heard("/") == ann.heard("/test") == []


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"event":"x","data":NaN}', b'{"event":"x"} x', b"\xff", b'{"event":"x","data":1e999}']
)
def test_a_body_that_is_no_json_is_refused(server: Server, raw: bytes) -> None:
    answer = ask(server.port, "POST", "/wirecheck/emit", raw=raw)
    assert (answer.status, answer.code) == (400, "invalid")
    assert set(answer.fields) == {"body"}


def test_a_body_must_say_that_it_is_json(server: Server) -> None:
    plain = [("Content-Type", "text/plain")]
    assert ask(server.port, "POST", "/wirecheck/emit", raw=b'{"event":"x"}', headers=plain).code == "invalid"


@pytest.mark.parametrize(("method", "path"), [("GET", "/wirecheck/emit"), ("POST", "/wirecheck"), ("DELETE", "/wirecheck")])
def test_another_method_is_refused_as_everywhere(server: Server, method: str, path: str) -> None:
    answer = ask(server.port, method, path)
    assert (answer.status, answer.code) == (405, "not_found")


@pytest.mark.seed("S11")
def test_a_page_of_an_allowed_origin_may_emit_and_another_may_not(server: Server, ann: Caller) -> None:
    event = fresh("news")
    asked = {"headers": [("Origin", PAGE), ("Content-Type", "application/json")], "raw": json.dumps({"event": event}).encode()}
    answer = ask(server.port, "POST", "/wirecheck/emit", **asked)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (202, PAGE)
    ann.wait_for(event)
    asked["headers"] = [("Origin", "http://elsewhere.example"), ("Content-Type", "application/json")]
    assert ask(server.port, "POST", "/wirecheck/emit", **asked).code == "origin_refused"
    assert len(ann.heard("/", event)) == 1


def test_too_many_from_one_address_are_told_when_to_come_again(serve: Serve) -> None:
    limited = serve(rate_limits="on")
    began = time.monotonic()
    number, answer = 0, emit(limited, {"event": "x"})
    while answer.status == 202 and number < 400:
        number, answer = number + 1, emit(limited, {"event": "x"})
    # On a busy machine a hundred may take longer than the ten seconds that the limit is about: then there may be more of them.
    assert 100 <= number <= 100 * (1 + int(time.monotonic() - began) // 10)
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) >= 1


def test_the_server_tells_what_a_request_looked_like(server: Server, call: Call) -> None:
    headers = [
        ("Origin", PAGE),
        ("User-Agent", "a browser"),
        ("X-Forwarded-For", "192.0.2.1, 192.0.2.2"),
        ("X-Forwarded-Host", "api.example"),
        ("Forwarded", "for=192.0.2.1"),
        ("Via", "1.1 proxy"),
        ("Authorization", "Bearer secret"),
        ("Cookie", "secret=1"),
    ]
    seen = ask(server.port, "GET", "/wirecheck", headers=headers)
    assert seen.status == 200
    assert seen.headers["access-control-allow-origin"] == PAGE
    told = seen.body
    server_and_mode = call().whoami()
    assert told["versions"].keys() == {"crosstalk", "python", "flask", "flask-socketio", "python-socketio", "python-engineio"}
    assert {name: value for name, value in told.items() if name != "versions"} == {
        "method": "GET",
        "scheme": "http",
        "host": f"127.0.0.1:{server.port}",
        "origin": PAGE,
        "origin_allowed": True,
        "remote_address": "127.0.0.1",
        "forwarded": {
            "x-forwarded-for": "192.0.2.1, 192.0.2.2",
            "x-forwarded-host": "api.example",
            "forwarded": "for=192.0.2.1",
            "via": "1.1 proxy",
        },
        "user_agent": "a browser",
        "server": server_and_mode["server"],
        "async_mode": server_and_mode["async_mode"],
    }
    assert b"secret" not in seen.raw


def test_a_request_without_an_origin_is_allowed(server: Server) -> None:
    told = ask(server.port, "GET", "/wirecheck").body
    assert (told["origin"], told["origin_allowed"], told["user_agent"], told["forwarded"]) == (None, True, None, {})
