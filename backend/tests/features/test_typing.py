"""Typing: told at once, ended by itself."""

import sqlite3
import time
from contextlib import closing

from conftest import Meet, Serve
from people import Person


def told(person: Person, room_id: str) -> list[bool]:
    return [heard["typing"] for heard in person.heard("typing:changed", room_id=room_id)]


def test_typing_is_told_once_until_it_is_stopped(ann: Person, bob: Person, room_id: str) -> None:
    for _ in range(3):
        assert ann.command("typing:start", room_id=room_id) is None
    heard = bob.wait_for("typing:changed", room_id=room_id)
    assert heard == {"room_id": room_id, "user": ann.user, "typing": True}
    for _ in range(2):
        assert ann.command("typing:stop", room_id=room_id) is None
    bob.wait_for("typing:changed", room_id=room_id, typing=False)
    bob.hear_everything()
    assert told(bob, room_id) == [True, False]


def test_typing_ends_by_itself_when_nobody_says_that_it_goes_on(ann: Person, bob: Person, room_id: str) -> None:
    begun = time.monotonic()
    ann.command("typing:start", room_id=room_id)
    bob.wait_for("typing:changed", room_id=room_id, typing=False, seconds=12)
    assert time.monotonic() - begun > 5


def test_whoever_has_sent_the_message_has_finished_writing_it(ann: Person, bob: Person, room_id: str) -> None:
    ann.command("typing:start", room_id=room_id)
    bob.wait_for("typing:changed", room_id=room_id, typing=True)
    ann.say(room_id, "done")
    bob.wait_for("typing:changed", room_id=room_id, typing=False, seconds=3)


def test_whoever_leaves_writes_no_more(ann: Person, bob: Person, room_id: str) -> None:
    bob.command("typing:start", room_id=room_id)
    ann.wait_for("typing:changed", room_id=room_id, typing=True)
    bob.command("room:leave", room_id=room_id)
    ann.wait_for("typing:changed", room_id=room_id, typing=False, seconds=3)


def test_typing_takes_no_number_of_the_log_and_is_not_caught_up_with(ann: Person, room_id: str) -> None:
    ann.command("typing:start", room_id=room_id)
    changes = ann.get(f"/rooms/{room_id}/changes?after=0")
    assert (changes["position"], changes["latest"]) == (2, 2)
    assert {one["event"] for one in changes["changes"]} == {"member:joined"}


def test_in_a_room_of_more_than_500_members_nobody_is_told_who_types(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann, bob = meet(server, "Ann"), meet(server, "Bob")
    small, large = ann.open_room(), ann.open_room()
    for room_id in (small, large):
        bob.join(room_id)
        bob.wait_for("member:joined", room_id=room_id, seq=2)
    with closing(sqlite3.connect(server.database, timeout=10)) as connection:
        connection.execute("UPDATE rooms SET member_count = 501 WHERE id = ?", (large,))
        connection.commit()
    bob.command("typing:start", room_id=large)
    bob.command("typing:start", room_id=small)
    ann.wait_for("typing:changed", room_id=small)
    assert ann.heard("typing:changed", room_id=large) == []
