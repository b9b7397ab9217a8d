"""History, changes and resume: a client is told whether it is whole, never left to guess."""

import json
from typing import Any

import pytest

from people import Person, fresh


@pytest.fixture
def room_id(ann: Person) -> str:
    return ann.open_room()


def numbered(person: Person, room_id: str, count: int) -> list[dict[str, Any]]:
    return [person.say(room_id, str(number)) for number in range(count)]


# ── history ──


def test_history_comes_in_pages_from_the_newest_and_in_order(ann: Person, room_id: str) -> None:
    messages = numbered(ann, room_id, 7)
    newest = ann.get(f"/rooms/{room_id}/messages?limit=3")
    position = {"epoch": ann.room(room_id)["epoch"], "position": 8}
    assert newest == {"messages": messages[4:], "more": True, **position}
    older = ann.get(f"/rooms/{room_id}/messages?limit=3&before={messages[4]['seq']}")
    assert older == {"messages": messages[1:4], "more": True}
    oldest = ann.get(f"/rooms/{room_id}/messages?limit=3&before={messages[1]['seq']}")
    assert oldest == {"messages": messages[:1], "more": False}
    assert ann.get(f"/rooms/{room_id}/messages?before=0") == {"messages": [], "more": False}
    assert ann.get(f"/rooms/{room_id}/messages?limit=7") == {"messages": messages, "more": False, **position}


def test_the_newest_page_says_where_a_client_stands_that_begins_with_it(ann: Person, room_id: str) -> None:
    messages = numbered(ann, room_id, 3)
    page = ann.get(f"/rooms/{room_id}/messages?limit=2")
    ann.good("PATCH", f"/rooms/{room_id}/messages/{messages[2]['id']}", {"text": "edited"})
    later = ann.say(room_id, "later")
    answer = ann.get(f"/rooms/{room_id}/changes?after={page['position']}&epoch={page['epoch']}")
    assert [one["message"]["text"] for one in answer["changes"]] == ["edited", "later"]
    assert answer["position"] == later["seq"]
    older = ann.get(f"/rooms/{room_id}/messages?before={page['messages'][0]['seq']}")
    assert "position" not in older, "to store the position of an older page would be to skip what came after the newest"


def test_an_edited_message_keeps_its_place_in_history(ann: Person, room_id: str) -> None:
    messages = numbered(ann, room_id, 3)
    ann.good("PATCH", f"/rooms/{room_id}/messages/{messages[0]['id']}", {"text": "edited"})
    assert [one["text"] for one in ann.history(room_id)] == ["edited", "1", "2"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
        ("limit=1.5", "limit"), ("before=-1", "before"), ("before=x", "before"), ("before=9007199254740993", "before"),
        ("limit=1&limit=2", "limit"), ("since=1", "since"), ("room_id=other", "room_id"),
    ],
)  # fmt: skip
def test_a_bad_page_is_refused_by_name(ann: Person, room_id: str, query: str, field: str) -> None:
    answer = ann.rest("GET", f"/rooms/{room_id}/messages?{query}")
    assert answer.status == 400
    assert field in answer.fields


# ── changes ──


def test_nothing_missed_is_resumed_and_something_is_replayed_as_it_went_out_live(
    ann: Person, bob: Person, room_id: str
) -> None:
    assert ann.get(f"/rooms/{room_id}/changes?after=1") == {
        "verdict": "resumed", "epoch": ann.room(room_id)["epoch"], "position": 1, "latest": 1, "changes": [], "more": False,
    }  # fmt: skip
    bob.join(room_id)
    first = bob.say(room_id, "first")
    ann.say(room_id, "second")
    bob.command("message:edit", room_id=room_id, message_id=first["id"], text="first, edited")
    third = bob.say(room_id, "third")
    bob.command("message:delete", room_id=room_id, message_id=third["id"])
    stream = bob.open_stream(room_id)
    bob.command("room:leave", room_id=room_id)
    ann.hear_everything()
    answer = ann.get(f"/rooms/{room_id}/changes?after=1")
    assert (answer["verdict"], answer["position"], answer["latest"], answer["more"]) == ("replayed", 9, 9, False)
    live = {(name, one["seq"]): one for name, one in ann.line.events if one.get("room_id") == room_id and "seq" in one}
    for change in answer["changes"]:
        name = change.pop("event")
        assert live[name, change["seq"]] == change
    assert [one["seq"] for one in answer["changes"]] == [4, 5, 7, 8, 9], "one item a message and one a member"
    assert answer["changes"][3]["message"]["id"] == stream["stream_id"]


def test_changes_come_in_pages_that_join_without_a_gap(ann: Person, room_id: str) -> None:
    numbered(ann, room_id, 23)
    after, seen = 0, []
    while True:
        page = ann.get(f"/rooms/{room_id}/changes?after={after}&limit=5")
        assert page["latest"] == 24
        seen += page["changes"]
        if not page["more"]:
            break
        assert len(page["changes"]) == 5
        after = page["position"]
        assert after == page["changes"][-1]["seq"]
    assert [one["seq"] for one in seen] == list(range(1, 25))


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8, 500])
def test_pages_of_any_size_have_every_last_change_once_and_in_order(ann: Person, bob: Person, room_id: str, limit: int) -> None:
    """What was changed and what was not are found in two ways; a page takes from both, and from those who came and went."""
    messages = numbered(ann, room_id, 12)
    bob.good("POST", f"/rooms/{room_id}/members", {})
    for number in (0, 1, 2, 5, 11, 1):
        ann.good("PATCH", f"/rooms/{room_id}/messages/{messages[number]['id']}", {"text": f"edited {number}"})
    messages += numbered(bob, room_id, 3)
    ann.good("DELETE", f"/rooms/{room_id}/messages/{messages[7]['id']}")
    current = {message["id"]: message for message in ann.history(room_id)}
    newest = ann.get(f"/rooms/{room_id}")["seq"]
    expected = sorted(message["changed_seq"] for message in current.values())
    for start in range(newest + 1):
        after, found, more = start, [], True
        while more:
            page = ann.get(f"/rooms/{room_id}/changes?after={after}&limit={limit}")
            assert len(page["changes"]) <= limit
            found += page["changes"]
            more, after = page["more"], page["position"]
        seqs = [change["seq"] for change in found]
        assert seqs == sorted(set(seqs))
        assert [one["seq"] for one in found if "message" in one] == [seq for seq in expected if seq > start]
        assert all(one["message"] == current[one["message"]["id"]] for one in found if "message" in one)


def test_a_position_of_another_epoch_or_beyond_the_log_is_of_no_use_and_told_why(ann: Person, room_id: str) -> None:
    epoch = ann.room(room_id)["epoch"]
    for query, reason in (
        (f"after=2&epoch={epoch}", "ahead"),
        ("after=9007199254740992", "ahead"),
        ("after=0&epoch=other", "epoch"),
        ("after=1&epoch=", "epoch"),
    ):
        answer = ann.get(f"/rooms/{room_id}/changes?{query}")
        assert (answer["verdict"], answer["reason"]) == ("snapshot", reason), query
        assert answer["changes"] == []
        assert (answer["epoch"], answer["position"], answer["latest"], answer["more"]) == (epoch, 0, 1, True)
    assert ann.get(f"/rooms/{room_id}/changes?epoch={epoch}")["verdict"] == "replayed"


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=501", "limit=-5", "after=1&after=2", "from=1"])
def test_a_bad_position_is_invalid(ann: Person, room_id: str, query: str) -> None:
    answer = ann.rest("GET", f"/rooms/{room_id}/changes?{query}")
    assert answer.code == "invalid"
    assert query.split("=")[0] in answer.fields


# ── resume ──


def test_resume_gives_one_verdict_a_room_and_unknown_ones_are_named(ann: Person, bob: Person, room_id: str) -> None:
    quiet, ahead, hidden, public = ann.open_room(), ann.open_room(), bob.open_room(kind="private"), bob.open_room()
    sent = ann.say(room_id, "missed")
    epoch = ann.room(room_id)["epoch"]
    places = {room_id: 1, quiet: 1, ahead: 7, hidden: 1, public: 1, "nosuchroom": 3}
    rooms = ann.command("session:resume", epoch=epoch, rooms=places)["rooms"]
    assert set(rooms) == set(places)
    assert rooms[room_id]["changes"] == [{"event": "message:created", "room_id": room_id, "seq": 2, "message": sent}]
    assert rooms[room_id]["verdict"] == "replayed"
    assert (rooms[quiet]["verdict"], rooms[quiet]["changes"]) == ("resumed", [])
    assert (rooms[room_id]["position"], rooms[quiet]["position"]) == (2, 1)
    assert (rooms[ahead]["verdict"], rooms[ahead]["reason"]) == ("snapshot", "ahead")
    assert (rooms[ahead]["position"], rooms[ahead]["latest"], rooms[ahead]["more"]) == (0, 1, True), "it has nothing now"
    unknown = rooms["nosuchroom"]
    assert (unknown["verdict"], unknown["reason"]) == ("snapshot", "not_found")
    assert (unknown["position"], unknown["latest"], unknown["more"]) == (0, 0, False), "there is nothing to ask for"
    assert rooms[hidden] == rooms[public] == unknown, "a private room is not told from a missing one"
    assert all(one["epoch"] == epoch for one in rooms.values())


def test_resume_in_another_epoch_is_a_snapshot_for_every_room(ann: Person, room_id: str) -> None:
    rooms = ann.command("session:resume", epoch="another", rooms={room_id: 1})["rooms"]
    assert (rooms[room_id]["verdict"], rooms[room_id]["reason"]) == ("snapshot", "epoch")


def test_resume_after_a_long_absence_says_that_there_is_more_and_the_pages_complete_it(ann: Person, room_id: str) -> None:
    for number in range(205):
        ann.command("message:send", room_id=room_id, client_id=fresh(), text=str(number))
    epoch = ann.room(room_id)["epoch"]
    answer = ann.command("session:resume", epoch=epoch, rooms={room_id: 1})["rooms"][room_id]
    assert (answer["verdict"], answer["more"], answer["latest"]) == ("replayed", True, 206)
    assert answer["position"] == answer["changes"][-1]["seq"] < 206
    rest = ann.get(f"/rooms/{room_id}/changes?after={answer['position']}&epoch={epoch}")
    assert rest["more"] is False
    assert [one["seq"] for one in answer["changes"] + rest["changes"]] == list(range(2, 207))


def test_a_resume_of_many_long_rooms_stays_an_answer_that_a_client_can_take(ann: Person) -> None:
    rooms = {}
    for _ in range(6):
        room_id = ann.open_room()
        for _ in range(12):
            ann.command("message:send", room_id=room_id, client_id=fresh(), text="€" * 8_000)
        rooms[room_id] = 1
    answer = ann.command("session:resume", epoch=ann.room(next(iter(rooms)))["epoch"], rooms=rooms)["rooms"]
    first, *others = answer.values()
    assert len(first["changes"]) == 1, "one change is answered whatever its size, or nobody would ever get on"
    assert (first["position"], first["latest"], first["more"]) == (2, 13, True)
    for other in others:
        assert (other["verdict"], other["changes"]) == ("replayed", [])
        assert (other["position"], other["latest"], other["more"]) == (1, 13, True), "it stands where it stood"


def test_the_pages_of_a_room_of_large_messages_are_bounded_and_complete(ann: Person, room_id: str) -> None:
    for _ in range(14):
        ann.command("message:send", room_id=room_id, client_id=fresh(), text="€" * 8_000)
    position, seen, pages, more = 0, [], 0, True
    while more:
        page = ann.get(f"/rooms/{room_id}/changes?after={position}&limit=500")
        assert len(json.dumps(page["changes"], ensure_ascii=False).encode()) < 1.01 * 262_144
        seen += [one["seq"] for one in page["changes"]]
        position, more, pages = page["position"], page["more"], pages + 1
    assert seen == list(range(1, 16))
    assert pages == 2


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"rooms": {}}, "epoch"), ({"epoch": "e"}, "rooms"), ({"epoch": "e", "rooms": []}, "rooms"),
        ({"epoch": "e", "rooms": {"r": -1}}, "rooms.r"), ({"epoch": "e", "rooms": {"r": "1"}}, "rooms.r"),
        ({"epoch": "e", "rooms": {"r": 1.0}}, "rooms.r"), ({"epoch": "e", "rooms": {"r": None}}, "rooms.r"),
        ({"epoch": "e", "rooms": {str(n): 1 for n in range(501)}}, "rooms"), ({"epoch": "e", "rooms": {"r": 2**53 + 1}}, "rooms.r"),
    ],
)  # fmt: skip
def test_a_resume_that_makes_no_sense_is_refused_by_name(ann: Person, fields: dict[str, Any], name: str) -> None:
    error = ann.refused("session:resume", **fields)
    assert error["code"] == "invalid"
    assert any(one == name or one.startswith(f"{name}.") for one in error["fields"])
