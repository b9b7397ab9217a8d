"""Socket.IO 5: connecting to namespaces and leaving them, over both transports."""

import json
from collections.abc import Callable

import pytest

from raw import RawPolling
from rest import ask
from server import until
from transport.conftest import Dial
from transport.paths import Running
from transport.wire import Gone, Wire

BAD_PACKET = 4400
Opened = Callable[[], "Wire | Polling"]


class Polling:
    """A polling session with the words of a Wire."""

    def __init__(self, server: Running) -> None:
        self._line = RawPolling(server)  # type: ignore[arg-type]
        self.opening = self._line.opening

    def say(self, *packets: str) -> None:
        self._line.post("\x1e".join(packets))

    def until(self, start: str) -> str:
        return self._line.until(start)

    def ended(self) -> bool:
        return self._line.post("3").status == 400


def assert_ended(line: "Wire | Polling") -> None:
    if isinstance(line, Wire):
        assert line.ending(5) == BAD_PACKET
    else:
        until("the session is gone", line.ended, 5)


@pytest.fixture(params=["websocket", "polling"])
def opened(request: pytest.FixtureRequest, server: Running, dial: Dial) -> Opened:
    """Opens a connection that is in no namespace yet."""
    return (lambda: dial(server).open()) if request.param == "websocket" else (lambda: Polling(server))


# ── in ──


@pytest.mark.parametrize("packet", ["40", "40{}", '40{"token":"123"}', "40/,", "40/,{}"])
def test_connecting_to_the_main_namespace_is_answered_with_a_session_id(opened: Opened, packet: str) -> None:
    line = opened()
    line.say(packet)
    answer = json.loads(line.until("40")[2:])
    assert set(answer) == {"sid"}
    assert len(answer["sid"]) >= 20
    assert answer["sid"] != line.opening["sid"], "the one of the transport is a secret, this one is told to others"


@pytest.mark.parametrize("packet", ["40/test,", "40/test", '40/test,{"token":"123"}', "40/test,{}"])
def test_connecting_to_another_namespace_names_it_in_the_answer(opened: Opened, packet: str) -> None:
    line = opened()
    line.say(packet)
    assert set(json.loads(line.until("40").removeprefix("40/test,"))) == {"sid"}


def test_the_auth_reaches_the_server(opened: Opened) -> None:
    line = opened()
    line.say('40{"refuse":"not today"}')
    assert json.loads(line.until("44")[2:])["message"] == "not today"


def test_who_is_refused_may_try_again(opened: Opened) -> None:
    line = opened()
    line.say('40{"refuse":"not today"}')
    line.until("44")
    line.say("40")
    line.until("40")
    line.say('421["my event",1]')
    assert line.until("431") == '431["one",2]'


def test_an_event_after_a_refused_connect_ends_the_connection(opened: Opened) -> None:
    line = opened()
    line.say('40{"refuse":"not today"}')
    line.until("44")
    line.say('421["my event",1]')
    assert_ended(line)


@pytest.mark.parametrize("packet", ['42["my event",1]', '42/nowhere,["x"]', '42//,["x"]', '42/test,["my event",1]',
                                    '451-/test,["my event",{"_placeholder":true,"num":0}]'])  # fmt: skip
@pytest.mark.parametrize("before", ["nothing", "another namespace"])
def test_an_event_in_a_namespace_that_the_client_has_never_been_in_ends_the_connection(
    opened: Opened, packet: str, before: str
) -> None:
    line = opened()
    if before == "another namespace":
        if not ("/nowhere" in packet or "//" in packet or "/test" in packet):
            packet = '42/test,["my event",1]'
        line.say("40")
        line.until("40")
    line.say(packet)
    assert_ended(line)


def test_what_a_connect_handler_sends_comes_after_the_connect_packet(opened: Opened) -> None:
    line = opened()
    line.say("40", "40/test,", '421["my event","at once"]')
    wanted = ["40{", '42["my response",{"data":"Connected"}]', "40/test,{", '42/test,["my response",{"data":"Connected"}]',
              '42["my response","at once"]', '431["one",2]']  # fmt: skip
    heard = [line.until("4") for _ in wanted]
    for namespace in ("", "/test,"):
        mine = [one for one in heard if one.startswith((f"40{namespace}{{", f'42{namespace}["my response",{{"data"'))]
        assert [one[:2] for one in mine] == ["40", "42"]
    assert heard.index('42["my response","at once"]') < heard.index('431["one",2]')
    assert heard.index('42["my response",{"data":"Connected"}]') < heard.index('42["my response","at once"]')


@pytest.mark.parametrize("namespace", ["/nowhere", "/chat2", "/tes", "/test/", "/TEST", "/*", "/__proto__"])
def test_a_namespace_that_is_not_there_is_refused_by_name(opened: Opened, namespace: str) -> None:
    line = opened()
    line.say(f"40{namespace},")
    head = f"44{namespace},"
    assert json.loads(line.until("44").removeprefix(head)) == {"message": "Invalid namespace"}
    line.say("40")
    assert line.until("40{")


def test_several_namespaces_share_a_transport_and_do_not_mix(opened: Opened) -> None:
    line = opened()
    line.say("40", "40/test,")
    ids = {json.loads(line.until("40{")[2:])["sid"], json.loads(line.until("40/test,")[8:])["sid"]}
    assert len(ids) == 2
    line.say('421["my event","here"]', '42/test,2["my event","there"]')
    assert line.until('42["my response","h') == '42["my response","here"]'
    assert line.until('42/test,["my response","t') == '42/test,["my response","there"]'


def test_connecting_twice_leaves_one_connection(dial: Dial, server: Running) -> None:
    """An official client does so when it reconnects a namespace before it heard the end."""
    wire, witness = dial(server).enter("/test"), dial(server).enter("/test")
    wire.say("40/test,")
    assert wire.ack_of("my event", 1, namespace="/test") == ["one", 2]
    witness.say('42/test,["broadcast","once"]')
    assert witness.ack_of("my event", 1, namespace="/test") == ["one", 2]
    assert wire.ack_of("my event", 1, namespace="/test") == ["one", 2]
    assert list(wire.seen).count('42/test,["my response","once"]') == 1


def test_a_transport_has_at_most_ten_namespaces_and_says_so(server: Running, dial: Dial) -> None:
    wire = dial(server).open()
    for number in range(40):
        wire.say(f"40/nowhere{number},")
        wire.until("44")
    assert wire.connect().is_whole(), "who is let in nowhere has none"


# ── out ──


def test_who_leaves_the_main_namespace_stays_on_the_transport(opened: Opened) -> None:
    line = opened()
    line.say("40", "40/test,")
    line.until("40/test,")
    line.say("41", '421["my event","gone"]', '42/test,2["my event","here"]')
    assert line.until("43") == '43/test,2["one",2]'


def test_who_leaves_another_namespace_stays_in_the_main_one(opened: Opened) -> None:
    line = opened()
    line.say("40", "40/test,")
    line.until("40/test,")
    line.say("41/test,", '42/test,1["my event","gone"]', '422["my event","here"]')
    assert line.until("43") == '432["one",2]'


def test_who_has_left_may_come_back_as_somebody_else(opened: Opened) -> None:
    line = opened()
    line.say("40", "40/test,")
    first = json.loads(line.until("40/test,")[8:])["sid"]
    line.say("41/test,", "40/test,")
    assert json.loads(line.until("40/test,")[8:])["sid"] != first


def test_who_has_left_hears_nothing_more(server: Running, dial: Dial) -> None:
    wire, other = dial(server).enter("/test").connect("/"), dial(server).enter("/test")
    wire.say("41/test,")
    assert wire.is_whole()
    other.say('42/test,["broadcast","behind your back"]')
    assert other.ack_of("my event", 1, namespace="/test") == ["one", 2]
    assert wire.is_whole()
    assert "behind your back" not in str(wire.seen)


@pytest.mark.parametrize("packet", ["41/nowhere,", "41/test,", "41/nowhere"])
def test_to_leave_where_one_is_not_does_nothing(server: Running, dial: Dial, packet: str) -> None:
    wire = dial(server).enter()
    wire.say(packet)
    assert wire.is_whole()


def test_the_servers_disconnect_closes_the_transport_when_no_namespace_is_left(server: Running, dial: Dial) -> None:
    wire = dial(server).enter().connect("/test")
    wire.say('42["disconnect_me"]')
    assert wire.until("41") == "41"
    assert wire.ack_of("my event", 1, namespace="/test") == ["one", 2], "one is left"
    wire.say('42/test,["disconnect_me"]')
    assert wire.until("41/test") == "41/test,"
    assert wire.ending(5) in (1000, 1005, 1006)


def test_the_servers_disconnect_closes_the_transport_though_the_client_says_nothing(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    wire.say('42["disconnect_me"]')
    assert wire.ends_at_tcp(15)
    assert ask(server.port, "GET", f"/socket.io/?EIO=4&transport=polling&sid={wire.opening['sid']}").status == 400


def test_who_was_disconnected_by_the_server_does_not_come_back_on_the_transport(server: Running, dial: Dial) -> None:
    wire = dial(server).enter()
    wire.say('42["disconnect_me"]', "40", "40/test,")
    with pytest.raises(Gone):
        wire.until("40", 5)


# ── what is none of these ──


@pytest.mark.parametrize(
    "packet",
    ["4abc", "47", "4", "40x", "40[]", '40"x"', "40null", "40true", "40/test,[]", '40{"a":NaN}', '40{"a":1e999}', "40{", "40{}x",
     "400-{}", "401-{}", "40123", '40[1]', '401{}', "40/test,5", "415", "41x", '44{"message":"x"}', '44/test,{"message":"x"}'],
)  # fmt: skip
def test_what_is_no_packet_of_the_protocol_costs_the_connection(opened: Opened, packet: str) -> None:
    line = opened()
    line.say(packet)
    assert_ended(line)
