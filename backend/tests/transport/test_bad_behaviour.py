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


# ── a session belongs to the client that knows its id, on one origin ──


def test_a_session_goes_on_from_another_address(server: Running, dial: Dial) -> None:
    """A client behind a carrier's NAT, or with IPv4 and IPv6, may use another address for each request."""
    line = RawPolling(server)  # type: ignore[arg-type]
    assert status(server, "POST", line._path, source=ELSEWHERE, body=b"40") == 200
    assert line.until("40{")
    wire = dial(server, sid=line.opening["sid"], source=ELSEWHERE)
    wire.say("2probe")
    assert wire.receive() == "3probe"
    wire.say("5")
    assert wire.is_whole()


@pytest.mark.people
def test_a_session_goes_on_when_the_proxy_names_another_address(begin: Begin) -> None:
    server = begin(trusted_proxies="1")
    line = RawPolling(server, **{"X-Forwarded-For": "203.0.113.7"})  # type: ignore[arg-type]
    assert status(server, "POST", line._path, body=b"40", **{"X-Forwarded-For": "203.0.113.8"}) == 200
    assert status(server, "GET", line._path, **{"X-Forwarded-For": "2001:db8::1"}) == 200


def test_a_session_id_has_at_least_128_random_bits(server: Running) -> None:
    ids = [str(RawPolling(server).opening["sid"]) for _ in range(64)]  # type: ignore[arg-type]
    assert min(map(len, ids)) >= 22, "six bits a character"
    for place in range(22):
        assert len({one[place] for one in ids}) > 8, f"the characters at {place} are chosen at random"


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


# ── requests that are refused ──


@pytest.mark.people
def test_refusals_are_counted_and_logged_without_flooding_the_log(begin: Begin) -> None:
    server = begin()
    asked = {
        "bad_protocol": "EIO=3&transport=polling",
        "bad_transport": "EIO=4&transport=smoke",
        "jsonp": "EIO=4&transport=polling&j=0",
        "unknown_session": "EIO=4&transport=polling&sid=nosuchsession",
        "bad_upgrade": "EIO=4&transport=websocket",
    }
    for query in asked.values():
        for _ in range(20):
            assert ask(server.port, "GET", f"/socket.io/?{query}").status == 400
    metrics = ask(server.port, "GET", "/metrics").raw.decode()
    lines = [line for line in server.log().splitlines() if "request refused" in line]
    for reason in asked:
        assert f'crosstalk_refusals_total{{reason="{reason}"}} 20.0' in metrics
        assert len([line for line in lines if f'"{reason}"' in line]) == 1
    assert "nosuchsession" not in server.log()


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
