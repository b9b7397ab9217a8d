"""The load generator notices what a server does wrong, and nothing where it does all right."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_server import PING, FaultyServer, Peer, frame

from benchmarks.generator import Generator, LoadError, compiled
from benchmarks.stage import FAULTS

Listen = Callable[..., Generator]
MESSAGES, MEMBERS = 6, 3


@pytest.fixture(scope="session")
def program() -> Path:
    return compiled()


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    server = FaultyServer()
    yield server
    server.close()


@pytest.fixture
def listen(program: Path, faulty: FaultyServer, tmp_path: Path) -> Iterator[Listen]:
    """Starts a generator with three members of one room, one after the other."""
    started: list[Generator] = []

    def start(**options: Any) -> Generator:
        people = tmp_path / "people.txt"
        people.write_text("token room\n" * 3)
        started.append(Generator(program, faulty.port, people, in_flight=1, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def faults_of(generator: Generator) -> dict[str, int]:
    """After six messages to a room of three. What is wrong comes before what is right of a later message."""
    assert generator.connect(MEMBERS, seconds=5)["ready"] == MEMBERS
    answer = generator.run(rate=500, senders=1, warm=0, seconds=5, count=MESSAGES, drain=0.4, at=lambda _when: None)
    assert answer["sent"] == MESSAGES
    return {name: answer[name] for name in FAULTS if answer[name]}


def test_nothing_is_noticed_where_all_is_well(listen: Listen) -> None:
    generator = listen()
    seen: list[str] = []
    generator.connect(MEMBERS, seconds=5)
    answer = generator.run(rate=200, senders=3, warm=0.02, seconds=0.1, drain=2, at=seen.append)
    assert not any(answer[name] for name in FAULTS)
    assert answer["delivered"] == answer["expected"] == MEMBERS * answer["sent"]
    assert answer["acked"] == answer["sent"] > answer["sent_in_window"] > 0
    assert 0 < answer["ack_p50_ms"] <= answer["ack_p99_ms"] <= answer["ack_max_ms"]
    assert seen == ["begin", "end"]


@pytest.mark.parametrize("slice_bytes", [1, 7])
def test_frames_that_come_in_pieces_are_put_together(faulty: FaultyServer, listen: Listen, slice_bytes: int) -> None:
    faulty.slice_bytes = slice_bytes
    assert faults_of(listen()) == {}


def test_frames_that_come_together_are_taken_apart(faulty: FaultyServer, listen: Listen) -> None:
    waiting: list[str] = []

    def all_at_once(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
        waiting.append(event)
        if len(waiting) == MESSAGES:
            for peer in server.peers:
                peer.say('42/chat,["presence:changed",{}]', *waiting, '42/chat,["typing:changed",{}]')
        server.ack(sender, number, event)

    faulty.on_message = all_at_once
    assert faults_of(listen()) == {}


def test_pings_of_both_kinds_are_answered(faulty: FaultyServer, listen: Listen) -> None:
    def ping_too(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
        if number == 0:
            sender.write(frame(PING, b"are you there"))
            sender.say("2")
        server.deliver(sender, number, event)

    faulty.on_message = ping_too
    assert faults_of(listen()) == {}
    assert faulty.pongs == [b"are you there", b"3"]


def _lose(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    for peer in server.peers:
        if (peer.number, number) != (1, 2):
            peer.say(event)
    server.ack(sender, number, event)


def _double(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    if number == 2:
        server.peers[1].say(event)
    server.deliver(sender, number, event)


def _swap(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    for peer in server.peers:
        if peer.number == 1 and number == 2:
            continue
        peer.say(event)
        if peer.number == 1 and number == 3:
            peer.say(event.replace("0000000003", "0000000002"))
    server.ack(sender, number, event)


def _invent(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    if number == 2:
        server.peers[1].say(event.replace("0000000002", "0000000099"), '42/chat,["message:created",{"text":"no mark"}]')
    server.deliver(sender, number, event)


def _stray(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    if number == 2:
        server.peers[1].say(event.replace("#00000-", "#00001-"))
    server.deliver(sender, number, event)


def _ack_nothing(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    for peer in server.peers:
        peer.say(event)
    if number != 2:
        server.ack(sender, number, event)


def _ack_twice(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    server.deliver(sender, number, event)
    if number == 2:
        server.ack(sender, number, event)


def _ack_another(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    for peer in server.peers:
        peer.say(event)
    server.ack(sender, number, event.replace("0000000002", "0000000001"))


def _ack_to_another(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    for peer in server.peers:
        peer.say(event)
    server.ack(server.peers[1] if number == 2 else sender, number, event)


def _refuse(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
    for peer in server.peers:
        peer.say(event)
    if number == 2:
        sender.say(f'43/chat,{number}[{{"ok":false,"error":{{"code":"conflict"}}}}]')
    else:
        server.ack(sender, number, event)


@pytest.mark.parametrize(
    ("wrong", "noticed"),
    [
        (_lose, {"missing": 1}),
        (_double, {"twice": 1}),
        (_swap, {"reordered": 1}),
        (_invent, {"unknown": 2}),
        (_stray, {"strayed": 1}),
        (_ack_nothing, {"ack_missing": 1}),
        (_ack_twice, {"ack_twice": 1}),
        (_ack_another, {"ack_unknown": 1, "ack_missing": 1}),
        (_ack_to_another, {"ack_unknown": 1, "ack_missing": 1}),
        (_refuse, {"ack_refused": 1}),
    ],
)
def test_a_wrong_delivery_or_ack_is_noticed(faulty: FaultyServer, listen: Listen, wrong: Any, noticed: dict[str, int]) -> None:
    faulty.on_message = wrong
    assert faults_of(listen()) == noticed


def test_a_cut_connection_is_noticed_with_what_it_misses(faulty: FaultyServer, listen: Listen) -> None:
    def cut(server: FaultyServer, sender: Peer, number: int, event: str) -> None:
        if number == MESSAGES - 1:
            server.peers[1].write(frame(8, b"\x03\xf4"))
        for peer in server.peers:
            if peer.number != 1 or number < MESSAGES - 1:
                peer.say(event)
        server.ack(sender, number, event)

    faulty.on_message = cut
    assert faults_of(listen()) == {"missing": 1, "closed": 1}


def test_a_frame_that_no_server_sends_costs_the_connection(faulty: FaultyServer, listen: Listen) -> None:
    faulty.on_join = lambda _server, peer: peer.write(b"\xc1\x01x") if peer.number == 2 else None
    faulty.on_message = FaultyServer.ack
    generator = listen()
    generator.connect(MEMBERS, seconds=5)
    answer = generator.run(rate=500, senders=1, warm=0, seconds=5, count=2, drain=0.4, at=lambda _when: None)
    assert answer["closed"] == 1


def test_a_refused_connection_says_why(faulty: FaultyServer, listen: Listen) -> None:
    faulty.refuses = True
    answer = listen().connect(MEMBERS, seconds=5)
    assert (answer["ready"], answer["failed"]) == (0, MEMBERS)
    assert "unauthenticated" in answer["why"]


def test_a_missing_compiler_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(LoadError, match=r"^no C compiler: .*apt-get install gcc libc6-dev$"):
        compiled(tmp_path)


def test_a_generator_that_cannot_begin_says_why_in_one_line(program: Path, tmp_path: Path) -> None:
    generator = Generator(program, 1, tmp_path / "nobody.txt")
    with pytest.raises(LoadError, match=r"^load: .*nobody\.txt: No such file or directory$"):
        generator.connect(1, seconds=5)
    generator.close()
