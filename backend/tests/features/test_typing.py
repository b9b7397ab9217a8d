"""Typing: told at once, ended by itself."""

import time

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
    assert changes["seq"] == 2
    assert {one["event"] for one in changes["changes"]} == {"member:joined"}
