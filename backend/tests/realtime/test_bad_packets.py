"""What is no Socket.IO or no JSON costs the connection that sent it, with a documented code, and nobody else notices."""

import json
import re
from collections.abc import Iterator

import pytest

from conftest import Meet
from people import Person, fresh
from raw import SEPARATOR, Closed, RawPolling, RawSocket
from rest import ask
from server import Server, until

BAD_PACKET = 4400

ECHO = '"session:resume",{"epoch":"e","rooms":{}}'

# What an official client never sends, as Engine.IO messages.
BROKEN = {
    "NaN": '42/chat,1["message:send",{"text":NaN}]',
    "Infinity": '42/chat,1["message:send",{"text":Infinity}]',
    "minus infinity": '42/chat,1["message:send",-Infinity]',
    "beyond a double": '42/chat,1["message:send",{"data":1e999}]',
    "far below a double": '42/chat,1["message:send",{"data":[-1e999]}]',
    "broken JSON": '42/chat,1["message:send",{"text":"x"]',
    "half a list": '42/chat,1["message:send"',
    "single quotes": "42/chat,1['message:send']",
    "trailing comma": '42/chat,1["message:send",]',
    "more after the list": '42/chat,1["message:send"]x',
    "two values": '42/chat,1["message:send"] ["message:send"]',
    "leading zero": '42/chat,1["message:send",01]',
    "hexadecimal": '42/chat,1["message:send",0x10]',
    "a raw control character": '42/chat,1["message:send","a\nb"]',
    "a bad escape": '42/chat,1["message:send","\\x41"]',
    "an object for an event": "42/chat,{}",
    "an empty event": "42/chat,[]",
    "an event without a name": "42/chat,1[5]",
    "an event named null": '42/chat,1[null,"x"]',
    "an event named by a list": '42/chat,1[["message:send"]]',
    "an event of nothing": "42/chat,",
    "an event of nothing, in the main namespace": "42",
    "an object in the main namespace": "42{}",
    "an empty list in the main namespace": "42[]",
    "an event that is a string": '42/chat,1"message:send"',
    "an event that is a number": "42/chat,1-5",
    "not a packet type": "4x",
    "packet type 9": "49/chat,",
    "packet type 7": "47",
    "an empty packet": "4",
    "an error from a client": '44/chat,{"message":"x"}',
    "the event connect": '42/chat,1["connect"]',
    "the event connect_error": '42/chat,1["connect_error",{}]',
    "the event disconnect": '42/chat,1["disconnect"]',
    "the event disconnecting": '42/chat,1["disconnecting"]',
    "the event newListener": '42/chat,1["newListener"]',
    "the event removeListener": '42/chat,1["removeListener"]',
    "eleven attachments": '4511-/chat,1["message:send",{"_placeholder":true,"num":0}]',
    "a thousand attachments": '451000-/chat,1["message:send",{"_placeholder":true,"num":0}]',
    "very many attachments": '4599999999999999999999-/chat,1["message:send"]',
    "no attachments in a binary event": '450-/chat,1["message:send"]',
    "a binary event without a count": '45/chat,1["message:send"]',
    "an ack without an id": "43/chat,[]",
    "an ack that is no list": "43/chat,1{}",
    "an ack id without an end": "42/chat," + "1" * 200 + '["message:send"]',
    "connect with a list": "40/chat,[]",
    "connect with a string": '40/chat,"x"',
    "connect with NaN": '40/chat,{"token":NaN}',
    "a packet inside a JSON string": json.dumps(f"2/chat,1[{ECHO}]").join(["4", ""]),
    "a packet that is a list": f"4[{ECHO}]",
    "a packet that is true": "4true",
    "a packet that is null": "4null",
    "not an Engine.IO packet": "x",
    "an Engine.IO type beyond the last": "9",
    "an empty Engine.IO packet": "",
}


@pytest.fixture
def witness(server: Server, meet: Meet) -> Iterator[Person]:
    """Somebody in a room with the sender, who must notice nothing."""
    witness = meet(server, "Witness")
    yield witness
    assert not witness.line.gone.is_set()
    witness.hear_everything()
    assert witness.heard("session:ended") == []


def raw_person(server: Server, meet: Meet, witness: Person) -> tuple[Person, RawSocket]:
    person = meet(server, "Mallory", live=False)
    person.join(witness.open_room())
    return person, RawSocket(server).enter(person.token)


@pytest.mark.parametrize("broken", BROKEN)
def test_a_packet_that_breaks_the_grammar_costs_its_connection_only(
    server: Server, meet: Meet, witness: Person, broken: str
) -> None:
    _, raw = raw_person(server, meet, witness)
    raw.send(BROKEN[broken])
    assert raw.close_code(5) == BAD_PACKET
    answers = [frame for frame in raw.frames if isinstance(frame, str) and frame.startswith("43")]
    assert answers == [], "and is not answered"


@pytest.mark.parametrize(
    "broken", ["NaN", "an object for an event", "not a packet type", "the event connect", "a packet inside a JSON string"]
)
def test_the_same_packet_by_polling_ends_the_connection_too(server: Server, meet: Meet, witness: Person, broken: str) -> None:
    mallory = meet(server, "Mallory", live=False)
    raw = RawPolling(server).enter(mallory.token)
    assert raw.post(BROKEN[broken]).status == 400
    until("the connection is gone", lambda: raw.post("3").status == 400)


def test_what_stands_behind_a_broken_packet_in_one_request_is_not_run(server: Server, meet: Meet, witness: Person) -> None:
    mallory = meet(server, "Mallory", live=False)
    room_id = mallory.open_room()
    raw = RawPolling(server).enter(mallory.token)
    send = f'42/chat,1["message:send",{{"room_id":"{room_id}","client_id":"behind","text":"x"}}]'
    raw.post(SEPARATOR.join(["4x", send]))
    witness.hear_everything()
    assert mallory.history(room_id) == []


def test_binary_data_that_nobody_announced_costs_the_connection(server: Server, meet: Meet, witness: Person) -> None:
    _, raw = raw_person(server, meet, witness)
    raw.send(b"\x00\x01")
    assert raw.close_code(5) == BAD_PACKET


def test_text_where_an_attachment_was_announced_costs_the_connection(server: Server, meet: Meet, witness: Person) -> None:
    _, raw = raw_person(server, meet, witness)
    raw.send('451-/chat,1["message:send",{"data":{"_placeholder":true,"num":0}}]')
    raw.send('42/chat,2["message:send",{}]')
    assert raw.close_code(5) == BAD_PACKET


@pytest.mark.parametrize("number", [1, -2, 99, "0", None, 0.5, [0]])
def test_a_placeholder_for_an_attachment_that_is_not_there_costs_the_connection(
    server: Server, meet: Meet, witness: Person, number: object
) -> None:
    _, raw = raw_person(server, meet, witness)
    placeholder = json.dumps({"_placeholder": True, "num": number})
    raw.send(f'451-/chat,1["message:send",{placeholder}]')
    raw.send(b"x")
    assert raw.close_code(5) == BAD_PACKET


def test_binary_data_that_was_announced_is_refused_by_name_and_the_connection_stays(
    server: Server, meet: Meet, witness: Person
) -> None:
    mallory, raw = raw_person(server, meet, witness)
    room_id = mallory.open_room()
    field = '{"_placeholder":true,"num":0}'
    raw.send(f'451-/chat,77["message:send",{{"room_id":"{room_id}","client_id":"b","kind":"json","data":{field}}}]')
    raw.send(b"\x00\x01\x02")
    answer = json.loads(raw.until("43/chat,77").partition("77")[2])[0]
    assert (answer["ok"], answer["error"]["code"]) == (False, "invalid")
    assert "data" in answer["error"]["fields"]
    assert raw.ack_of(f"42/chat,ID[{ECHO}]")["ok"] is True


def test_deep_nesting_around_an_attachment_costs_the_connection_at_most(server: Server, meet: Meet, witness: Person) -> None:
    _, raw = raw_person(server, meet, witness)
    raw.send('451-/chat,5["message:send",' + "[" * 900 + '{"_placeholder":true,"num":0}' + "]" * 901)
    raw.send(b"x")
    try:
        assert '"ok":false' in raw.until("43/chat,5", seconds=5)
    except Closed as closed:
        assert closed.code == BAD_PACKET  # noqa: PT017


@pytest.mark.parametrize(("depth", "field"), [(33, "data"), (100, "data"), (1_500, "body"), (15_000, "body")])
def test_deep_nesting_breaks_a_limit_and_not_the_grammar(
    server: Server, meet: Meet, witness: Person, depth: int, field: str
) -> None:
    mallory, raw = raw_person(server, meet, witness)
    room_id = mallory.open_room()
    deep = "[" * depth + "]" * depth
    answer = raw.ack_of(f'42/chat,ID["message:send",{{"room_id":"{room_id}","client_id":"d","kind":"json","data":{deep}}}]')
    assert answer["error"]["code"] == "invalid"
    assert field in answer["error"]["fields"]
    assert raw.ack_of(f"42/chat,ID[{ECHO}]")["ok"] is True


def test_a_list_without_an_end_breaks_the_grammar_as_far_as_the_parser_follows(
    server: Server, meet: Meet, witness: Person
) -> None:
    """Beyond that nothing more is read: a limit is broken, and that is the answer."""
    _, raw = raw_person(server, meet, witness)
    assert raw.ack_of('42/chat,ID["message:send",' + "[" * 10_000)["error"]["fields"] == {
        "body": "is nested deeper than 32 levels"
    }
    raw.send("42/chat,9" + "[" * 500)
    assert raw.close_code(5) == BAD_PACKET


@pytest.mark.parametrize("digits", ["9007199254740993", "-9007199254740993", "9" * 400, "1" + "0" * 5_000])
def test_a_large_integer_breaks_a_limit_and_not_the_grammar(server: Server, meet: Meet, witness: Person, digits: str) -> None:
    _, raw = raw_person(server, meet, witness)
    answer = raw.ack_of(f'42/chat,ID["message:send",{{"room_id":"x","client_id":"d","kind":"json","data":{digits}}}]')
    assert answer["error"]["fields"] == {"data": "is an integer beyond 2^53; send it as a string"}


def dropped(server: Server) -> int:
    text = ask(server.port, "GET", "/metrics").raw.decode()
    return int(float(re.findall(r"^crosstalk_dropped_total (.+)$", text, re.MULTILINE)[0]))


def test_a_command_without_an_ack_id_that_breaks_a_limit_is_dropped(server: Server, meet: Meet, witness: Person) -> None:
    mallory, raw = raw_person(server, meet, witness)
    room_id = mallory.open_room()
    before = dropped(server)
    for fields in ({"text": ""}, {"text": "a\0b"}, {"text": "x" * 9_000}, {"text": "x", "extra": 1}, {"text": "\ud800"}):
        raw.send("42/chat," + json.dumps(["message:send", {"room_id": room_id, "client_id": fresh(), **fields}]))
    raw.send("42/chat," + json.dumps(["no:such", {}]))
    assert raw.ack_of(f"42/chat,ID[{ECHO}]")["ok"] is True
    assert mallory.history(room_id) == []
    assert dropped(server) == before + 6


def test_a_command_without_an_ack_id_that_is_good_is_done(server: Server, meet: Meet, witness: Person) -> None:
    mallory, raw = raw_person(server, meet, witness)
    room_id = mallory.open_room()
    raw.send("42/chat," + json.dumps(["message:send", {"room_id": room_id, "client_id": fresh(), "text": "quiet"}]))
    raw.until('42/chat,["message:created"')
    assert [one["text"] for one in mallory.history(room_id)] == ["quiet"]


@pytest.mark.parametrize(
    "name",
    ["no:such", "session:ready", "message:created", "", "__proto__", "trigger_event", "on_connect", "message:send\0", "\ud800"],
)
def test_an_unknown_command_is_refused_by_name_and_the_connection_stays(
    server: Server, meet: Meet, witness: Person, name: str
) -> None:
    _, raw = raw_person(server, meet, witness)
    answer = raw.ack_of("42/chat,ID" + json.dumps([name, {}]))
    assert answer["error"]["code"] == "invalid"
    assert "command" in answer["error"]["fields"]
    assert raw.ack_of(f"42/chat,ID[{ECHO}]")["ok"] is True


@pytest.mark.parametrize("arguments", ["[]", "5", "null", '"x"', "true", "{},{}", "{},null"])
def test_a_command_takes_one_object(server: Server, meet: Meet, witness: Person, arguments: str) -> None:
    _, raw = raw_person(server, meet, witness)
    answer = raw.ack_of(f'42/chat,ID["session:resume",{arguments}]')
    assert answer["error"]["code"] == "invalid"
    assert "body" in answer["error"]["fields"]


def test_an_ack_that_nobody_asked_for_is_ignored(server: Server, meet: Meet, witness: Person) -> None:
    _, raw = raw_person(server, meet, witness)
    raw.send("43/chat,12345[1]")
    raw.send("43/chat,0[]")
    assert raw.ack_of(f"42/chat,ID[{ECHO}]")["ok"] is True


def test_events_for_a_namespace_that_one_has_not_entered_do_nothing(server: Server, meet: Meet, witness: Person) -> None:
    mallory = meet(server, "Mallory", live=False)
    room_id = mallory.open_room()
    raw = RawSocket(server).open()
    raw.send("42/chat,1" + json.dumps(["message:send", {"room_id": room_id, "client_id": "a", "text": "x"}]))
    raw.send("42/nosuch,2" + json.dumps(["message:send", {}]))
    witness.hear_everything()
    assert mallory.history(room_id) == []
    assert not [frame for frame in raw.frames if isinstance(frame, str) and frame.startswith("43")]


def test_a_message_beyond_the_packet_limit_is_cut_off_and_the_limit_is_told(
    server: Server, meet: Meet, witness: Person
) -> None:
    mallory, raw = raw_person(server, meet, witness)
    ready = json.loads(next(frame for frame in raw.frames if isinstance(frame, str) and "session:ready" in frame)[8:])[1]
    limit = ready["limits"]["packet_bytes"]
    assert raw.opening["maxPayload"] == limit
    raw.send("42/chat,1" + json.dumps(["message:send", {"text": "x" * limit}]))
    assert raw.close_code(5) in (1009, 1006)
    mallory.connect()
    assert mallory.command("session:resume", epoch="e", rooms={}) == {"rooms": {}}
