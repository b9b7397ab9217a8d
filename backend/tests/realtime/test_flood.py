"""Who sends more packets than any client has reason to is told so and cut; nobody else notices."""

import time

import pytest

from conftest import Meet, Serve
from raw import SEPARATOR, RawPolling, RawSocket
from server import Server

BURST = 1_000


@pytest.fixture(scope="module")
def limited(serve_module: Serve) -> Server:
    return serve_module(rate_limits="on")


def flood(raw: RawSocket, packet: str) -> None:
    try:
        for _ in range(BURST * 2):
            raw.send(packet)
    except OSError:
        return  # cut while we were still writing


@pytest.mark.parametrize("packet", ['42/chat,["typing:stop",{}]', "43/chat,7[]", '40/nowhere,{"token":"x"}', "40/chat,{}"])
def test_a_flood_of_any_kind_is_told_why_and_cut(limited: Server, meet: Meet, packet: str) -> None:
    neighbour = meet(limited, "Neighbour")
    raw = RawSocket(limited).enter(meet(limited, "Flood", live=False).token)
    flood(raw, packet)
    told = raw.until('42/chat,["session:ended"')
    assert '"flood"' in told
    assert '"reconnect":true' in told
    assert raw.close_code() in (4429, 1006), "1006 when the rest of the flood met a closed connection"
    assert neighbour.command("session:resume", epoch="e", rooms={}) == {"rooms": {}}


def test_a_flood_without_any_namespace_is_cut_too(limited: Server) -> None:
    raw = RawSocket(limited).open()
    flood(raw, "41/nowhere,")
    assert raw.close_code() in (4429, 1006)


def test_a_flood_by_polling_is_told_why_by_the_next_poll(limited: Server, meet: Meet) -> None:
    raw = RawPolling(limited).enter(meet(limited, "Flood", live=False).token)
    begun = time.monotonic()
    for _ in range(6):
        raw.post(SEPARATOR.join(['42/chat,["typing:stop",{}]'] * 250))
    assert time.monotonic() - begun < 2, "slower than what is allowed: no flood"
    assert '"flood"' in raw.until('42/chat,["session:ended"')
    assert raw.poll().status == 400, "without a CLOSE packet, after which a Python client would stay away"
    assert raw.post("2").status == 400


def test_more_in_one_request_than_any_browser_has_to_say_is_a_flood(limited: Server, meet: Meet) -> None:
    raw = RawPolling(limited).enter(meet(limited, "Flood", live=False).token)
    raw.post(SEPARATOR.join(['42/chat,["typing:stop",{}]'] * 256))
    assert raw.post(SEPARATOR.join(['42/chat,["typing:stop",{}]'] * 257)).status == 200
    assert '"flood"' in raw.until('42/chat,["session:ended"')


def test_commands_that_go_on_after_they_are_refused_are_a_flood(limited: Server, meet: Meet) -> None:
    """Far fewer than a flood's thousand: each that is refused for its rate counts ten times."""
    ann = meet(limited, "Ann", live=False)
    raw = RawSocket(limited).enter(ann.token)
    for number in range(200):
        raw.send(f'42/chat,{number}["room:create",{{"name":"r","kind":"private"}}]')
    assert '"rate_limited"' in raw.until("43/chat,199[")
    raw.send('42/chat,200["room:create",{"name":"r","kind":"private"}]')
    assert '"flood"' in raw.until('42/chat,["session:ended"')


def test_a_burst_that_a_client_has_reason_to_send_is_answered_whole(limited: Server) -> None:
    raw = RawSocket(limited).open()
    raw.send("40")
    raw.until("40")
    for number in range(500):
        raw.send(f'42{number}["my event",{number}]')
    for number in range(500):
        raw.until(f"43{number}[")
