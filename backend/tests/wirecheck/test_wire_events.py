"""Unnamed and named events, acks in both directions, binary, and what is refused."""

from typing import Any

import pytest

from wirecheck.caller import Caller, the_other
from wirecheck.conftest import Call, Dial

PAYLOADS = [
    "text",
    "",
    "é 文 😀",
    b"\x00\xff bytes",
    5,
    0,
    -(2**53),
    1.5,
    True,
    None,
    [],
    [1, "two", None],
    {},
    {"deep": {"er": [{"x": 1}]}},
    {"image": b"\x89PNG", "more": [b"", {"end": b"\x00"}]},
    [b"one", b"two"],
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=repr)
@pytest.mark.seed("S5b", "S5e")
def test_a_named_event_is_answered_with_its_payload_and_its_ack_has_two_arguments(
    ann: Caller, namespace: str, payload: Any
) -> None:
    assert ann.ask("my event", payload, namespace=namespace) == ("one", 2)
    assert ann.heard(namespace) == [("my response", (payload,))]
    assert ann.heard(the_other(namespace)) == []


@pytest.mark.parametrize("text", ["hello", "", "😀"])
@pytest.mark.seed("S5a", "S6a")
def test_an_unnamed_string_comes_back_unnamed(ann: Caller, namespace: str, text: str) -> None:
    assert ann.ask("message", text, namespace=namespace) == ()
    assert ann.heard(namespace) == [("message", (text,))]


@pytest.mark.parametrize("payload", PAYLOADS, ids=repr)
@pytest.mark.seed("S5a", "S6a")
def test_unnamed_json_comes_back_as_json(ann: Caller, namespace: str, payload: Any) -> None:
    assert ann.ask("json", payload, namespace=namespace) == ()
    assert ann.heard(namespace) == [("json", (payload,))]


@pytest.mark.parametrize("event", ["my_event", "my_custom_event", "on_event"])
@pytest.mark.seed("S5b", "S5c", "S5e", "S6b")
def test_three_arguments_come_back_as_three_and_the_ack_has_none(ann: Caller, namespace: str, event: str) -> None:
    for arguments in [(1, "two", {"three": 3}), (b"one", None, [b"three"]), ([], [1], [[2]])]:
        assert ann.ask(event, *arguments, namespace=namespace) == ()
        ann.wait_for("my response", *arguments, namespace=namespace)


@pytest.mark.seed("S5c")
def test_the_event_without_a_decorator_takes_any_number_of_arguments(ann: Caller, namespace: str) -> None:
    for arguments in [(), ("x",), (None,), ({},), (1, 2)]:
        assert ann.ask("on_event", *arguments, namespace=namespace) == ()
        assert ann.heard(namespace)[-1] == ("my response", arguments)


@pytest.mark.seed("S1")
def test_the_rows_hold_on_every_transport(call: Call, transports: list[str], namespace: str) -> None:
    ann = call(transports=transports)
    ann.ask("message", "text", namespace=namespace)
    ann.ask("json", {"a": b"\x01"}, namespace=namespace)
    assert ann.ask("my event", 5, namespace=namespace) == ("one", 2)
    ann.ask("my_event", "a", b"b", {"c": 3}, namespace=namespace)
    expected = [
        ("message", ("text",)),
        ("json", ({"a": b"\x01"},)),
        ("my response", (5,)),
        ("my response", ("a", b"b", {"c": 3})),
    ]
    assert ann.heard(namespace) == expected


def test_events_are_answered_in_the_order_in_which_they_came(call: Call, transports: list[str], namespace: str) -> None:
    ann = call(transports=transports)
    for number in range(200):
        ann.emit("my event", number, namespace=namespace)
    ann.wait_for("my response", 199, namespace=namespace)
    assert ann.heard(namespace) == [("my response", (number,)) for number in range(200)]


@pytest.mark.seed("S5d")
def test_the_same_event_in_two_namespaces_does_not_collide(ann: Caller) -> None:
    ann.emit("my event", "main", namespace="/")
    ann.emit("my event", "test", namespace="/test")
    assert ann.heard("/") == [("my response", ("main",))]
    assert ann.heard("/test") == [("my response", ("test",))]
    assert ann.whoami("/")["sid"] != ann.whoami("/test")["sid"]


# ── acks to the server ──


@pytest.mark.parametrize(("answer", "arguments"), [("got it", ("got it",)), (("a", 2, b"c"), ("a", 2, b"c")), (None, ())])
@pytest.mark.seed("S6c")
def test_the_server_hears_the_ack_of_a_client(ann: Caller, namespace: str, answer: Any, arguments: tuple[Any, ...]) -> None:
    ann.answer = answer
    assert ann.ask("confirm", {"id": 1}, namespace=namespace) == ()
    ann.wait_for("confirmed", *arguments, namespace=namespace)
    assert ann.heard(namespace) == [("confirm_me", ({"id": 1},)), ("confirmed", arguments)]


def test_an_ack_that_no_client_could_be_sent_is_dropped(ann: Caller) -> None:
    ann.answer = 2**60
    ann.ask("confirm", "x")
    ann.answer = "good"
    ann.ask("confirm", "y")
    ann.wait_for("confirmed", "good")
    assert [arguments for event, arguments in ann.heard() if event == "confirmed"] == [("good",)]


# ── size ──


@pytest.mark.parametrize("payload", ["x" * 512 * 1024, b"\xff" * 512 * 1024], ids=["text", "binary"])
def test_512_kB_go_both_ways(call: Call, transports: list[str], namespace: str, payload: Any) -> None:
    ann = call(transports=transports)
    ann.ask("my event", payload, namespace=namespace)
    assert ann.heard(namespace) == [("my response", (payload,))]


@pytest.mark.parametrize("payload", ["x" * 600_000, "文" * 200_000, b"x" * 600_000, {"a": "x" * 300_000, "b": b"x" * 300_000}])
def test_more_than_512_kB_are_too_large(ann: Caller, payload: Any) -> None:
    error = ann.refused("my event", payload)
    assert (error["code"], list(error["fields"])) == ("too_large", ["data"])
    assert ann.refused("my_event", "", payload, "")["fields"].keys() == {"b"}
    assert ann.heard() == []


# ── refusals ──

DEEP: Any = "x"
for _ in range(33):
    DEEP = [DEEP]

BROKEN = {"NUL": "a\0b", "integer": 2**53 + 1, "depth": DEEP, "NUL in a key": {"a\0": 1}, "beside bytes": [b"x", 2**60]}


@pytest.mark.parametrize("payload", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("event", ["my event", "json", "broadcast", "cross", "confirm"])
def test_what_could_break_a_client_is_never_sent_to_one(
    ann: Caller, bob: Caller, namespace: str, event: str, payload: Any
) -> None:
    error = ann.refused(event, payload, namespace=namespace)
    assert error["code"] == "invalid"
    assert all(name.startswith("data") for name in error["fields"])
    for one in (ann, bob):
        assert one.heard("/") == one.heard("/test") == []


@pytest.mark.parametrize(
    ("event", "arguments", "fields"),
    [
        ("message", (5,), ["text"]),
        ("message", (b"bytes",), ["text"]),
        ("message", (None,), ["text"]),
        ("message", (), ["arguments"]),
        ("message", ("a", "b"), ["arguments"]),
        ("json", (), ["arguments"]),
        ("my event", (), ["arguments"]),
        ("my event", (1, 2), ["arguments"]),
        ("my_event", (1, 2), ["arguments"]),
        ("my_event", (1, 2, 3, 4), ["arguments"]),
        ("my_event", (1, "a\0", 3), ["b"]),
        ("my_custom_event", (), ["arguments"]),
        ("on_event", (1, 2**60), {"argument 2"}),
        ("broadcast", (), ["arguments"]),
        ("cross", (), ["arguments"]),
        ("confirm", (), ["arguments"]),
        ("whoami", (1,), ["arguments"]),
        ("stop_stream", ("x",), ["arguments"]),
        ("disconnect_me", (1,), ["arguments"]),
        ("no_such_event", (), ["event"]),
        ("*", ("x", "y"), ["event"]),
        ("*", (), ["event"]),
        ("trigger_event", ("connect",), ["event"]),
        ("", (), ["event"]),
        ("😀", (1,), ["event"]),
    ],
    ids=repr,
)
def test_what_is_not_valid_is_acked_with_its_fields(
    ann: Caller, namespace: str, event: str, arguments: tuple[Any, ...], fields: list[str]
) -> None:
    error = ann.refused(event, *arguments, namespace=namespace)
    assert error["code"] == "invalid"
    assert sorted(error["fields"]) == sorted(fields)
    assert ann.heard(namespace) == []


def test_without_an_ack_id_what_is_not_valid_is_dropped(ann: Caller, namespace: str) -> None:
    ann.emit("no_such_event", 1, namespace=namespace)
    ann.emit("my_event", 1, namespace=namespace)
    ann.emit("join", {"room": 5}, namespace=namespace)
    assert ann.heard(namespace) == []


def test_an_event_named_star_cannot_speak_for_another_connection(ann: Caller, bob: Caller) -> None:
    bob_sid = bob.whoami()["sid"]
    assert ann.refused("*", bob_sid, "disconnect_me")["code"] == "invalid"
    assert bob.heard() == []


def test_no_more_confirmations_are_asked_of_a_client_than_it_answers(dial: Dial) -> None:
    raw = dial()
    raw.send("40")
    raw.until("40{")
    for number in range(100):
        raw.send(f'42{number}["confirm",1]')
        raw.until(f"43{number}[")
    raw.send('42100["confirm",1]')
    assert '"rate_limited"' in raw.until("43100[")
    raw.send("431[]")
    raw.until('42["confirmed"]')
    raw.send('42101["confirm",1]')
    assert raw.until("43101[") == "43101[]"
