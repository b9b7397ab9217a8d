"""With the loop or without it, a client is told the same, byte for byte: CONNECT, EVENT, ACK and binary."""

import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from raw import SEPARATOR, RawPolling
from transport.paths import PATHS, Running
from transport.wire import Wire

PLACE = '{"_placeholder":true,"num":%d}'
SCRIPT: tuple[tuple[str | bytes, ...], ...] = (
    ("40",), ('40/test,{"a":1}',), ('42["message","hello"]',), ('42["json",{"a":[1,2.5,null,true,"é😀\\u2028\\"\\\\"]}]',),
    ('421["my event",{"b":1,"a":2,"":[[],{}]}]',), ('42/test,12["my event","x"]',), ('42["my_event",1,"2",{"3":4}]',),
    ('42["broadcast","to all"]',), ('42/test,["broadcast",0.1]',), ('423["no such event",1]',), ('424["my_event"]',),
    ('425["join",{"username":"ann","room":"r"}]',), ('426["room_message",{"room":"r","data":"in it"}]',),
    (f'451-7["my event",{PLACE % 0}]', b"\x00\x01\xff"), (f'452-["my event",{{"x":[{PLACE % 0}],"y":{PLACE % 1}}}]', b"one", b""),
    (f'451-/test,["broadcast",{PLACE % 0}]', bytes(70_000)), ('42["confirm",{"q":1}]',), ("431[]",), ('428["leave",{"username":"ann","room":"r"}]',),
    ('42["my event",' + '"' + "x" * 70_000 + '"]',), ('42["my event",1e3]',), ('42["my event",-0.0]',), ('42["my event",9007199254740992]',), ("41/test,",), ('42["disconnect_me"]',),
)  # fmt: skip
"""A step each: what is sent before the next ack of ours is waited for."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    # Nobody is asked for a pong in the middle of it.
    calm = {"ping_interval": "15", "ping_timeout": "5"}
    with ExitStack() as begun:
        yield [begun.enter_context(closing(PATHS[name].begin(tmp_path_factory.mktemp(name), **calm))) for name in ("on", "off")]


def without_ids(said: str | bytes) -> str | bytes:
    return re.sub(r'"sid":"[\w-]{24}"', '"sid":"…"', said) if isinstance(said, str) else said


def over_websocket(server: Running) -> list[str | bytes]:
    wire = Wire(server.port)
    heard: list[str | bytes] = [without_ids(wire.receive())]
    for number, step in enumerate(SCRIPT[:-1]):
        wire.say(*step)
        if number:
            # Each step to its end before the next: between namespaces there is no order.
            wire.say(f'42{5_000 + number}["my event","next"]')
            while heard[-1] != f'43{5_000 + number}["one",2]':
                heard.append(without_ids(wire.receive()))
        else:
            heard += [without_ids(wire.receive()) for _ in range(2)]
    wire.say(*SCRIPT[-1])
    heard.append(wire.receive())
    heard.append(str(wire.ending()))
    return heard


def over_polling(server: Running) -> list[str]:
    line = RawPolling(server)  # type: ignore[arg-type]
    heard: list[str] = []
    for number, step in enumerate(SCRIPT[:-1]):
        packets = [one if isinstance(one, str) else "b" + b64encode(one).decode() for one in step]
        line.post(SEPARATOR.join([*packets, *([f'42{5_000 + number}["my event","next"]'] if number else [])]))
        last = f'43{5_000 + number}["one",2]' if number else '42["my response",{"data":"Connected"}]'
        while last not in heard:
            heard += [str(without_ids(one)) for one in line.packets()]
    return heard


def test_over_websocket(both: list[Running]) -> None:
    on, off = (over_websocket(server) for server in both)
    assert on == off


def test_over_polling(both: list[Running]) -> None:
    on, off = (over_polling(server) for server in both)
    assert on == off


def test_frames_are_the_same_too(both: list[Running]) -> None:
    """One frame a message, in the shortest form."""
    taken = []
    for server in both:
        wire = Wire(server.port).enter()
        wire.say('421["my event","hello"]', f'451-["my event",{PLACE % 0}]', b"x" * 300)
        taken.append([wire.frame() for _ in range(4)])
        wire.close()
    assert taken[0] == taken[1]
