"""Who does not read is cut at the bound, alone, and its memory is given back; who reads slowly gets every byte."""

import pytest

from server import until
from transport.conftest import Begin, Dial, Watching
from transport.frames import PING, frame
from transport.paths import Running
from transport.wire import Wire

MB = 1_048_576
PIECE = "x" * 60_000


def flood(sender: Wire, rounds: int) -> None:
    """More than the network's own buffers take. The sender hears everything itself, and so paces it."""
    for number in range(rounds):
        sender.say(f'42["broadcast","{number} {PIECE}"]')
        sender.until(f'42["my response","{number} ')


@pytest.fixture
def tight(begin: Begin) -> Running:
    return begin(queue_bytes="262144")


def test_who_never_reads_is_cut_at_the_bound_and_nobody_else_notices(tight: Running, dial: Dial, watching: Watching) -> None:
    sender = dial(tight).enter()
    watch = watching(tight)
    silent = dial(tight, buffer=4_096).enter()
    flood(sender, 160)
    watch.comes_back(5)
    assert watch.grown_bytes() <= 8 * MB, "and not held for it until it goes"
    assert silent.ends_at_tcp(5)


def test_who_never_reads_is_cut_though_it_answers_pings_in_vain(tight: Running, dial: Dial, watching: Watching) -> None:
    """A client that writes is alive; that does not let it hold what it does not read."""
    sender = dial(tight).enter()
    watch = watching(tight)
    silent = dial(tight, buffer=4_096).enter()
    for number in range(160):
        silent.say("3")
        silent.write(frame(PING, b"%d" % number))
        sender.say(f'42["broadcast","{number} {PIECE}"]')
        sender.until(f'42["my response","{number} ')
    watch.comes_back(5)
    assert silent.ends_at_tcp(5)


def test_who_asks_for_more_than_it_reads_is_cut(tight: Running, dial: Dial, watching: Watching) -> None:
    watch = watching(tight)
    greedy = dial(tight, buffer=4_096).enter()
    for number in range(200):
        greedy.say(f'42["my event","{number} {PIECE}"]')
    assert greedy.ends_at_tcp(10)
    watch.comes_back(10)
    assert watch.grown_bytes() <= 16 * MB


@pytest.mark.parametrize("pings", [0, 1, 5])
def test_large_messages_reach_a_slow_reader_whole_also_while_it_pings(begin: Begin, dial: Dial, long: bool, pings: int) -> None:
    """What the stock stack tears: a pong, or the rest of a short write, in the middle of a frame."""
    server = begin(queue_bytes=str(64 * MB))
    slow = dial(server, buffer=4_096).enter()
    count, text = 24 if long else 8, "y" * 450_000
    for number in range(count):
        slow.say(f'42["my event","{number} {text}"]')
        for again in range(pings):
            slow.write(frame(PING, b"%d %d" % (number, again)))
    for number in range(count):
        assert slow.until('42["my response"') == f'42["my response","{number} {text}"]'
    if pings:
        wanted = b"%d %d" % (count - 1, pings - 1)
        until("the last pong", lambda: slow.is_whole() and slow.pongs and slow.pongs[-1] == wanted, 5)
        assert slow.pongs == sorted(slow.pongs, key=lambda one: tuple(map(int, one.split())))
