"""Noise: whatever comes, it is answered or it costs the connection that sent it, and nothing of it stays."""

import random

import pytest

from rest import ask
from server import until
from transport.conftest import Dial
from transport.frames import ends_with_a_frame
from transport.noise import Noise, readable
from transport.paths import Running, ServedBy
from transport.watch import Watch
from transport.wire import Gone, Refused, Wire, reset

LOTS = 4
LONG = 100_000
SHORT = 5_000
SHORT_STOCK = 600
"""There a connection that ends badly holds a thread for up to two seconds."""
LONGEST = 12


def share(path: ServedBy, long: bool) -> int:
    return (LONG if long else SHORT if path.loop else SHORT_STOCK) // LOTS


@pytest.mark.parametrize("lot", range(LOTS))
def test_noise_over_websocket_is_answered_or_ends_its_connection(
    path: ServedBy, server: Running, watch: Watch, rng: random.Random, long: bool, lot: int
) -> None:
    noise = Noise(random.Random(rng.random() + lot))
    left = share(path, long)
    while left > 0:
        script = noise.script(LONGEST)
        left -= len(script)
        _play(server, script, noise_ends=rng.random())
    watch.comes_back(20)


def _play(server: Running, script: list[bytes], noise_ends: float) -> None:
    wire = Wire(server.port).open()
    try:
        wire.connect()
        wire.write(b"".join(script))
        if ends_with_a_frame(b"".join(script)):
            # Whatever it has left or begun: it is let in again and answered, or it is closed.
            wire.say("40", '42999999["my event","still there"]')
            wire.until("43999999[")
    except Gone:
        return
    except AssertionError as wrong:
        raise AssertionError(f"{wrong}\nit had sent {readable(script)}") from wrong
    finally:
        # A third each: reset, hung up, and with a word.
        if noise_ends < 0.33:
            reset(wire.raw)
        elif noise_ends < 0.66:
            wire.close()
        else:
            wire.say("1")
            wire.close()


@pytest.mark.parametrize("lot", range(LOTS))
def test_noise_over_polling_is_answered_or_ends_its_session(
    path: ServedBy, server: Running, watch: Watch, rng: random.Random, long: bool, lot: int
) -> None:
    noise = Noise(random.Random(rng.random() + lot))
    line = ""
    for _ in range(share(path, long) // 10):
        body = noise.body()
        if not line:
            answer = ask(server.port, "GET", "/socket.io/?EIO=4&transport=polling")
            assert answer.status == 200
            line = "/socket.io/?EIO=4&transport=polling&sid=" + answer.raw.decode().split('"sid":"')[1].split('"')[0]
        answer = ask(server.port, "POST", line, raw=body, headers=[("Content-Type", "text/plain;charset=UTF-8")])
        assert answer.status in (200, 400), f"{answer.status} to {body!r}"
        if answer.status == 400 or rng.random() < 0.2:
            line = ""
    watch.comes_back(20)


HEADS = ("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket",
         "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")  # fmt: skip


def test_noise_for_a_handshake_is_refused_or_opened(
    path: ServedBy, server: Running, watch: Watch, dial: Dial, rng: random.Random, long: bool
) -> None:
    for _ in range(share(path, long) // 25):
        lines = [*HEADS[:1], *rng.sample(HEADS[1:], rng.randint(3, 5))]
        if rng.random() < 0.5:
            at = rng.randrange(len(lines))
            name, _, value = lines[at].partition(" ")
            lines[at] = f"{name} {''.join(rng.sample(value, len(value)))}"
        try:
            Wire(server.port, request="\r\n".join([*lines, "", ""]).encode()).close()
        except Refused as refused:
            if not 400 <= refused.status < 500 and refused.status not in (501, 505):
                raise
        except Gone:
            continue
    until("a good one is opened", lambda: dial(server).enter().is_whole())
    watch.comes_back(20)
