"""Sessions that are stolen, resets, polls that are dropped, broken packets by the dozen, and one connection too many."""

import json
from contextlib import closing
from http.client import HTTPConnection

import pytest

from people import Person
from raw import SEPARATOR, RawPolling
from rest import ask
from server import PAGE, until
from transport.conftest import Begin, Dial
from transport.paths import Running
from transport.test_socketio_events import BROKEN
from transport.watch import Watch, sockets
from transport.wire import Refused, Wire, reset

OPEN = "/socket.io/?EIO=4&transport=polling"
ELSEWHERE = "127.0.0.2"


def status(
    server: Running, method: str, path: str, *, source: str = "127.0.0.1", body: bytes | None = None, **headers: str
) -> int:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=10, source_address=(source, 0))) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


# ── a session belongs to who opened it ──


def test_a_session_id_is_of_no_use_from_another_address(server: Running, dial: Dial) -> None:
    line = RawPolling(server)  # type: ignore[arg-type]
    assert status(server, "POST", line._path, source=ELSEWHERE, body=b"40") == 400
    assert status(server, "GET", line._path, source=ELSEWHERE) == 400
    with pytest.raises(Refused) as refused:
        dial(server, sid=line.opening["sid"], source=ELSEWHERE)
    assert refused.value.status == 400
    assert line.post("40").status == 200, "and its owner noticed nothing"
    assert line.until("40{")


def test_a_session_id_is_of_no_use_to_another_page(server: Running, dial: Dial) -> None:
    """Both origins are allowed ones; a page of the one must not speak in a session of the other."""
    own = server.url
    sid = json.loads(ask(server.port, "GET", OPEN, headers=[("Origin", PAGE)]).raw.split(b"\x1e")[0][1:])["sid"]
    path = f"{OPEN}&sid={sid}"
    assert status(server, "POST", path, body=b"40", Origin=own) in (400, 403)
    assert status(server, "GET", path, Origin=own) in (400, 403)
    with pytest.raises(Refused) as refused:
        dial(server, sid=sid, origin=own)
    assert refused.value.status in (400, 403)
    assert status(server, "POST", path, body=b"40", Origin=PAGE) == 200
    assert status(server, "POST", path, body=b"3") == 200, "without an origin there is nothing to compare"


@pytest.mark.parametrize(
    "sid", ["x%0d%0a2026-01-01%20ERROR%20fake", "%1b[31mred", "x" * 5_000, "%00", "..%2f..%2fetc", "%ff%fe", "'\"<>"]
)
def test_a_session_id_that_is_none_says_nothing_in_the_log(server: Running, watch: Watch, sid: str) -> None:
    assert ask(server.port, "GET", f"{OPEN}&sid={sid}").status in (400, 414)
    for line in watch.lines():
        assert "fake" not in line
        assert "\x1b" not in line


# ── polling ──


def test_more_packets_than_256_in_a_request_end_the_session(server: Running, watch: Watch) -> None:
    line = RawPolling(server)  # type: ignore[arg-type]
    line.post("40")
    line.until('42["my response"')
    line.post(SEPARATOR.join(['42["my event",1]'] * 257))
    until("the session is gone", lambda: line.poll().raw == b"1" or line.post("3").status == 400, 5)


def test_a_poll_that_is_dropped_loses_nothing_or_ends_the_session(server: Running, dial: Dial) -> None:
    line, other = RawPolling(server), dial(server).enter()  # type: ignore[arg-type]
    line.post("40")
    line.until('42["my response"')
    line.begin_poll().close()
    for number in range(3):
        other.say(f'42["broadcast",{number}]')
    assert other.is_whole()
    heard: list[str] = []
    while len(heard) < 3:
        answer = line.poll()
        if answer.status == 400:
            return
        heard += [one for one in answer.raw.decode().split(SEPARATOR) if one.startswith("42")]
    assert heard == [f'42["my response",{number}]' for number in range(3)]


# ── resets ──


def test_a_reset_is_seen_at_once(server: Running, dial: Dial, watch: Watch) -> None:
    wires = [dial(server).enter() for _ in range(5)]
    assert sockets(watch.pid) >= watch.sockets + 5
    for wire in wires:
        reset(wire.raw)
    until("they are gone", lambda: sockets(watch.pid) <= watch.sockets, 2)


@pytest.mark.people
def test_a_person_who_was_reset_is_offline_soon(server: Running, people: list[Person], dial: Dial) -> None:
    ann, bob = _ann_and_bob(server, people)
    room_id = ann.open_room()
    bob.join(room_id)
    wire = _enter_chat(server, dial, bob)
    ann.line.wait_for("presence:changed", lambda one: bob.id in one["online"], room_id=room_id)
    reset(wire.raw)
    ann.line.wait_for("presence:changed", lambda one: bob.id in one["offline"], room_id=room_id)


# ── broken packets ──


@pytest.mark.people
@pytest.mark.parametrize("broken", ["42/chat,{}", "4x", '42/chat,["x",NaN]', "x", '42/chat,["disconnect"]'])
def test_a_broken_packet_is_one_disconnect_and_one_line(
    server: Running, people: list[Person], dial: Dial, watch: Watch, broken: str
) -> None:
    ann, bob = _ann_and_bob(server, people)
    room_id = ann.open_room()
    bob.join(room_id)
    ann.line.wait_for("member:joined", room_id=room_id)
    wire = _enter_chat(server, dial, bob)
    ann.line.wait_for("presence:changed", lambda one: bob.id in one["online"], room_id=room_id)
    wire.say(broken, broken, broken)
    assert wire.ending(5) == 4400
    ann.line.wait_for("presence:changed", lambda one: bob.id in one["offline"], 5, room_id=room_id)
    _enter_chat(server, dial, bob)

    def changes() -> list[str]:
        """Bob's, as Ann hears of them."""
        heard = ann.heard("presence:changed", room_id=room_id)
        return [way for one in heard for way in ("online", "offline") if bob.id in one[way]]

    until("he is there again", lambda: len(changes()) >= 3)
    assert changes() == ["online", "offline", "online"]
    assert len([line for line in watch.lines() if "bad packet" in line]) <= 1


def _ann_and_bob(server: Running, people: list[Person]) -> tuple[Person, Person]:
    people += [Person.guest(server, "Ann"), Person.guest(server, "Bob")]  # type: ignore[arg-type]
    people[0].connect()
    return people[0], people[1]


def _enter_chat(server: Running, dial: Dial, person: Person) -> Wire:
    return dial(server).enter("/chat", {"token": person.token})


def test_many_broken_packets_are_a_line_each_and_leave_nothing(server: Running, dial: Dial, watch: Watch) -> None:
    for packets in BROKEN.values():
        wire = dial(server).enter()
        wire.say(*packets, *packets)
        assert wire.ending(10), packets
    watch.comes_back(5)
    assert len(watch.lines()) <= len(BROKEN)


# ── one too many ──


def test_one_connection_too_many_is_told_to_come_later(begin: Begin, dial: Dial) -> None:
    server = begin(max_connections="3")
    wires = [dial(server).enter() for _ in range(3)]
    with pytest.raises(Refused) as refused:
        dial(server)
    assert refused.value.status == 503
    assert int(refused.value.headers["retry-after"]) >= 1
    answer = ask(server.port, "GET", OPEN)
    assert (answer.status, int(answer.headers["retry-after"]) >= 1) == (503, True)
    assert all(wire.is_whole() for wire in wires)
    reset(wires[0].raw)

    def is_let_in() -> bool:
        try:
            return dial(server).enter().is_whole()
        except Refused:
            return False

    until("there is a place again", is_let_in, 5)
