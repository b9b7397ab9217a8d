"""Bad input on every command and every route that the registry has; a new operation is tested without a line here."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from conftest import Meet
from crosstalk import features
from crosstalk.core.operations import OPERATIONS, Operation, Route
from inputs import good_input
from people import Person, fresh
from raw import RawSocket
from rest import Answer, ask
from server import Server

features.declare()

COMMANDS = sorted(one.command for one in OPERATIONS.values() if one.command)
ROUTES = sorted(
    f"{route.method} {route.path}"
    for one in OPERATIONS.values()
    for route in one.routes
    if set(one.input.model_fields) - set(route.path_fields) and route.method != "GET"
)
BODILESS = sorted(f"{route.method} {route.path}" for one in OPERATIONS.values() for route in one.routes)
BY_COMMAND = {one.command: one for one in OPERATIONS.values() if one.command}
BY_ROUTE: dict[str, tuple[Operation, Route]] = {
    f"{route.method} {route.path}": (one, route) for one in OPERATIONS.values() for route in one.routes
}


@dataclass(frozen=True)
class Bad:
    """Wrong input, and the field that the refusal must name."""

    what: str
    value: Any
    field: str
    codes: tuple[str, ...] = ("invalid",)


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def bad_inputs(operation: Operation, *, but: tuple[str, ...] = ()) -> Iterator[Bad]:
    """Every way in which one field of this operation can be wrong."""
    good = good_input(operation)
    yield Bad("an unknown field", {**good, "colour": "red"}, "colour")
    yield Bad("an unknown field that is null", {**good, "__proto__": None}, "__proto__")
    yield Bad("a list", [good], "body")
    for name, field in operation.input.model_fields.items():
        if name in but or name not in good:
            continue
        if field.is_required():
            yield Bad(f"no {name}", {key: value for key, value in good.items() if key != name}, name)
            yield Bad(f"{name} is null", {**good, name: None}, name)
        for value in wrong_values(good[name]):
            if name == "epoch" and value == "":
                continue  # an epoch that never was
            wrong = {**good, name: value}
            unread = len(json.dumps(wrong)) > operation.body_bytes  # then no field is known
            yield Bad(f"{name} is {str(value)[:20]!r}", wrong, "body" if unread else name, ("invalid", "too_large"))


def wrong_values(good: Any) -> list[Any]:
    anything = [2**53 + 1, -(2**53) - 1, deep(40), {"a": deep(33)}]
    if isinstance(good, str):
        return [*anything, 5, True, ["x"], {"x": 1}, "a\0b", "\0", "a\ud800b", "\udc00", "", "x" * 70_000]
    if isinstance(good, int):
        return [*anything, "1", 1.0, 1.5, True, [1], -1, 2**60]
    if isinstance(good, list):
        return [*anything, "x", {}, [2**53 + 1], ["a\0"], [deep(33)], []]
    return [*anything, "x", 5, [], {"a\0": 1}, {"\ud800": 1}, {"x": deep(33)}]


def assert_refuses(bad: Bad, code: str | None, fields: dict[str, str]) -> None:
    assert code in bad.codes, f"{bad.what}: {code} {fields}"
    named = any(one == bad.field or one.startswith(f"{bad.field}.") for one in fields)
    assert named, f"{bad.what}: the refusal names {sorted(fields)} and not {bad.field}"
    assert all(isinstance(problem, str) and problem for problem in fields.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_refuses_bad_input_by_name_and_its_connection_stays(server: Server, ann: Person, command: str) -> None:
    ann.join("lobby")
    seq = ann.room("lobby")["seq"]
    raw = RawSocket(server).enter(ann.token)
    for bad in bad_inputs(BY_COMMAND[command]):
        error = raw.ack_of("42/chat,ID" + json.dumps([command, bad.value]))
        assert error["ok"] is False, bad.what
        assert_refuses(bad, error["error"]["code"], error["error"].get("fields", {}))
        assert error["error"]["message"]
    assert raw.ack_of('42/chat,ID["session:resume",{"epoch":"e","rooms":{}}]')["ok"] is True
    raw.close()
    assert ann.room("lobby")["seq"] == seq


def path_of(route: Route, good: dict[str, Any]) -> str:
    path = route.full_path
    for name in route.path_fields:
        path = path.replace(f"{{{name}}}", good[name])
    return path


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_refuses_bad_input_by_name(server: Server, cleo: Person, name: str) -> None:
    operation, route = BY_ROUTE[name]
    path = path_of(route, good_input(operation))
    for bad in bad_inputs(operation, but=route.path_fields):
        value = bad.value
        if isinstance(value, dict):
            value = {key: one for key, one in value.items() if key not in route.path_fields}
        answer = ask(server.port, route.method, path, value, token=cleo.token)
        assert_refuses(bad, answer.code, answer.fields)
        assert answer.status == {"invalid": 400, "too_large": 413}[str(answer.code)]


NO_JSON = [
    b"{",
    b"",
    b"nope",
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":1e999}',
    b"{'a':1}",
    b'{"a":1}{"b":2}',
    b'\xff\xfe{"a":1}',
    b'{"a":"\xff"}',
    b"[]",
    b"5",
    b"null",
    b'"x"',
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_refuses_what_is_no_json_object(server: Server, cleo: Person, name: str) -> None:
    operation, route = BY_ROUTE[name]
    path = path_of(route, good_input(operation))
    required = [
        key for key, field in operation.input.model_fields.items() if field.is_required() and key not in route.path_fields
    ]
    for raw in NO_JSON:
        if raw == b"" and not required:
            continue
        answer = ask(server.port, route.method, path, raw=raw, token=cleo.token)
        assert (answer.status, answer.code) == (400, "invalid"), (raw, answer.raw)
        assert answer.fields


@pytest.mark.parametrize("name", BODILESS)
def test_a_route_refuses_a_query_or_field_that_it_does_not_have(server: Server, cleo: Person, name: str) -> None:
    operation, route = BY_ROUTE[name]
    path = path_of(route, good_input(operation))
    answer: Answer
    if route.method == "GET":
        answer = ask(server.port, "GET", f"{path}?colour=red", token=cleo.token)
    else:
        answer = ask(server.port, route.method, path, {"colour": "red"}, token=cleo.token)
    assert answer.code == "invalid", answer.raw
    assert "colour" in answer.fields


@pytest.mark.parametrize("name", BODILESS)
def test_a_route_for_people_refuses_those_without_a_token(server: Server, name: str) -> None:
    operation, route = BY_ROUTE[name]
    path = path_of(route, good_input(operation))
    body = {key: value for key, value in good_input(operation).items() if key not in route.path_fields}
    answer = ask(server.port, route.method, path, body) if route.method != "GET" else ask(server.port, "GET", path)
    if operation.needs_actor:
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    else:
        assert b"Authorization" not in answer.raw


@pytest.mark.parametrize("bad", ["a%00b", "%ed%a0%80", "x" * 65, "%20", "..%2f..", "'%20OR%201=1--"])
def test_an_id_in_a_path_is_checked_like_any_other(server: Server, cleo: Person, bad: str) -> None:
    for path in (f"/rooms/{bad}", f"/rooms/{bad}/messages", f"/streams/{bad}", f"/rooms/lobby/messages/{bad}"):
        method = "PATCH" if path.startswith("/rooms/lobby") else "GET"
        answer = cleo.rest(method, path, {"text": "x"}) if method == "PATCH" else cleo.rest(method, path)
        assert answer.code in ("invalid", "not_found", "forbidden"), (path, answer.raw)


@pytest.mark.parametrize("client_id", ["a b", "é", "a\n", " ", "x" * 65, "a\x7f"])
def test_a_client_id_is_printable_ascii(meet: Meet, ann: Person, client_id: str) -> None:
    room_id = ann.open_room()
    for command, more in (("message:send", {"text": "x"}), ("stream:open", {"content_type": "text/plain"})):
        error = ann.refused(command, room_id=room_id, client_id=client_id, **more)
        assert set(error["fields"]) == {"client_id"}
    assert ann.command("message:send", room_id=room_id, client_id=fresh(), text="x")["seq"] == 2
