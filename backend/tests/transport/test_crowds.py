"""Crowds: many that are silent, many that come and go, and a few healthy ones among them that notice nothing."""

import random
import select
import socket
import time
from contextlib import ExitStack

import pytest

from raw import RawPolling
from rest import ask
from transport.conftest import Begin, Dial, Watching
from transport.frames import BINARY, CLOSE, TEXT, frame, text
from transport.paths import Running, ServedBy
from transport.watch import Watch
from transport.wire import Wire, handshake, reset
from transport.wire import dial as dial_tcp

MB = 1_048_576


def crowd(path: ServedBy, long: bool, short: int, full: int) -> int:
    """The stock path has a thread a connection; it is shown in small there."""
    return short if not long else full if path.loop else max(short, full // 10)


def test_silent_readers_among_healthy_ones(path: ServedBy, begin: Begin, dial: Dial, watching: Watching, long: bool) -> None:
    server = begin(queue_bytes="262144")
    silent, healthy = (20, 50) if long else (4, 8)
    wires = [dial(server).enter("/test") for _ in range(healthy)]
    alone = _rounds(wires, 40)
    watch = watching(server)
    deaf = [dial(server, buffer=4_096).enter("/test") for _ in range(silent)]
    beside = _rounds(wires, 160)
    watch.comes_back(5)
    assert watch.grown_bytes() <= 32 * MB
    assert all(one.ends_at_tcp(5) for one in deaf)
    if long and path.loop:
        assert beside <= 1.2 * alone + 0.005


def _rounds(wires: list[Wire], count: int) -> float:
    """The time in which nearly all rounds are over: one speaks, all hear."""
    took: list[float] = []
    for number in range(count):
        begun = time.monotonic()
        wires[0].say(f'42/test,["broadcast","{number} {"x" * 60_000}"]')
        for wire in wires:
            wire.until(f'42/test,["my response","{number} ')
        took.append(time.monotonic() - begun)
    return sorted(took)[int(0.99 * count) - 1]


@pytest.mark.timeout(120)
def test_who_never_says_enough_is_closed_within_fifteen_seconds(
    path: ServedBy, begin: Begin, watching: Watching, long: bool
) -> None:
    """All kinds at once, since most of it is waiting."""
    server = begin(ping_interval="4", ping_timeout="4")
    watch = watching(server)
    count = crowd(path, long, 20, 2_000)
    with ExitStack() as crowd_of:
        crowd_there: dict[str, list[socket.socket]] = {}
        # What a WSGI server does with half a request is its own affair; Crosstalk's is ours.
        for name, request in _BEGUN.items() if path.chat else ():
            crowd_there[name] = [dial_tcp(server.port) for _ in range(count if len(request) < 40 else 20)]
            for raw in crowd_there[name]:
                crowd_of.callback(raw.close)
                raw.sendall(request)
        for name, (times, packets) in _UNFINISHED.items():
            wires = [Wire(server.port).open() for _ in range(times or count)]
            crowd_there[name] = [wire.raw for wire in wires]
            for wire in wires:
                crowd_of.callback(wire.close)
                wire.write(packets)
        deadline = time.monotonic() + 17
        while (left := _still_open(crowd_there)) and time.monotonic() < deadline:
            select.select([], [], [], 0.05)
        assert not left
        watch.comes_back(5)
        if path.loop and long:
            assert watch.neighbour.slowest_s <= 0.5
    assert ask(server.port, "GET", "/healthz").status == 200


_BEGUN = {
    "silent TCP": b"",
    "half a head": b"GET /healthz HTTP/1.1\r\nHost: loc",
    "half a body": b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    "half a handshake": handshake(80)[:-2],
}
"""HTTP that goes no further."""
_UNFINISHED = {
    "never connected": (0, b""),
    "half a frame header": (10, b"\x81"),
    "half a message": (10, frame(TEXT, b"42", fin=False)),
    "half a frame": (10, frame(TEXT, b"40", declared=20)),
    "half a length": (10, frame(TEXT, b"42", declared=70_000)[:3]),
    "let in nowhere": (10, text("40/nowhere,")),
    "refused": (10, text('40{"refuse":"no"}')),
    "left again": (10, text("40") + text("41")),
    "half an event": (
        10,
        text("40") + text('452-["my event",{"_placeholder":true,"num":0}]') + frame(BINARY, b"the first of two"),
    ),
}
"""WebSockets that go no further, and how many of them; they answer the server's pings as far as they can."""


def _still_open(crowd_there: dict[str, list[socket.socket]]) -> dict[str, int]:
    """How many of each kind, having answered their pings."""
    counts = {name: sum(not _is_closed(raw) for raw in raws) for name, raws in crowd_there.items()}
    return {name: count for name, count in counts.items() if count}


def _is_closed(raw: socket.socket) -> bool:
    raw.setblocking(False)
    try:
        while content := raw.recv(4_096):
            if content.endswith(b"\x81\x012"):
                raw.sendall(frame(TEXT, b"3"))
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def test_coming_and_going_leaves_nothing(path: ServedBy, server: Running, watch: Watch, rng: random.Random, long: bool) -> None:
    for _ in range(crowd(path, long, 100, 3_000)):
        way = rng.randrange(7)
        if way == 0:
            RawPolling(server).post("1")  # type: ignore[arg-type]
            continue
        wire = Wire(server.port).open()
        if way > 1:
            wire.connect()
        if way > 2:
            wire.connect("/test")
        if way == 3:
            reset(wire.raw)
        elif way == 4:
            wire.say("41", "41/test,", "1")
            wire.ending(10)
        elif way == 5:
            wire.write(frame(CLOSE, b"\x03\xe8"))
            wire.ending(10)
        elif way == 6:
            wire.say('42["broadcast","bye"]', '42/test,["disconnect_me"]', '42["disconnect_me"]')
            wire.ending(10)
        wire.close()
    watch.comes_back(15)
    assert watch.grown_bytes() <= 16 * MB


def test_who_comes_to_a_room_that_is_busy_hears_all_of_it_from_then_on(server: Running, dial: Dial, watch: Watch) -> None:
    speaker = dial(server).enter("/test")
    listeners: list[Wire] = []
    for number in range(60):
        if number < 30:
            listeners.append(dial(server).enter("/test"))
        speaker.say(f'42/test,["broadcast","n{number}"]')
        speaker.until(f'42/test,["my response","n{number}"]')
    for since, wire in enumerate(listeners):
        for number in range(since, 60):
            assert wire.until('42/test,["my response","n') == f'42/test,["my response","n{number}"]'
        wire.close()
    speaker.close()
    watch.comes_back(20)
