"""`fastlane.Engine` in the place of `engineio.Server`, under a plain WSGI app: without Socket.IO, Flask or Crosstalk."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any

import engineio
import pytest
from werkzeug.serving import make_server

from fastlane import Engine
from fastlane.clock import now
from server import until
from transport.wire import Gone, Refused, Wire, handshake

OPEN = "/engine.io/?EIO=4&transport=polling"
Serve = Callable[[Engine], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an engine under `/engine.io/`, and returns its port."""
    servers = []

    def start(engine: Engine) -> int:
        servers.append(make_server("127.0.0.1", 0, engineio.WSGIApp(engine), threaded=True))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1].port

    yield start
    for one in servers:
        one.shutdown()
        one.server_close()


def dial(port: int, target: str = "/engine.io/?EIO=4&transport=websocket") -> Wire:
    return Wire(port, request=handshake(port, target))


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


@pytest.fixture(params=[True, False], ids=["loop", "stock"])
def echo(request: pytest.FixtureRequest) -> tuple[Engine, list[tuple[Any, ...]]]:
    """An engine that says back what it hears, and what happened to it."""
    engine = Engine(async_mode="threading", fastlane=request.param)
    happened: list[tuple[Any, ...]] = []

    @engine.on("connect")
    def connected(sid: str, environ: dict[str, Any]) -> None:
        happened.append(("connect", environ["PATH_INFO"]))

    @engine.on("message")
    def said(sid: str, message: str | bytes) -> None:
        happened.append(("message", message))
        engine.send(sid, message)

    @engine.on("disconnect")
    def gone(sid: str, reason: str) -> None:
        happened.append(("disconnect", reason))
        ended.set()

    ended = engine.ended = threading.Event()
    return engine, happened


def test_it_talks_over_websocket(echo: tuple[Engine, list[tuple[Any, ...]]], serve: Serve) -> None:
    engine, happened = echo
    wire = dial(serve(engine)).open()
    wire.say("4hello", b"\x00\xff", "4")
    assert [wire.receive(), wire.receive(), wire.receive()] == ["4hello", b"\x00\xff", "4"]
    wire.say("1")
    assert wire.ending(5)
    assert engine.ended.wait(5)
    heard = [("message", "hello"), ("message", b"\x00\xff"), ("message", "")]
    assert happened == [("connect", "/engine.io/"), *heard, ("disconnect", "client disconnect")]
    assert not engine.sockets


def test_what_came_before_the_close_is_heard_though_the_client_waits_for_nothing(
    echo: tuple[Engine, list[tuple[Any, ...]]], serve: Serve
) -> None:
    engine, happened = echo
    wire = dial(serve(engine)).open()
    wire.say(*[f"4{number}" for number in range(50)], "1", "4behind it")
    wire.close()
    assert engine.ended.wait(5)
    assert [one[1] for one in happened[1:-1]] == [str(number) for number in range(50)]


def test_it_talks_over_polling_and_moves_to_a_websocket(echo: tuple[Engine, list[tuple[Any, ...]]], serve: Serve) -> None:
    engine, _ = echo
    port = serve(engine)
    sid = ask(port, "GET", OPEN)[1].split('"sid":"')[1].split('"')[0]
    assert ask(port, "POST", f"{OPEN}&sid={sid}", b"4one\x1e4two") == (200, "ok")
    assert ask(port, "GET", f"{OPEN}&sid={sid}") == (200, "4one\x1e4two")
    assert engine.transport(sid) == "polling"
    wire = dial(port, f"/engine.io/?EIO=4&transport=websocket&sid={sid}")
    wire.say("2probe")
    assert wire.receive() == "3probe"
    wire.say("5", "4three")
    assert wire.receive() == "4three"
    assert engine.transport(sid) == "websocket"
    wire.close()
    assert engine.ended.wait(5)


def test_it_hears_out_what_a_client_said_before_it_had_read_everything(
    echo: tuple[Engine, list[tuple[Any, ...]]], serve: Serve
) -> None:
    engine, happened = echo
    wire = dial(serve(engine)).open()
    wire.mute = True
    engine.send(wire.opening["sid"], "the last word")
    heard_out, elsewhere = threading.Event(), list(engine.sockets.values())
    threading.Thread(target=lambda: (engine.hear_out(elsewhere, now() + 10), heard_out.set()), daemon=True).start()
    assert [wire.receive(), wire.receive()] == ["4the last word", "2"]
    wire.say("4said meanwhile")
    assert wire.receive() == "4said meanwhile"
    assert not heard_out.wait(0.2), "nobody knows yet whether there is more"
    wire.say("4and this", "3")
    assert heard_out.wait(5)
    assert happened[-1] == ("message", "and this")
    wire.close()


def test_it_waits_for_nobody_who_is_gone_and_for_nobody_too_long(
    echo: tuple[Engine, list[tuple[Any, ...]]], serve: Serve
) -> None:
    engine, _ = echo
    port = serve(engine)
    wire, silent = dial(port).open(), dial(port).open()
    asked = [engine.sockets[one.opening["sid"]] for one in (wire, silent)]
    wire.close()
    assert engine.ended.wait(5)
    heard_out = threading.Event()
    threading.Thread(target=lambda: (engine.hear_out(asked[:1], now() + 60), heard_out.set()), daemon=True).start()
    assert heard_out.wait(5)
    engine.hear_out(asked, now() + 0.1)
    assert asked[1].heartbeat.owed
    silent.close()


def test_its_application_keeps_something_with_a_session(echo: tuple[Engine, list[tuple[Any, ...]]], serve: Serve) -> None:
    engine, _ = echo
    wire = dial(serve(engine)).open()
    sid = wire.opening["sid"]
    engine.save_session(sid, {"name": "Ann"})
    assert engine.get_session(sid) == {"name": "Ann"}
    engine.disconnect(sid)
    assert wire.ending(5) in (1000, 1005, 1006)
    assert engine.ended.wait(5)


def test_its_application_may_refuse(serve: Serve) -> None:
    engine = Engine(async_mode="threading")
    engine.on("connect", lambda sid, environ: False)
    port = serve(engine)
    assert ask(port, "GET", OPEN)[0] == 401
    with pytest.raises(Refused) as refused:
        dial(port)
    assert refused.value.status == 401
    assert not engine.sockets


def test_a_session_that_ends_before_it_has_begun_leaves_no_connection(
    echo: tuple[Engine, list[tuple[Any, ...]]], serve: Serve
) -> None:
    engine, _ = echo
    engine.on("connect", lambda sid, environ: engine.sockets[sid].evict())
    port = serve(engine)
    with suppress(Gone):  # reset before the handshake was answered
        assert dial(port).ending(5)
    assert ask(port, "GET", OPEN)[0] == 200
    until("nothing is left", lambda: not engine.sockets)


def test_its_sessions_need_no_namespace(serve: Serve) -> None:
    engine = Engine(async_mode="threading", ping_interval=0.2, ping_timeout=5)
    assert engine.connect_timeout is None
    wire = dial(serve(engine)).open()
    assert not engine.admission._waiting, "and are not the first to make room"
    wire.close()


def test_it_needs_no_handlers(serve: Serve) -> None:
    engine = Engine(async_mode="threading", ping_interval=0.2, ping_timeout=0.2)
    wire = dial(serve(engine)).open()
    wire.say("4nobody listens")
    wire.mute = True
    assert wire.receive() == "2"
    with pytest.raises(Gone):
        wire.receive(5)


@pytest.mark.parametrize(
    ("cookie", "header"),
    [
        (None, None),
        ("io", "io={sid}; path=/; SameSite=Lax"),
        ({"name": "way", "path": "/x", "HttpOnly": True, "Max-Age": lambda: "60"}, "way={sid}; path=/x; HttpOnly; Max-Age=60"),
    ],
)
def test_a_session_is_kept_in_a_cookie_where_that_is_asked_for(serve: Serve, cookie: Any, header: str | None) -> None:
    port = serve(Engine(async_mode="threading", cookie=cookie))
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", OPEN)
    answer = connection.getresponse()
    sid = json.loads(answer.read()[1:])["sid"]
    assert answer.headers.get("Set-Cookie") == (header and header.format(sid=sid))
