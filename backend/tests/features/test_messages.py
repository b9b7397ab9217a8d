"""Messages: sent once however often they are sent, in one order for all, changed by their authors only."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conftest import Meet
from people import Person, fresh
from raw import RawSocket
from server import Server


def test_everybody_hears_a_message_the_sender_too_and_it_is_the_one_in_the_ack(ann: Person, bob: Person, room_id: str) -> None:
    sent = ann.command("message:send", room_id=room_id, client_id="first", text="hello")
    assert sent["seq"] == sent["changed_seq"] == 3
    assert sent["author"] == ann.user
    assert sent["kind"] == "text"
    assert sent["client_id"] == "first"
    for person in (ann, bob):
        heard = person.wait_for("message:created", room_id=room_id)
        assert heard == {"room_id": room_id, "seq": 3, "message": sent}
    assert ann.history(room_id)[-1] == sent


def test_rest_and_the_socket_are_one_function(ann: Person, bob: Person, room_id: str) -> None:
    by_rest = ann.rest("POST", f"/rooms/{room_id}/messages", {"client_id": "both", "text": "hello"})
    assert by_rest.status == 201
    assert ann.command("message:send", room_id=room_id, client_id="both", text="hello") == by_rest.body
    again = ann.rest("POST", f"/rooms/{room_id}/messages", {"client_id": "both", "text": "hello"})
    assert again.status == 200
    assert again.body == by_rest.body
    bob.hear_everything()
    ann.hear_everything()
    assert len(bob.heard("message:created", room_id=room_id)) == 1


def test_of_one_send_repeated_in_a_race_over_both_transports_one_message_comes(ann: Person, bob: Person, room_id: str) -> None:
    second = ann.connect()
    barrier = threading.Barrier(12)

    def send(number: int) -> dict[str, Any]:
        barrier.wait()
        if number % 3 == 0:
            return ann.rest("POST", f"/rooms/{room_id}/messages", {"client_id": "race", "text": "once"}).body
        line = ann.line if number % 3 == 1 else second
        return line.command("message:send", room_id=room_id, client_id="race", text="once")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(send, range(12)))
    assert all(one == answers[0] for one in answers)
    ann.hear_everything()
    bob.hear_everything()
    assert len(bob.heard("message:created", room_id=room_id)) == 1
    assert len(ann.history(room_id)) == 1
    assert ann.room(room_id)["seq"] == 3


def test_a_client_id_used_for_something_else_is_a_conflict_for_ever(ann: Person, room_id: str) -> None:
    other = ann.open_room()
    message = ann.say(room_id, "mine", client_id="taken")
    ann.good("PATCH", f"/rooms/{room_id}/messages/{message['id']}", {"text": "edited"})
    assert ann.command("message:send", room_id=room_id, client_id="taken", text="mine")["text"] == "edited"
    for fields in (
        {"room_id": room_id, "text": "edited"},
        {"room_id": room_id, "text": "mine "},
        {"room_id": other, "text": "mine"},
        {"room_id": room_id, "kind": "json", "data": "mine"},
    ):
        error = ann.refused("message:send", client_id="taken", **fields)
        assert error["code"] == "conflict"
        assert "client_id" in error["fields"]
    opened = ann.refused("stream:open", room_id=room_id, client_id="taken", content_type="text/plain")
    assert opened["code"] == "conflict"
    ann.good("DELETE", f"/rooms/{room_id}/messages/{message['id']}")
    assert ann.command("message:send", room_id=room_id, client_id="taken", text="mine")["deleted"] is True
    assert ann.room(other)["seq"] == 1


def test_two_people_may_use_the_same_client_id(ann: Person, bob: Person, room_id: str) -> None:
    first, second = ann.say(room_id, "a", client_id="same"), bob.say(room_id, "b", client_id="same")
    assert first["id"] != second["id"]


# ── order ──


def test_twenty_senders_at_once_make_one_gap_free_order_that_every_member_sees(server: Server, meet: Meet) -> None:
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    watchers = [ann, meet(server, "Bob"), meet(server, "Polly", transports=["polling"])]
    senders = [meet(server, f"Sender {number}", live=number % 2 == 0) for number in range(20)]
    for person in watchers[1:] + senders:
        person.join(room_id)
    begin = ann.room(room_id)["seq"]
    each = 10

    def send(person: Person) -> list[int]:
        seqs = []
        for number in range(each):
            fields = {"client_id": f"n{number}", "text": f"{person.user['name']} {number}"}
            if person.lines:
                seqs.append(person.command("message:send", room_id=room_id, **fields)["seq"])
            else:
                seqs.append(person.good("POST", f"/rooms/{room_id}/messages", fields)["seq"])
        return seqs

    with ThreadPoolExecutor(20) as pool:
        acked = list(pool.map(send, senders))
    total = each * len(senders)
    assert all(seqs == sorted(seqs) for seqs in acked), "each sender's own order is kept"
    assert sorted(seq for seqs in acked for seq in seqs) == list(range(begin + 1, begin + total + 1))
    for person in watchers:
        heard = person.line.wait_for_count(total, "message:created", room_id=room_id)
        assert [one["seq"] for one in heard] == list(range(begin + 1, begin + total + 1))
    history = [message["seq"] for message in ann.history(room_id)]
    assert history == list(range(begin + 1, begin + total + 1))


def test_the_commands_of_one_connection_are_run_in_the_order_they_were_sent(ann: Person, room_id: str) -> None:
    raw = RawSocket(ann.server).enter(ann.token)
    for number in range(50):
        raw.send(f'42/chat,{number}["message:send",{{"room_id":"{room_id}","client_id":"o{number}","text":"{number}"}}]')
    for number in range(50):
        assert '"ok":true' in raw.until(f"43/chat,{number}[")
    raw.close()
    assert [one["text"] for one in ann.history(room_id)] == [str(number) for number in range(50)]


def test_commands_sent_before_the_session_is_ready_are_answered_in_order_after_it(ann: Person, room_id: str) -> None:
    raw = RawSocket(ann.server).open()
    raw.send(f'40/chat,{{"token":"{ann.token}"}}')
    for number in range(5):
        raw.send(f'42/chat,{number}["message:send",{{"room_id":"{room_id}","client_id":"e{number}","text":"{number}"}}]')
    raw.until("43/chat,4[")
    raw.close()
    kinds = [
        frame.split("[")[0] + ("ready" if "session:ready" in frame else "") for frame in raw.frames if isinstance(frame, str)
    ]
    acks = [kind for kind in kinds if kind.startswith("43/chat,")]
    assert acks == [f"43/chat,{number}" for number in range(5)]
    assert kinds.index("42/chat,ready") < kinds.index("43/chat,0")


def test_a_short_message_is_at_most_400_bytes_on_the_wire(ann: Person, room_id: str) -> None:
    raw = RawSocket(ann.server).enter(ann.token)
    ann.say(room_id, "See you at eight?", client_id="3f2b8a6e-7c1d-4e5f-9a0b-1c2d3e4f5a6b")
    frame = raw.until('42/chat,["message:created"')
    raw.close()
    assert len(frame.encode()) <= 400, frame


# ── edit and delete ──


def test_an_edit_takes_the_next_number_and_keeps_the_place(ann: Person, bob: Person, room_id: str) -> None:
    message, later = ann.say(room_id, "one"), ann.say(room_id, "two")
    edited = ann.command("message:edit", room_id=room_id, message_id=message["id"], text="three")
    assert (edited["seq"], edited["changed_seq"]) == (message["seq"], later["seq"] + 1)
    assert edited["text"] == "three"
    assert edited["edited_at"].endswith("Z")
    assert bob.wait_for("message:edited", room_id=room_id) == {"room_id": room_id, "seq": 5, "message": edited}
    again = ann.command("message:edit", room_id=room_id, message_id=message["id"], text="three")
    assert again == edited
    assert ann.room(room_id)["seq"] == 5, "the same text again is no change"
    assert [one["text"] for one in ann.history(room_id)] == ["three", "two"]


def test_a_deleted_text_is_gone_for_good(ann: Person, bob: Person, room_id: str) -> None:
    message = ann.say(room_id, "a word that I regret")
    deleted = ann.command("message:delete", room_id=room_id, message_id=message["id"])
    assert (deleted["text"], deleted["deleted"], deleted["changed_seq"]) == (None, True, 4)
    assert bob.wait_for("message:deleted", room_id=room_id)["message"] == deleted
    again = ann.rest("DELETE", f"/rooms/{room_id}/messages/{message['id']}")
    assert (again.status, again.body) == (200, deleted)
    assert ann.room(room_id)["seq"] == 4
    assert bob.history(room_id) == [deleted]
    assert "regret" not in str(bob.get(f"/rooms/{room_id}/changes?after=0"))
    assert "regret" not in str(ann.server.query("SELECT * FROM messages"))
    assert ann.refused("message:edit", room_id=room_id, message_id=message["id"], text="x")["code"] == "conflict"


def test_nobody_changes_the_messages_of_others(ann: Person, bob: Person, room_id: str) -> None:
    message = bob.say(room_id, "mine")
    for person, code in ((ann, "forbidden"),):
        assert person.refused("message:edit", room_id=room_id, message_id=message["id"], text="x")["code"] == code
        assert person.refused("message:delete", room_id=room_id, message_id=message["id"])["code"] == code
    assert bob.history(room_id) == [message]


def test_a_message_is_found_only_in_its_own_room(ann: Person, room_id: str) -> None:
    message, other = ann.say(room_id, "here"), ann.open_room()
    elsewhere = ann.refused("message:edit", room_id=other, message_id=message["id"], text="x")
    missing = ann.refused("message:edit", room_id=other, message_id="nosuchmessage", text="x")
    assert elsewhere == missing
    assert elsewhere["code"] == "not_found"


def test_whoever_left_may_not_change_what_was_written_before(ann: Person, bob: Person, room_id: str) -> None:
    message = bob.say(room_id, "mine")
    bob.command("room:leave", room_id=room_id)
    assert bob.refused("message:edit", room_id=room_id, message_id=message["id"], text="x")["code"] == "forbidden"
    assert bob.refused("message:delete", room_id=room_id, message_id=message["id"])["code"] == "forbidden"


# ── content ──


TEXTS = [
    "x",
    "🙂" * 4_000,
    "x" * 8_000,
    " leading and trailing ",
    "a\nb\tc",
    "e\u0301 \u200f\u202e",
    "<script>&amp;",
    "a\u2028b\u2029c",
    "\x01",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:8]))
def test_a_text_comes_back_as_it_was_sent(ann: Person, bob: Person, room_id: str, text: str) -> None:
    assert ann.command("message:send", room_id=room_id, client_id="t", text=text)["text"] == text
    assert bob.wait_for("message:created", room_id=room_id)["message"]["text"] == text
    assert bob.history(room_id)[0]["text"] == text


@pytest.mark.parametrize(
    ("text", "code"), [("", "invalid"), (" \n\t ", "invalid"), ("x" * 8_001, "too_large"), ("🙂" * 4_001, "too_large")]
)
def test_an_empty_or_over_long_text_is_refused_by_name(ann: Person, room_id: str, text: str, code: str) -> None:
    error = ann.refused("message:send", room_id=room_id, client_id="t", text=text)
    assert error["code"] == code
    assert set(error["fields"]) == {"text"}
    assert ann.room(room_id)["seq"] == 2


@pytest.mark.parametrize(
    "data",
    [0, False, "", [], {}, {"a": [1.5, None, {"b": "🙂"}]}, 2**53, -(2**53), 1e300, "x" * 16_000],
    ids=lambda data: str(data)[:12],
)
def test_json_comes_back_as_it_was_sent(ann: Person, bob: Person, room_id: str, data: Any) -> None:
    sent = ann.command("message:send", room_id=room_id, client_id="j", kind="json", data=data)
    assert sent["data"] == data
    assert type(sent["data"]) is type(data)
    assert sent["text"] is None
    assert bob.wait_for("message:created", room_id=room_id)["message"]["data"] == data
    assert bob.history(room_id)[0]["data"] == data


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"kind": "json"}, "data"),
        ({"kind": "json", "data": None}, "data"),
        ({"kind": "json", "data": 1, "text": "x"}, "text"),
        ({"kind": "text", "data": {}}, "text"),
        ({"text": "x", "data": 1}, "data"),
        ({"text": None}, "text"),
        ({}, "text"),
        ({"kind": "stream", "text": "x"}, "kind"),
        ({"kind": "json", "data": "x" * 16_384}, "data"),
    ],
)
def test_a_message_has_one_content_of_its_own_kind(ann: Person, room_id: str, fields: dict[str, Any], name: str) -> None:
    error = ann.refused("message:send", room_id=room_id, client_id=fresh(), **fields)
    assert error["code"] in ("invalid", "too_large")
    assert name in error["fields"]


def test_only_text_can_be_edited(ann: Person, room_id: str) -> None:
    message = ann.command("message:send", room_id=room_id, client_id="j", kind="json", data=1)
    assert ann.refused("message:edit", room_id=room_id, message_id=message["id"], text="x")["code"] == "conflict"
