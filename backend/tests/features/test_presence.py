"""Presence: who is here, as differences, and no news of a reload."""

import time

import pytest

from conftest import Meet
from people import Person
from server import Server


@pytest.fixture
def room_id(ann: Person) -> str:
    return ann.open_room()


def online(person: Person, room_id: str) -> set[str]:
    return set(person.get(f"/rooms/{room_id}/presence")["online"])


def test_who_comes_is_told_to_those_who_share_a_room_and_to_nobody_else(
    server: Server, meet: Meet, ann: Person, bob: Person, room_id: str
) -> None:
    dan = meet(server, "Dan", live=False)
    dan.join(room_id)
    assert online(ann, room_id) == {ann.id}
    dan.connect()
    came = ann.wait_for("presence:changed", lambda heard: dan.id in heard["online"])
    assert (came["room_id"], came["offline"]) == (room_id, [])
    assert online(ann, room_id) == {ann.id, dan.id}
    assert set(ann.command("presence:list", room_id=room_id)["online"]) == {ann.id, dan.id}
    bob.hear_everything()
    assert all(dan.id not in heard["online"] for heard in bob.heard("presence:changed"))


def test_of_two_connections_one_may_go_and_the_person_stays(server: Server, meet: Meet, ann: Person, room_id: str) -> None:
    dan = meet(server, "Dan")
    dan.join(room_id)
    second = dan.connect()
    ann.wait_for("presence:changed", lambda heard: dan.id in heard["online"])
    dan.line.close()
    # Longer than the grace: were the person counted as gone, it would have been told by then.
    with pytest.raises(AssertionError):
        ann.line.wait_for("presence:changed", lambda heard: dan.id in heard["offline"], seconds=4.5)
    assert online(ann, room_id) == {ann.id, dan.id}
    begun = time.monotonic()
    second.close()
    ann.wait_for("presence:changed", lambda heard: dan.id in heard["offline"])
    assert time.monotonic() - begun > 2.5, "a reload takes a moment"
    assert online(ann, room_id) == {ann.id}


def test_a_reload_is_no_news(server: Server, meet: Meet, ann: Person, room_id: str) -> None:
    dan = meet(server, "Dan", live=False)
    dan.join(room_id)
    dan.connect()
    ann.wait_for("presence:changed", lambda heard: dan.id in heard["online"])
    ann.line.forget()
    for _ in range(3):
        dan.lines.pop().close()
        assert online(ann, room_id) == {ann.id, dan.id}
        dan.connect()
    with pytest.raises(AssertionError):
        ann.line.wait_for("presence:changed", lambda heard: dan.id in heard["offline"] + heard["online"], seconds=4)


def test_many_who_come_at_once_are_few_events(server: Server, meet: Meet, ann: Person, room_id: str) -> None:
    crowd = [meet(server, f"Guest {number}", live=False) for number in range(12)]
    for person in crowd:
        person.join(room_id)
    for person in crowd:
        person.connect()
    ids = {person.id for person in crowd}
    ann.wait_for(
        "presence:changed", lambda _: ids <= {one for heard in ann.heard("presence:changed") for one in heard["online"]}
    )
    told = [one for heard in ann.heard("presence:changed") for one in heard["online"] if one in ids]
    assert sorted(told) == sorted(ids), "each once"


def test_who_joins_while_online_is_present_and_who_leaves_the_room_is_not(ann: Person, bob: Person, room_id: str) -> None:
    bob.join(room_id)
    ann.wait_for("presence:changed", lambda heard: bob.id in heard["online"], room_id=room_id)
    bob.command("room:leave", room_id=room_id)
    ann.wait_for("presence:changed", lambda heard: bob.id in heard["offline"], room_id=room_id)
    assert online(ann, room_id) == {ann.id}


def test_signing_out_is_going(server: Server, meet: Meet, ann: Person, room_id: str) -> None:
    dan = meet(server, "Dan")
    dan.join(room_id)
    ann.wait_for("presence:changed", lambda heard: dan.id in heard["online"])
    dan.good("DELETE", "/sessions/current")
    ann.wait_for("presence:changed", lambda heard: dan.id in heard["offline"], seconds=8)
