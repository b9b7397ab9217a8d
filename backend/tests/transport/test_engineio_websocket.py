"""Engine.IO 4 over WebSocket: the handshake, packets, the heartbeat, the end; and the upgrade from polling."""

import json
import time

import pytest

from raw import SEPARATOR, RawPolling
from rest import ask
from server import until
from transport.conftest import Dial
from transport.frames import CLOSE, frame
from transport.paths import Running
from transport.wire import Wire

BAD_PACKET = 4400


# ── the handshake ──


def test_the_first_frame_is_an_open_packet_without_upgrades(server: Running, dial: Dial) -> None:
    first = dial(server).frame()
    assert first.payload[:1] == b"0"
    opening = json.loads(first.payload[1:])
    assert set(opening) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert opening["upgrades"] == []
    assert (opening["pingInterval"], opening["pingTimeout"]) == (1000, 1500)


# ── packets ──


def test_a_text_frame_is_a_packet_and_a_binary_frame_is_a_message(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    wire.say('451-["my event",{"_placeholder":true,"num":0}]', b"\x00\xff")
    assert wire.receive() == '451-["my response",{"_placeholder":true,"num":0}]'
    assert wire.receive() == b"\x00\xff"


@pytest.mark.parametrize(
    "packet", ["", "x", "7", "8", "9", "abc", "44", "\x1e", "b", "bAAEC", "0", "0{}", "-1", "😀", " 4", "2", "2hello", "2probe"]
)
def test_what_is_no_packet_of_a_client_costs_the_connection(server: Running, dial: Dial, packet: str) -> None:
    wire = dial(server).enter()
    wire.say(packet)
    assert wire.ending(5) == BAD_PACKET


@pytest.mark.parametrize("packet", ["3", "3probe", "3" * 100])
def test_a_pong_is_taken_at_any_time(server: Running, dial: Dial, packet: str) -> None:
    wire = dial(server).enter()
    wire.say(packet)
    assert wire.is_whole()


# ── the heartbeat ──


def test_the_server_pings_at_its_interval_and_pongs_keep_the_connection(server: Running, dial: Dial) -> None:
    wire = dial(server).open()
    wire.mute = True
    for _ in range(3):
        begun = time.monotonic()
        assert wire.receive() == "2"
        assert time.monotonic() - begun < 2
        wire.say("3")


def test_a_client_without_pongs_is_cut_after_the_timeout_and_not_before(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    wire.mute = True
    assert wire.until("2") == "2"
    begun = time.monotonic()
    assert wire.ends_at_tcp(10)
    assert 1.2 < time.monotonic() - begun < 5


def test_pongs_that_nobody_asked_for_do_not_keep_a_silent_client(server: Running, dial: Dial) -> None:
    """A pong before its ping is no sign of life at the time of the ping."""
    wire = dial(server).enter()
    wire.mute = True
    wire.say(*["3"] * 50)
    assert wire.ends_at_tcp(10)


# ── the end ──


def test_a_close_packet_ends_the_connection(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    wire.say("1")
    assert wire.ending(5) in (1000, 1005, 1006)


def test_what_comes_behind_a_close_packet_is_not_done(server: Running, dial: Dial) -> None:
    wire, witness = dial(server).enter(), dial(server).enter()
    wire.say("1", '42["broadcast","from the grave"]')
    wire.ending(5)
    assert witness.is_whole()
    assert "from the grave" not in str(witness.seen)


def test_a_client_that_hangs_up_is_forgotten(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    sid = wire.opening["sid"]
    wire.write(frame(CLOSE, b"\x03\xe8"))
    assert wire.ending(5) == 1000
    assert ask(server.port, "GET", f"/socket.io/?EIO=4&transport=polling&sid={sid}").status == 400


# ── the upgrade ──


class Upgrading:
    """A session that polls, and the WebSocket it moves to."""

    def __init__(self, server: Running, dial: Dial) -> None:
        self.polling = RawPolling(server)  # type: ignore[arg-type]
        self.polling.post("40")
        self.polling.until('42["my response"')
        self.wire: Wire = dial(server, sid=self.polling.opening["sid"])

    def probe(self) -> None:
        self.wire.say("2probe")
        assert self.wire.receive() == "3probe"

    def finish(self) -> None:
        self.wire.say("5")


@pytest.fixture
def upgrading(server: Running, dial: Dial) -> Upgrading:
    return Upgrading(server, dial)


def test_a_session_moves_to_a_websocket(upgrading: Upgrading) -> None:
    upgrading.probe()
    upgrading.finish()
    assert upgrading.wire.is_whole()


def test_a_poll_that_waits_is_let_go_with_a_noop(upgrading: Upgrading) -> None:
    waiting = upgrading.polling.begin_poll()
    upgrading.probe()
    answer = waiting.getresponse()
    assert (answer.status, answer.read()) == (200, b"6")
    upgrading.finish()
    assert upgrading.wire.is_whole()


def test_a_poll_waits_until_the_websocket_has_been_probed(upgrading: Upgrading) -> None:
    """Where a proxy passes the handshake and no frames, the client goes on polling as before."""
    waiting = upgrading.polling.begin_poll()
    upgrading.polling.post('42["my event","meanwhile"]')
    assert waiting.getresponse().read() in (b'42["my response","meanwhile"]', b"2"), "no NOOP"


def test_polls_after_the_probe_are_paced(upgrading: Upgrading) -> None:
    upgrading.probe()
    begun = time.monotonic()
    noops = [one for one in (upgrading.polling.poll().raw for _ in range(6)) if one == b"6"]
    assert len(noops) >= 4
    assert time.monotonic() - begun > (len(noops) - 1) * 0.09, "ten a second, and not as many as the client can ask for"
    upgrading.finish()
    assert upgrading.wire.is_whole()


def test_a_poll_that_follows_the_end_of_an_upgrade_is_refused(upgrading: Upgrading) -> None:
    """Also when the client does not wait for the answers: the frames were sent first."""
    upgrading.wire.say("2probe", "5")
    assert upgrading.polling.poll().status == 400
    assert upgrading.wire.is_whole()


def test_a_poll_between_probe_and_upgrade_is_answered_with_a_noop(upgrading: Upgrading) -> None:
    upgrading.probe()
    answer = upgrading.polling.poll()
    assert answer.status == 200
    assert answer.raw in (b"6", b"2"), "or with a ping, when one is just due"
    upgrading.finish()
    assert upgrading.wire.is_whole()


def test_nothing_is_lost_doubled_or_disordered_by_an_upgrade(server: Running, dial: Dial, upgrading: Upgrading) -> None:
    other = dial(server).enter()
    heard: list[str] = []
    for number in range(60):
        other.say(f'42["broadcast",{number}]')
        if number == 10:
            assert other.is_whole()
            heard += upgrading.polling.packets()
        if number == 20:
            upgrading.wire.say("2probe")
        if number == 30:
            assert upgrading.wire.until("3probe") == "3probe"
            heard += upgrading.polling.packets()
        if number == 40:
            upgrading.finish()
    assert other.is_whole()
    wanted = [f'42["my response",{number}]' for number in range(60)]
    while wanted[-1] not in heard:
        heard.append(str(upgrading.wire.receive()))
    assert [one for one in heard if one.startswith("42")] == wanted


def test_after_the_upgrade_the_session_polls_no_more(upgrading: Upgrading) -> None:
    upgrading.probe()
    upgrading.finish()
    assert upgrading.wire.is_whole()
    assert upgrading.polling.poll().status == 400
    assert upgrading.polling.post("42").status == 400
    assert upgrading.wire.is_whole(), "and lives on"


def test_a_session_has_one_websocket(server: Running, dial: Dial, upgrading: Upgrading) -> None:
    upgrading.probe()
    upgrading.finish()
    assert upgrading.wire.is_whole()
    _gets_no_websocket(server, dial, upgrading.polling.opening["sid"])
    assert upgrading.wire.is_whole()


def test_a_session_that_began_as_a_websocket_gets_no_second(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    _gets_no_websocket(server, dial, wire.opening["sid"])
    assert wire.is_whole()


def _gets_no_websocket(server: Running, dial: Dial, sid: str) -> None:
    """The handshake is accepted and the WebSocket closed, as the reference server does."""
    second = dial(server, sid=sid)
    assert second.status == 101
    assert second.ending(5) == 1000


def test_a_session_has_one_upgrade_at_a_time(server: Running, dial: Dial, upgrading: Upgrading) -> None:
    _gets_no_websocket(server, dial, upgrading.polling.opening["sid"])
    upgrading.probe()
    upgrading.finish()
    assert upgrading.wire.is_whole()


@pytest.mark.parametrize("said", ["2", "2prob", "3probe", "40", "5", '42["my event",1]', b"2probe", ""])
def test_a_websocket_that_does_not_probe_is_closed_and_the_session_polls_on(upgrading: Upgrading, said: str | bytes) -> None:
    upgrading.wire.say(said)
    upgrading.wire.ending(5)
    _polls_on(upgrading.polling)


@pytest.mark.parametrize("said", ["4", "2probe", '42["my event",1]', "1", b"5", "3"])
def test_a_probe_without_an_upgrade_is_closed_and_the_session_polls_on(upgrading: Upgrading, said: str | bytes) -> None:
    upgrading.probe()
    upgrading.wire.say(said)
    upgrading.wire.ending(5)
    _polls_on(upgrading.polling)


def test_a_websocket_that_goes_in_the_middle_of_an_upgrade_leaves_the_session_polling(upgrading: Upgrading) -> None:
    upgrading.probe()
    upgrading.wire.close()
    _polls_on(upgrading.polling)


def _polls_on(polling: RawPolling) -> None:
    assert polling.post('421["my event","on"]').status == 200
    until("the ack", lambda: '431["one",2]' in polling.poll().raw.decode().split(SEPARATOR), 5)


def test_an_upgrade_that_is_never_finished_does_not_stay_open(upgrading: Upgrading) -> None:
    upgrading.probe()
    upgrading.wire.mute = True
    assert upgrading.wire.ends_at_tcp(15)
