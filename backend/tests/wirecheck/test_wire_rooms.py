"""Rooms, broadcasts, and one client in two namespaces."""

from typing import Any

import pytest

from people import fresh
from wirecheck.caller import Caller, the_other
from wirecheck.conftest import Call


@pytest.fixture
def room() -> str:
    """A name that no other test uses."""
    return fresh("room")


@pytest.mark.seed("S7a")
def test_a_broadcast_reaches_everybody_in_the_namespace_the_sender_too(ann: Caller, bob: Caller, namespace: str) -> None:
    said = fresh()
    assert ann.ask("broadcast", said, namespace=namespace) == ()
    for one in (ann, bob):
        one.wait_for("my response", said, namespace=namespace)
        assert ("my response", (said,)) not in one.heard(the_other(namespace))


def test_a_broadcast_carries_binary(ann: Caller, bob: Caller, namespace: str) -> None:
    said = {"id": fresh(), "picture": [b"\x00\x01"]}
    ann.emit("broadcast", said, namespace=namespace)
    bob.wait_for("my response", said, namespace=namespace)


@pytest.mark.seed("S6a")
def test_cross_answers_in_the_other_namespace_to_the_same_client_only(ann: Caller, bob: Caller, namespace: str) -> None:
    assert ann.ask("cross", {"x": b"1"}, namespace=namespace) == ({"ok": True},)
    assert ann.heard(the_other(namespace)) == [("my response", ({"x": b"1"},))]
    assert ann.heard(namespace) == bob.heard("/") == bob.heard("/test") == []


def test_cross_is_refused_when_the_client_has_nothing_there(call: Call, bob: Caller, namespace: str) -> None:
    ann = call(namespaces=[namespace])
    error = ann.refused("cross", "x", namespace=namespace)
    assert error["code"] == "not_found"
    assert the_other(namespace) in error["message"]
    assert bob.heard("/") == bob.heard("/test") == []


@pytest.mark.seed("S8a")
def test_a_room_is_told_who_enters_and_who_leaves(ann: Caller, bob: Caller, namespace: str, room: str) -> None:
    assert ann.ask("join", {"username": "Ann", "room": room}, namespace=namespace) == ({"ok": True},)
    assert bob.ask("join", {"username": "Bob", "room": room}, namespace=namespace) == ({"ok": True},)
    assert bob.ask("leave", {"username": "Bob", "room": room}, namespace=namespace) == ({"ok": True},)
    entered_and_left = ["Ann has entered the room.", "Bob has entered the room.", "Bob has left the room."]
    assert ann.heard(namespace) == [("message", (text,)) for text in entered_and_left]
    assert bob.heard(namespace) == [("message", ("Bob has entered the room.",))]
    assert ann.heard(the_other(namespace)) == []


@pytest.mark.seed("S8a")
def test_a_room_message_reaches_the_members_and_nobody_else(call: Call, namespace: str, room: str) -> None:
    ann, bob, cleo = call(), call(), call()
    for one in (ann, bob):
        one.ask("join", {"username": "x", "room": room}, namespace=namespace)
    for data in ("text", None, [1], {"bytes": b"\x00"}):
        # Cleo is no member.
        assert cleo.ask("room_message", {"room": room, "data": data}, namespace=namespace) == ({"ok": True},)
        for one in (ann, bob):
            assert one.heard(namespace)[-1] == ("my response", (data,))
    assert cleo.heard(namespace) == []


def test_the_same_room_in_the_other_namespace_is_another_room(ann: Caller, bob: Caller, namespace: str, room: str) -> None:
    ann.ask("join", {"username": "Ann", "room": room}, namespace=namespace)
    bob.ask("join", {"username": "Bob", "room": room}, namespace=the_other(namespace))
    bob.ask("room_message", {"room": room, "data": "x"}, namespace=the_other(namespace))
    assert ann.heard(namespace) == [("message", ("Ann has entered the room.",))]
    assert ann.whoami(the_other(namespace))["rooms"] == [ann.whoami(the_other(namespace))["sid"]]


def test_who_leaves_a_room_hears_it_no_more_and_may_come_again(ann: Caller, bob: Caller, namespace: str, room: str) -> None:
    membership = {"username": "Ann", "room": room}
    ann.ask("join", membership, namespace=namespace)
    ann.ask("leave", membership, namespace=namespace)
    bob.ask("room_message", {"room": room, "data": 1}, namespace=namespace)
    ann.ask("join", membership, namespace=namespace)
    bob.ask("room_message", {"room": room, "data": 2}, namespace=namespace)
    assert [one for one in ann.heard(namespace) if one[0] == "my response"] == [("my response", (2,))]


def test_who_was_not_in_a_room_does_not_leave_it(ann: Caller, bob: Caller, namespace: str, room: str) -> None:
    ann.ask("join", {"username": "Ann", "room": room}, namespace=namespace)
    assert bob.ask("leave", {"username": "Ann", "room": room}, namespace=namespace) == ({"ok": True},)
    assert ann.heard(namespace) == [("message", ("Ann has entered the room.",))]
    assert room in ann.whoami(namespace)["rooms"]


@pytest.mark.seed("S8c")
def test_a_client_that_disconnects_leaves_all_its_rooms(call: Call, ann: Caller, namespace: str, room: str) -> None:
    bob = call()
    for one in (ann, bob):
        one.ask("join", {"username": "x", "room": room}, namespace=namespace)
    bob.close()
    ann.ask("room_message", {"room": room, "data": "after"}, namespace=namespace)
    ann.wait_for("my response", "after", namespace=namespace)
    again = call()
    assert again.whoami(namespace)["rooms"] == [again.whoami(namespace)["sid"]]
    ann.ask("room_message", {"room": room, "data": "later"}, namespace=namespace)
    assert again.heard(namespace) == []


def test_leaving_one_namespace_leaves_its_rooms_and_not_those_of_the_other(ann: Caller, bob: Caller, room: str) -> None:
    for namespace in ("/", "/test"):
        ann.ask("join", {"username": "Ann", "room": room}, namespace=namespace)
    ann.emit("disconnect_me", namespace="/test")
    ann.wait_until_left("/test")
    bob.ask("room_message", {"room": room, "data": 1}, namespace="/")
    bob.ask("room_message", {"room": room, "data": 1}, namespace="/test")
    ann.wait_for("my response", 1, namespace="/")
    assert room in ann.whoami("/")["rooms"]


@pytest.mark.seed("S8b")
def test_the_session_id_is_a_room(ann: Caller, bob: Caller, namespace: str) -> None:
    sid = ann.whoami(namespace)["sid"]
    bob.ask("room_message", {"room": sid, "data": "you alone"}, namespace=namespace)
    assert ann.heard(namespace) == [("my response", ("you alone",))]
    assert bob.heard(namespace) == []


def test_nobody_enters_the_room_of_a_session_or_leaves_the_own(ann: Caller, bob: Caller, namespace: str) -> None:
    sid = ann.whoami(namespace)["sid"]
    for one in (ann, bob):
        assert one.refused("join", {"username": "x", "room": sid}, namespace=namespace)["fields"].keys() == {"room"}
    ann.ask("leave", {"username": "x", "room": sid}, namespace=namespace)
    ann.ask("my event", "still here", namespace=namespace)
    assert ann.heard(namespace) == [("my response", ("still here",))]


def test_a_client_is_in_a_hundred_rooms_at_most(ann: Caller, namespace: str, room: str) -> None:
    for number in range(100):
        ann.emit("join", {"username": "Ann", "room": f"{room}-{number}"}, namespace=namespace)
    assert len(ann.whoami(namespace)["rooms"]) == 101
    assert ann.refused("join", {"username": "Ann", "room": room}, namespace=namespace)["fields"].keys() == {"room"}
    # In one of them already; and one that was left makes place.
    assert ann.ask("join", {"username": "Ann", "room": f"{room}-7"}, namespace=namespace) == ({"ok": True},)
    ann.ask("leave", {"username": "Ann", "room": f"{room}-7"}, namespace=namespace)
    assert ann.ask("join", {"username": "Ann", "room": room}, namespace=namespace) == ({"ok": True},)


@pytest.mark.parametrize(
    ("event", "payload", "fields"),
    [
        ("join", {"username": "Ann"}, ["room"]),
        ("join", {"room": "r"}, ["username"]),
        ("join", {"username": "", "room": ""}, ["username", "room"]),
        ("join", {"username": "x" * 101, "room": "r"}, ["username"]),
        ("join", {"username": "Ann", "room": "😀" * 51}, ["room"]),
        ("join", {"username": 5, "room": None}, ["username", "room"]),
        ("join", {"username": "Ann", "room": b"r"}, ["room"]),
        ("join", {"username": "Ann", "room": "r", "more": 1}, ["more"]),
        ("join", {"username": "A\0nn", "room": "r"}, ["username"]),
        ("join", "r", ["body"]),
        ("leave", ["r"], ["body"]),
        ("leave", {"username": "Ann"}, ["room"]),
        ("room_message", {"room": "r"}, ["data"]),
        ("room_message", {"data": 1}, ["room"]),
        ("room_message", {"room": "r", "data": {"x": 2**60}}, {"data.x"}),
        ("room_message", {"room": ["r"], "data": b"x"}, ["room"]),
    ],
    ids=repr,
)
def test_bad_rooms_are_refused_by_name(ann: Caller, namespace: str, event: str, payload: Any, fields: list[str]) -> None:
    error = ann.refused(event, payload, namespace=namespace)
    assert error["code"] == "invalid"
    assert sorted(error["fields"]) == sorted(fields)
    assert ann.heard(namespace) == []


def test_names_of_a_hundred_characters_are_taken(ann: Caller, namespace: str) -> None:
    assert ann.ask("join", {"username": "x" * 100, "room": "😀" * 50}, namespace=namespace) == ({"ok": True},)
    ann.wait_for("message", f"{'x' * 100} has entered the room.", namespace=namespace)
