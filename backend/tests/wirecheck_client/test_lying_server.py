"""A row is worth nothing when it cannot fail: each of these servers lies in one thing, and the row says so."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from stand_in import NAMESPACES, StandIn, room_message, start_stream, whoami

from crosstalk.wirecheck.client import Outcome, connection, run
from server import PAGE

Lie = Callable[..., Any]


def play(name: str, transport: str = "websocket", **lies: Lie) -> Outcome:
    with StandIn(**lies) as here:
        [outcome] = run(here.url, origin=PAGE, transport=transport, namespaces=["/test"], names=[name])
    return outcome


def _say(event: str, change: Callable[..., tuple[Any, ...]], ack: Any = None) -> Lie:
    """Answers with the arguments changed."""

    def handle(here: StandIn, namespace: str, sid: str, *arguments: Any) -> Any:
        here.emit(event, *change(*arguments), to=sid, namespace=namespace)
        return ack

    return handle


def _twice(here: StandIn, namespace: str, sid: str, text: str) -> None:
    for _ in range(2):
        here.emit("message", text, to=sid, namespace=namespace)


def _to_both_namespaces(here: StandIn, _namespace: str, _sid: str, value: Any) -> None:
    for each in NAMESPACES:
        here.emit("my response", value, to=None, namespace=each)


def _to_all_but_the_sender(here: StandIn, namespace: str, sid: str, value: Any) -> None:
    here.server.emit("my response", value, namespace=namespace, skip_sid=sid)


def _to_everybody(here: StandIn, namespace: str, sid: str, sent: dict[str, Any]) -> dict[str, bool]:
    return room_message(here, namespace, sid, {**sent, "room": None})


def _join_unheard(here: StandIn, namespace: str, sid: str, who: dict[str, str]) -> dict[str, bool]:
    here.emit("message", f"{who['username']} has entered the room.", to=who["room"], namespace=namespace)
    here.server.enter_room(sid, who["room"], namespace)
    return {"ok": True}


def _all_at_once(here: StandIn, namespace: str, sid: str, wish: dict[str, Any]) -> None:
    start_stream(here, namespace, sid, {**wish, "pace_ms": 0})


def _reversed(here: StandIn, namespace: str, sid: str, wish: dict[str, Any]) -> None:
    start_stream(here, namespace, sid, {**wish, "text": wish["text"][::-1]})


def _in_utf16(here: StandIn, namespace: str, sid: str, wish: dict[str, Any]) -> None:
    """As a server would that cuts text into UTF-16 units: halves of an emoji, which arrive as replacement characters."""
    text = "".join(one if ord(one) < 0x10000 else "\ufffd\ufffd" for one in wish["text"])
    start_stream(here, namespace, sid, {**wish, "text": text})


def _other_transport(here: StandIn, namespace: str, sid: str) -> dict[str, Any]:
    return {**whoami(here, namespace, sid), "transport": "polling"}


def _other_sid(here: StandIn, namespace: str, sid: str) -> dict[str, Any]:
    return {**whoami(here, namespace, sid), "sid": "somebody"}


def _refuse_without_a_reason(here: StandIn, namespace: str, sid: str, _environ: Any, auth: Any = None) -> bool:
    return not (auth and "refuse" in auth)


def _accept_everybody(here: StandIn, namespace: str, sid: str, _environ: Any, _auth: Any = None) -> None:
    here.emit("my response", {"data": "Connected"}, to=sid, namespace=namespace)


def _greet_otherwise(here: StandIn, namespace: str, sid: str, _environ: Any, _auth: Any = None) -> None:
    here.emit("my response", {"data": "connected"}, to=sid, namespace=namespace)


LIES: list[tuple[str, str, Lie, str]] = [
    ("connect", "connect", _greet_otherwise, 'what came last: my response {"data": "connected"}'),
    ("refuse", "connect", _accept_everybody, "the connection was accepted"),
    ("refuse", "connect", _refuse_without_a_reason, "the reason read"),
    ("transport", "whoami", _other_transport, 'the client is on websocket, the server says "polling"'),
    ("whoami", "whoami", _other_sid, 'the server says "somebody"'),
    ("message", "message", _say("message", lambda text: (text.upper(),)), "no such `message`; what came last"),
    ("message", "message", _twice, "`message` came 2 times"),
    ("json", "json", _say("json", lambda value: (str(value),)), "no such `json`"),
    ("my event, integer", "my event", _say("my response", lambda n: (float(n),), ("one", 2)), "no such `my response`"),
    ("my event, bytes", "my event", _say("my response", lambda raw: (raw.hex(),), ("one", 2)), "no such `my response`"),
    (
        "my event, string",
        "my event",
        _say("my response", lambda text: (text,), ("one", "2")),
        'ack of `my event` had "one", "2"',
    ),
    ("my_event", "my_event", _say("my response", lambda *three: (list(three),)), "no such `my response`"),
    ("my_event", "my_event", _say("my response", lambda *three: three, True), "ack of `my_event` had true"),
    ("broadcast", "broadcast", _to_both_namespaces, "namespace / heard it too"),
    ("broadcast", "broadcast", _to_all_but_the_sender, "no such `my response`"),
    ("join", "join", _join_unheard, "no `message`: nothing was heard at all|no such `message`"),
    ("room_message", "room_message", _to_everybody, "the sender, no member, heard it too"),
    ("personal room", "room_message", _to_everybody, "another client heard it too"),
    ("typewriter", "start_stream", _all_at_once, "something holds them back"),
    ("typewriter", "start_stream", _in_utf16, "the first wrong one is number"),
    ("200 in order", "start_stream", _reversed, "the first wrong one is number 1"),
    (
        "nested binary",
        "my event",
        _say("my response", lambda value: ({**value, "parts": []},), ("one", 2)),
        "no such `my response`",
    ),
]


@pytest.mark.parametrize(("name", "event", "lie", "came"), LIES, ids=[f"{name} {at}" for at, (name, *_) in enumerate(LIES)])
def test_a_lie_is_seen(name: str, event: str, lie: Lie, came: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a liar leaves out will not come later either.
    monkeypatch.setattr(connection, "PATIENCE_S", 1.0)
    outcome = play(name, **{event: lie})
    assert not outcome.ok
    assert any(one in outcome.came for one in came.split("|")), outcome.came


@pytest.mark.parametrize("name", sorted({name for name, *_ in LIES}))
def test_and_without_the_lie_the_same_row_passes(name: str) -> None:
    outcome = play(name)
    assert outcome.ok, outcome.came


def test_silence_is_a_failure_and_bounded_in_time() -> None:
    outcome = play("cross")
    assert not outcome.ok
    assert "no ack to `cross`: it did not come" in outcome.came
    assert outcome.ms < 20_000


def test_an_end_in_the_middle_is_told_at_once() -> None:
    def hang_up(here: StandIn, namespace: str, sid: str, *_: Any) -> None:
        here.server.disconnect(sid, namespace)

    begin = time.monotonic()
    outcome = play("message", message=hang_up)
    assert not outcome.ok
    assert "the connection ended" in outcome.came
    assert time.monotonic() - begin < 4
