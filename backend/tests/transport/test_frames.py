"""WebSocket frames by RFC 6455, case by case. A wrong one costs the connection that sent it, with its code, and nothing else."""

import pytest

from transport.conftest import Dial
from transport.frame_cases import CASES, Answered, Case, echoed
from transport.frames import PING, PONG, Frame, close, ends_with_a_frame, frame, text
from transport.paths import Running
from transport.watch import Watch
from transport.wire import Gone, Quiet, Wire


def test_there_are_at_least_eighty() -> None:
    assert len(CASES) >= 80


@pytest.mark.parametrize("name", CASES)
def test_a_frame_is_taken_or_refused_by_the_rules(server: Running, dial: Dial, name: str) -> None:
    case = CASES[name]
    wire = dial(server).enter()
    if case.crumbs:
        wire.crumbs(case.sent, case.crumbs)
    else:
        wire.write(case.sent)
    if isinstance(case.wanted, Answered):
        _is_answered(wire, case, case.wanted)
    else:
        assert wire.ending(5) in case.wanted.codes
        assert echoed("hello") not in wire.seen, "what came with a mistake is not done"


def _is_answered(wire: Wire, case: Case, wanted: Answered) -> None:
    heard: list[str | bytes] = []
    while len(heard) < len(wanted.messages):
        heard.append(wire.receive(5))
    assert tuple(heard) == wanted.messages
    while wanted.pongs and wire.pongs[-1:] != [wanted.pongs[-1]]:
        _read_a_pong(wire)
    if ends_with_a_frame(case.sent):
        assert wire.is_whole()
    else:
        with pytest.raises(Quiet):
            wire.receive(0.2)  # it waits for the rest


def _read_a_pong(wire: Wire) -> None:
    found: Frame = wire.frame(5)
    assert found.kind == PONG
    wire.pongs.append(found.payload)


@pytest.mark.parametrize("share", [1, 2, 6, 8, 13])
def test_a_connection_may_end_in_the_middle_of_a_frame(server: Running, dial: Dial, watch: Watch, share: int) -> None:
    whole = text('42["my event","' + "x" * 200 + '"]')
    wires = [dial(server).enter() for _ in range(3)]
    for wire in wires:
        wire.write(whole[:share])
        wire.close()
    watch.comes_back()


def test_a_ping_is_answered_while_the_client_is_in_the_middle_of_nothing_else(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    for number in range(50):
        wire.write(frame(PING, b"%d" % number))
        assert wire.frame(5) == Frame(True, PONG, b"%d" % number)


def test_the_server_hangs_up_after_the_close_frames_though_the_client_does_not(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    wire.write(close(1000))
    with pytest.raises(Gone) as gone:
        wire.receive(10)
    assert gone.value.code == 1000
