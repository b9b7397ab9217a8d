"""A text that appears piece by piece."""

import threading
from typing import Any

import flask_socketio
import pytest
from flask import Flask

from crosstalk.wirecheck.typewriter import Typewriter
from wirecheck.caller import Caller, the_other
from wirecheck.conftest import Call

LONG = "abcdefghij" * 100


def written(caller: Caller, namespace: str) -> str:
    return "".join(arguments[0] for _, arguments in caller.heard(namespace, "new_char"))


@pytest.mark.seed("S4")
def test_the_text_comes_one_code_point_an_event_and_then_the_count(call: Call, transports: list[str], namespace: str) -> None:
    ann = call(transports=transports)
    text = "ab é文 😀👋🏽 \n\t'\"<>\\"
    assert ann.ask("start_stream", {"text": text, "pace_ms": 5}, namespace=namespace) == ()
    ann.wait_for("stream_end", len(text), namespace=namespace)
    assert ann.heard(namespace) == [*(("new_char", (one,)) for one in text), ("stream_end", (len(text),))]
    assert ann.heard(the_other(namespace)) == []


@pytest.mark.seed("S4")
def test_the_first_piece_arrives_before_the_second_is_written(call: Call, transports: list[str], namespace: str) -> None:
    ann = call(transports=transports)
    ann.emit("start_stream", {"text": "ab", "pace_ms": 5_000}, namespace=namespace)
    ann.wait_for("new_char", "a", namespace=namespace)
    assert ann.ask("stop_stream", namespace=namespace) == (1,)
    assert ann.heard(namespace) == [("new_char", ("a",))]


@pytest.mark.parametrize("arguments", [(), (None,), ({},)], ids=repr)
def test_text_and_pace_have_defaults(ann: Caller, namespace: str, arguments: tuple[Any, ...]) -> None:
    ann.emit("start_stream", *arguments, namespace=namespace)
    ann.wait_for_any("new_char", namespace=namespace, times=3)
    [sent] = ann.ask("stop_stream", namespace=namespace)
    assert sent >= 3
    ann.emit("start_stream", {"pace_ms": 0}, namespace=namespace)
    [(_, (count,))] = ann.wait_for_any("stream_end", namespace=namespace)
    assert count > sent


def test_a_stop_says_how_many_went_out_and_nothing_follows(ann: Caller, namespace: str) -> None:
    ann.emit("start_stream", {"text": LONG, "pace_ms": 2}, namespace=namespace)
    ann.wait_for_any("new_char", namespace=namespace, times=10)
    [sent] = ann.ask("stop_stream", namespace=namespace)
    assert written(ann, namespace) == LONG[:sent]
    ann.emit("start_stream", {"text": "!", "pace_ms": 0}, namespace=namespace)
    ann.wait_for("stream_end", 1, namespace=namespace)
    assert written(ann, namespace) == LONG[:sent] + "!"
    assert ann.heard(namespace, "stream_end") == [("stream_end", (1,))]


def test_a_stop_of_nothing_is_zero(ann: Caller, namespace: str) -> None:
    assert ann.ask("stop_stream", namespace=namespace) == (0,)
    ann.emit("start_stream", {"text": "abc", "pace_ms": 0}, namespace=namespace)
    ann.wait_for("stream_end", 3, namespace=namespace)
    assert ann.ask("stop_stream", namespace=namespace) == (0,)


def test_another_start_ends_the_stream_before(ann: Caller, namespace: str) -> None:
    ann.emit("start_stream", {"text": LONG, "pace_ms": 2}, namespace=namespace)
    ann.wait_for_any("new_char", namespace=namespace, times=5)
    ann.emit("start_stream", {"text": "123", "pace_ms": 0}, namespace=namespace)
    ann.wait_for("stream_end", 3, namespace=namespace)
    text = written(ann, namespace)
    assert text.endswith("123")
    assert LONG.startswith(text[:-3])
    assert ann.heard(namespace, "stream_end") == [("stream_end", (3,))]


def test_a_client_has_a_stream_of_its_own_in_each_namespace(ann: Caller, bob: Caller) -> None:
    texts = {(ann, "/"): "one" * 30, (ann, "/test"): "two" * 20, (bob, "/"): "six" * 10}
    for (who, namespace), text in texts.items():
        who.emit("start_stream", {"text": text, "pace_ms": 1}, namespace=namespace)
    for (who, namespace), text in texts.items():
        who.wait_for("stream_end", len(text), namespace=namespace)
        assert written(who, namespace) == text
    assert bob.heard("/test") == []


def test_without_a_pace_ten_thousand_pieces_keep_their_order(call: Call, namespace: str) -> None:
    ann = call()
    text = "".join(chr(0x4E00 + number) for number in range(10_000))
    ann.emit("start_stream", {"text": text, "pace_ms": 0}, namespace=namespace)
    ann.wait_for("stream_end", 10_000, namespace=namespace)
    assert written(ann, namespace) == text


def test_an_empty_text_ends_at_once(ann: Caller, namespace: str) -> None:
    ann.emit("start_stream", {"text": ""}, namespace=namespace)
    ann.wait_for("stream_end", 0, namespace=namespace)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"text": "x" * 10_001}, "text"),
        ({"text": 5}, "text"),
        ({"text": None}, "text"),
        ({"text": "a\0"}, "text"),
        ({"text": b"abc"}, "text"),
        ({"pace_ms": -1}, "pace_ms"),
        ({"pace_ms": 5_001}, "pace_ms"),
        ({"pace_ms": 1.5}, "pace_ms"),
        ({"pace_ms": True}, "pace_ms"),
        ({"pace_ms": "50"}, "pace_ms"),
        ({"speed": 1}, "speed"),
        ("text", "body"),
        ([], "body"),
    ],
    ids=str,
)
def test_a_bad_stream_is_refused_and_the_running_one_goes_on(ann: Caller, namespace: str, payload: Any, field: str) -> None:
    ann.emit("start_stream", {"text": "ab", "pace_ms": 100}, namespace=namespace)
    assert ann.refused("start_stream", payload, namespace=namespace)["fields"].keys() == {field}
    ann.wait_for("stream_end", 2, namespace=namespace)


# ── the task behind it ──


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> tuple[flask_socketio.SocketIO, list[threading.Thread], threading.Event]:
    """A server that nobody hears, the tasks that it began, and whether anything was emitted."""
    socketio = flask_socketio.SocketIO(Flask("nobody"), async_mode="threading")
    begun: list[threading.Thread] = []
    emitted = threading.Event()
    begin = socketio.start_background_task

    def remember(work: Any) -> threading.Thread:
        begun.append(begin(work))
        return begun[-1]

    monkeypatch.setattr(socketio, "start_background_task", remember)
    monkeypatch.setattr(socketio, "emit", lambda *_, **__: emitted.set())
    return socketio, begun, emitted


def test_a_connection_has_one_task_however_often_it_starts(tasks: Any) -> None:
    socketio, begun, _ = tasks
    typewriter = Typewriter(socketio, "/", "sid")
    for _ in range(500):
        typewriter.start("text", 5)
    assert len(begun) == 1
    typewriter.close()
    begun[0].join(15)
    assert not begun[0].is_alive()


@pytest.mark.parametrize("end", ["stop", "close"])
def test_the_task_ends_with_its_stream_and_does_not_wait_for_the_pace(tasks: Any, end: str) -> None:
    socketio, begun, emitted = tasks
    typewriter = Typewriter(socketio, "/", "sid")
    typewriter.start("text", 1_000_000)
    assert emitted.wait(15)
    getattr(typewriter, end)()
    begun[0].join(15)
    assert not begun[0].is_alive()


def test_nothing_is_written_for_a_connection_that_is_gone(tasks: Any) -> None:
    socketio, begun, emitted = tasks
    typewriter = Typewriter(socketio, "/", "sid")
    typewriter.close()
    typewriter.start("text", 0)
    assert not begun
    assert not emitted.is_set()
