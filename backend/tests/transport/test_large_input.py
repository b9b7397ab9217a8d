"""What is too large is refused on its declared length, before it is anywhere but in the network."""

import json
from contextlib import suppress
from http.client import HTTPConnection

import pytest

from raw import RawPolling
from transport.conftest import Dial
from transport.frames import BINARY, CONTINUATION, TEXT, frame
from transport.paths import Running
from transport.watch import Watch, threads
from transport.wire import Wire

MB = 1_048_576
PLACE = '{"_placeholder":true,"num":%d}'


def push(wire: Wire, piece: bytes, times: int) -> None:
    """Writes on and on, until it is cut."""
    with suppress(OSError):
        for _ in range(times):
            wire.raw.sendall(piece)


@pytest.mark.parametrize("kind", [TEXT, BINARY])
@pytest.mark.parametrize("entered", [True, False])
def test_a_frame_of_100_mb_costs_its_connection_and_no_memory(
    server: Running, dial: Dial, watch: Watch, kind: int, entered: bool
) -> None:
    wire = dial(server).enter() if entered else dial(server).open()
    wire.write(frame(kind, b"4", declared=100 * MB))
    push(wire, bytes(MB), 100)
    assert wire.ends_at_tcp(5)
    watch.comes_back(5)
    assert watch.grown_bytes() <= 6 * MB


@pytest.mark.parametrize("kind", [TEXT, BINARY])
def test_a_client_that_is_in_no_namespace_sends_no_more_than_a_connect(
    server: Running, dial: Dial, watch: Watch, kind: int
) -> None:
    wire = dial(server).open()
    wire.write(frame(kind, b"4" * 9_000))
    assert wire.ends_at_tcp(5)


def test_a_client_sends_more_as_soon_as_it_is_in_a_namespace(server: Running, dial: Dial) -> None:
    wire = dial(server).open()
    wire.say("40")
    wire.until("40{")
    wire.say('42["my event","' + "x" * 100_000 + '"]')
    wire.until('42["my response"')


def test_a_polling_request_is_bounded_in_the_same_way(server: Running) -> None:
    line = RawPolling(server)  # type: ignore[arg-type]
    assert line.post("40").status == 200
    line.until("40{")
    assert line.post('42["my event","' + "x" * 100_000 + '"]').status == 200
    line.until('42["my response"')
    early = RawPolling(server)  # type: ignore[arg-type]
    assert early.post("40" + " " * 9_000).status == 413


def test_100_mb_in_parts_costs_its_connection_and_no_more_than_a_packet(server: Running, dial: Dial, watch: Watch) -> None:
    wire = dial(server).enter()
    wire.write(frame(TEXT, b"4", fin=False))
    push(wire, frame(CONTINUATION, b"x" * MB, fin=False), 100)
    assert wire.ends_at_tcp(5)
    watch.comes_back(5)
    assert watch.grown_bytes() <= 12 * MB


def test_a_packet_of_the_largest_size_in_the_smallest_parts_is_no_burden(server: Running, dial: Dial, watch: Watch) -> None:
    """Every part is an object somewhere; many empty ones must not add up."""
    wire = dial(server).enter()
    wire.write(frame(TEXT, b"4", fin=False))
    push(wire, frame(CONTINUATION, b"", fin=False) * 10_000, 30)
    wire.close()
    watch.comes_back(10)
    assert watch.grown_bytes() <= 16 * MB


def test_a_body_of_100_mb_is_refused_on_its_declared_length(server: Running, watch: Watch) -> None:
    line = RawPolling(server)  # type: ignore[arg-type]
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("POST", line._path)
    connection.putheader("Content-Length", str(100 * MB))
    connection.endheaders()
    assert connection.getresponse().status in (400, 413)
    connection.close()
    assert watch.grown_bytes() <= 4 * MB


def test_attachments_are_bounded_together(server: Running, dial: Dial, watch: Watch) -> None:
    wire = dial(server).enter()
    wire.say(f'453-["my event",{PLACE % 0},{PLACE % 1},{PLACE % 2}]', bytes(600_000), bytes(600_000), bytes(600_000))
    assert wire.ending(5) == 4400
    assert watch.grown_bytes() <= 8 * MB


def test_attachments_that_are_begun_by_many_are_forgotten_with_them(server: Running, dial: Dial, watch: Watch) -> None:
    for _ in range(20):
        wire = dial(server).enter()
        wire.say(f'452-["my event",{PLACE % 0},{PLACE % 1}]', bytes(900_000))
        wire.close()
    watch.comes_back(10)
    assert watch.grown_bytes() <= 24 * MB


def test_one_attachment_named_many_times_is_not_sent_many_times(server: Running, dial: Dial, watch: Watch) -> None:
    wire = dial(server).enter()
    wire.say(f'451-["my event",[{",".join([PLACE % 0] * 300)}]]', bytes(100_000))
    received = 0
    wire.say('42["disconnect_me"]')
    wire.raw.settimeout(10)
    try:
        while more := wire.raw.recv(262_144):
            received += len(more)
    except ConnectionResetError:
        received += 0
    assert received <= MB
    assert watch.grown_bytes() <= 16 * MB


@pytest.mark.people
@pytest.mark.parametrize(
    "argument",
    ["[" * 900 + "]" * 900, "[" * 100_000 + "]" * 100_000, '{"a":' * 2_000 + "1" + "}" * 2_000, "9" * 5_000, "-" + "9" * 100_000,
     "1." + "0" * 100_000 + "1", '"\\ud800"', '"\\u0000"', json.dumps({f"k{n}": n for n in range(20_000)}), "[" + "0," * 100_000 + "0]"],
    ids=lambda one: f"{one[:8]}… of {len(one)}",
)  # fmt: skip
def test_json_that_is_a_burden_is_none(server: Running, dial: Dial, watch: Watch, argument: str) -> None:
    """It is refused, or answered; what it costs is bounded, and what it says in the log is short (the watch sees to that)."""
    wire = dial(server).enter()
    wire.say(f'421["my event",{argument}]', '422["my event",1]')
    assert wire.until("432", 5) == '432["one",2]', "a limit costs no connection"
    assert watch.grown_bytes() <= 48 * MB


def test_many_events_at_once_need_no_more_threads_and_keep_their_order(server: Running, dial: Dial, watch: Watch) -> None:
    wire = dial(server).enter()
    wire.say(*[f'42{number}["my event",{number}]' for number in range(900)])
    most = 0
    for number in range(900):
        assert wire.until("43") == f'43{number}["one",2]'
        if number % 100 == 0:
            most = max(most, threads(watch.pid))
    assert most <= watch.threads + 8


def test_connecting_again_and_again_costs_no_memory(server: Running, dial: Dial, watch: Watch) -> None:
    wire = dial(server).enter()
    for _ in range(20):
        wire.say(*["40/test,", *(f"40/nowhere{number}," for number in range(20)), "41/test,"])
        wire.until("44/nowhere19,")
    assert wire.is_whole()
    assert watch.grown_bytes() <= 8 * MB
