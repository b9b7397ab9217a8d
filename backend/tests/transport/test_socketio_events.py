"""Socket.IO 5: events, acks and their binary forms, both ways."""

import json
from typing import Any

import pytest

from transport.conftest import Dial
from transport.frames import PING, frame
from transport.paths import Running
from transport.wire import Wire

BAD_PACKET = 4400
PLACE = '{"_placeholder":true,"num":%d}'


@pytest.fixture
def wire(server: Running, dial: Dial) -> Wire:
    return dial(server).enter()


# ── events ──

VALUES: dict[str, Any] = {
    "a string": "hello",
    "an empty string": "",
    "text beyond ASCII": "κόσμε 😀 ß \u2028",
    "escapes": '"\\/\b\f\n\r\t\x01\x7f',
    "a number": 5,
    "zero": 0,
    "a negative number": -7,
    "a fraction": 0.5,
    "the largest whole number": 2**53,
    "true": True,
    "null": None,
    "a list": [1, "2", {"3": [False]}],
    "an empty list": [],
    "an object": {"a": {"b": [None, 1.5]}, "": "empty key"},
    "an empty object": {},
    "a deep list": json.loads("[" * 28 + "]" * 28),
    "a key of old trouble": {"__proto__": {"x": 1}, "constructor": 2},
    "what looks like a placeholder": {"_placeholder": False, "num": 0},
}


@pytest.mark.parametrize("value", VALUES)
def test_an_event_carries_any_json_value(wire: Wire, value: str) -> None:
    wire.say(f'42["my event",{json.dumps(VALUES[value])}]')
    assert json.loads(wire.until("42")[2:]) == ["my response", VALUES[value]]


def test_an_event_may_have_several_arguments_or_none(wire: Wire) -> None:
    wire.say('42["my_event",1,"2",{"3":[false]}]')
    assert wire.until("42") == '42["my response",1,"2",{"3":[false]}]'


def test_white_space_between_tokens_is_json(wire: Wire) -> None:
    wire.say('42 [ "my event" ,\t{ "a" : 1 }\r\n]')
    assert wire.until("42") == '42["my response",{"a":1}]'


def test_the_unnamed_event_is_message(wire: Wire) -> None:
    wire.say('42["message","hello"]')
    assert wire.until("42") == '42["message","hello"]'


@pytest.mark.parametrize("packet", ['42["my event",1]', '42/,["my event",1]'])
def test_the_main_namespace_may_be_named(wire: Wire, packet: str) -> None:
    wire.say(packet)
    assert wire.until("42") == '42["my response",1]'


def test_events_of_one_connection_are_handled_in_order(wire: Wire) -> None:
    wire.say(*[f'42["my event",{number}]' for number in range(300)])
    assert [wire.until("42") for _ in range(300)] == [f'42["my response",{number}]' for number in range(300)]


def test_everybody_hears_a_broadcast_in_one_order(server: Running, dial: Dial) -> None:
    wires = [dial(server).enter() for _ in range(4)]
    for number in range(40):
        wires[number % 4].say(f'42["broadcast","b{number}"]')
    heard = [[one.until('42["my response","b') for _ in range(40)] for one in wires]
    assert all(one == heard[0] for one in heard)
    assert sorted(heard[0]) == sorted(f'42["my response","b{number}"]' for number in range(40))


# ── acks ──


@pytest.mark.parametrize("number", [0, 1, 456, 2**31, 2**53])
def test_an_ack_has_the_id_of_its_event(wire: Wire, number: int) -> None:
    wire.say(f'42{number}["my event",1]')
    assert wire.until("43") == f'43{number}["one",2]'


def test_an_ack_names_its_namespace(server: Running, dial: Dial) -> None:
    wire = dial(server).enter("/test")
    wire.say('42/test,12["my event",1]')
    assert wire.until("43") == '43/test,12["one",2]'


def test_an_event_without_an_id_is_not_acked(wire: Wire) -> None:
    wire.say('42["my event",1]', '425["my event",2]')
    assert wire.until("43") == '435["one",2]'


def test_the_same_id_twice_is_acked_twice(wire: Wire) -> None:
    wire.say('425["my event",1]', '425["my event",2]')
    assert [wire.until("43"), wire.until("43")] == ['435["one",2]'] * 2


def test_the_server_may_ask_for_an_ack_too(wire: Wire) -> None:
    wire.say('42["confirm","really?"]')
    asked = wire.until("42")
    number, _, rest = asked[2:].partition("[")
    assert rest == '"confirm_me","really?"]'
    wire.say(f'43{number}["yes",1]')
    assert wire.until("42") == '42["confirmed","yes",1]'


def test_an_ack_counts_once(wire: Wire) -> None:
    wire.say('42["confirm",1]')
    number = wire.until("42")[2:].partition("[")[0]
    wire.say(f'43{number}["yes"]', f'43{number}["again"]', '421["my event",1]')
    assert wire.until("42") == '42["confirmed","yes"]'
    assert wire.until("42") == '42["my response",1]', "the second was for nobody"


@pytest.mark.parametrize("packet", ["430[]", '43999["x"]', "4399999999999999999999[]", '43/test,1["x"]'])
def test_an_ack_that_nobody_waits_for_does_nothing(wire: Wire, packet: str) -> None:
    wire.say(packet)
    assert wire.is_whole()


@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_an_event_with_the_wrong_number_of_arguments_is_no_fault_of_the_server(wire: Wire, count: int) -> None:
    wire.say("42" + json.dumps(["my_event", *range(count)]), '425["my event",2]')
    assert wire.until("43") == '435["one",2]'
    assert wire.is_whole()


# ── binary ──


def test_a_binary_event_goes_both_ways(wire: Wire) -> None:
    wire.say(f'451-["my event",{PLACE % 0}]', b"\x01\x02\x03")
    assert [wire.receive(), wire.receive()] == [f'451-["my response",{PLACE % 0}]', b"\x01\x02\x03"]


def test_a_binary_event_has_its_attachments_in_order_wherever_they_stand(wire: Wire) -> None:
    wire.say(f'452-["my event",{{"a":[{PLACE % 1}],"b":{PLACE % 0}}}]', b"first", b"second")
    answer = str(wire.receive())
    parts = [wire.receive(), wire.receive()]
    content = json.loads(answer.removeprefix("452-"))[1]
    assert parts[content["a"][0]["num"]] == b"second"
    assert parts[content["b"]["num"]] == b"first"


def test_a_binary_event_may_ask_for_an_ack(wire: Wire) -> None:
    wire.say(f'451-789["my event",{PLACE % 0}]', b"x")
    assert wire.until("43") == '43789["one",2]'


def test_a_binary_event_names_its_namespace(server: Running, dial: Dial) -> None:
    wire = dial(server).enter("/test")
    wire.say(f'451-/test,7["my event",{PLACE % 0}]', b"x")
    assert wire.until("451-") == f'451-/test,["my response",{PLACE % 0}]'
    assert wire.receive() == b"x"
    assert wire.until("43") == '43/test,7["one",2]'


def test_an_ack_may_be_binary(wire: Wire) -> None:
    wire.say('42["confirm",1]')
    number = wire.until("42")[2:].partition("[")[0]
    wire.say(f"461-{number}[{PLACE % 0}]", b"proof")
    assert wire.until("451-") == f'451-["confirmed",{PLACE % 0}]'
    assert wire.receive() == b"proof"


def test_ten_attachments_are_not_too_many(wire: Wire) -> None:
    places = ",".join(PLACE % number for number in range(10))
    wire.say(f'4510-["my event",[{places}]]', *[bytes([number]) for number in range(10)])
    assert wire.until("4510-")
    assert [wire.receive() for _ in range(10)] == [bytes([number]) for number in range(10)]


def test_a_ping_between_an_event_and_its_attachment_changes_nothing(wire: Wire) -> None:
    wire.say(f'451-["my event",{PLACE % 0}]')
    wire.write(frame(PING, b"x"))
    wire.say("3")
    wire.say(b"late")
    assert wire.until("451-")
    assert wire.receive() == b"late"


def test_a_broadcast_of_bytes_reaches_every_member_whole(server: Running, dial: Dial) -> None:
    wires = [dial(server).enter() for _ in range(3)]
    wires[0].say(f'451-["broadcast",{PLACE % 0}]', b"\xff" * 300)
    for one in wires:
        assert one.until("451-")
        assert one.receive() == b"\xff" * 300


# ── what is none of these ──

BROKEN: dict[str, tuple[str | bytes, ...]] = {
    "an object": ("42{}",),
    "nothing": ("42",),
    "an empty list": ("42[]",),
    "a name that is a number": ("42[5]",),
    "a name that is an object": ('42[{"a":1}]',),
    "a list that is cut": ('42["my event"',),
    "an id that is no number": ('42abc["my event",1]',),
    "an id below zero": ('42-1["my event",1]',),
    "an id without an end": ("42" + "1" * 200 + '["my event",1]',),
    "NaN": ('42["my event",NaN]',),
    "Infinity": ('42["my event",Infinity]',),
    "beyond a double": ('42["my event",1e999]',),
    "a name of the protocol: connect": ('42["connect"]',),
    "a name of the protocol: disconnect": ('42["disconnect","x"]',),
    "a name of the protocol: connect_error": ('42["connect_error"]',),
    "an ack without an id": ("43[]",),
    "an ack that is an object": ("431{}",),
    "bytes from nowhere": (b"x",),
    "eleven attachments": (f'4511-["my event",{PLACE % 0}]',),
    "no attachments in a binary event": ('450-["my event"]',),
    "no count in a binary event": ('45["my event"]',),
    "a count below zero": (f'45-1-["my event",{PLACE % 0}]',),
    "very many attachments": (f'45{"9" * 30}-["my event",{PLACE % 0}]',),
    "text for an attachment": (f'451-["my event",{PLACE % 0}]', '42["my event",1]'),
    "an attachment too many": (f'451-["my event",{PLACE % 0}]', b"a", b"b"),
    "a placeholder for nothing": (f'451-["my event",{PLACE % 1}]', b"a"),
    "a placeholder below zero": (f'451-["my event",{PLACE % -1}]', b"a"),
    "a placeholder without a number": ('451-["my event",{"_placeholder":true,"num":"0"}]', b"a"),
    "a connect with attachments": ("451-{}",),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_what_breaks_the_grammar_costs_the_connection(server: Running, dial: Dial, broken: str) -> None:
    wire = dial(server).enter()
    wire.say(*BROKEN[broken])
    assert wire.ending(5) == BAD_PACKET
    assert not [one for one in wire.seen if isinstance(one, str) and one.startswith("43")]
