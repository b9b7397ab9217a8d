"""Read markers and unread counts."""

from people import Person, fresh


def unread(person: Person, room_id: str) -> int:
    count: int = person.room(room_id)["unread"]
    return count


def test_other_peoples_messages_are_unread_until_they_are_marked(ann: Person, bob: Person, room_id: str) -> None:
    for number in range(3):
        ann.say(room_id, str(number))
    bob.say(room_id, "mine")
    assert (unread(ann, room_id), unread(bob, room_id)) == (1, 3)
    assert bob.command("read:mark", room_id=room_id, seq=4) is None
    assert unread(bob, room_id) == 1
    assert bob.room(room_id)["read_seq"] == 4


def test_a_marker_is_told_to_the_room_and_the_count_to_the_reader_alone(ann: Person, bob: Person, room_id: str) -> None:
    second = bob.connect()
    ann.say(room_id, "one")
    two = ann.say(room_id, "two")
    bob.command("read:mark", room_id=room_id, seq=3)
    marked = {"room_id": room_id, "user_id": bob.id, "seq": 3}
    for line in (ann.line, bob.line, second):
        assert line.wait_for("read:marked", room_id=room_id) == marked
    for line in (bob.line, second):
        assert line.wait_for("unread:changed", room_id=room_id) == {"room_id": room_id, "seq": 3, "unread": 1}
    bob.good("PUT", f"/rooms/{room_id}/read", {"seq": two["seq"]})
    assert second.wait_for("unread:changed", room_id=room_id, seq=two["seq"])["unread"] == 0
    ann.hear_everything()
    assert ann.heard("unread:changed", room_id=room_id) == []


def test_a_marker_never_moves_back_and_the_same_again_is_no_news(ann: Person, bob: Person, room_id: str) -> None:
    for number in range(3):
        ann.say(room_id, str(number))
    for seq in (5, 5, 4, 0):
        assert bob.rest("PUT", f"/rooms/{room_id}/read", {"seq": seq}).status == 204
    assert bob.room(room_id)["read_seq"] == 5
    ann.hear_everything()
    assert [one["seq"] for one in ann.heard("read:marked", room_id=room_id)] == [5]


def test_nobody_has_read_what_does_not_exist_yet(ann: Person, room_id: str) -> None:
    error = ann.refused("read:mark", room_id=room_id, seq=3)
    assert error["code"] == "invalid"
    assert "seq" in error["fields"]


def test_reading_takes_no_number_of_the_log(ann: Person, bob: Person, room_id: str) -> None:
    ann.say(room_id, "one")
    bob.command("read:mark", room_id=room_id, seq=3)
    assert ann.room(room_id)["seq"] == 3


def test_what_was_there_before_one_joined_counts_as_read(ann: Person, cleo: Person, room_id: str) -> None:
    for number in range(3):
        ann.say(room_id, str(number))
    assert cleo.join(room_id)["unread"] == 0
    ann.say(room_id, "new")
    assert unread(cleo, room_id) == 1


def test_what_happened_while_one_was_away_counts_as_read_on_coming_back(ann: Person, bob: Person, room_id: str) -> None:
    bob.command("room:leave", room_id=room_id)
    ann.say(room_id, "behind your back")
    assert bob.join(room_id)["unread"] == 0
    assert bob.room(room_id)["read_seq"] == 4


def test_deleted_messages_are_not_unread_and_edited_ones_count_once(ann: Person, bob: Person, room_id: str) -> None:
    first, second = ann.say(room_id, "one"), ann.say(room_id, "two")
    ann.good("PATCH", f"/rooms/{room_id}/messages/{first['id']}", {"text": "edited"})
    assert unread(bob, room_id) == 2
    ann.good("DELETE", f"/rooms/{room_id}/messages/{second['id']}")
    assert unread(bob, room_id) == 1


def test_a_stream_is_one_unread_message_however_many_pieces_it_has(ann: Person, bob: Person, room_id: str) -> None:
    stream_id = ann.command("stream:open", room_id=room_id, client_id=fresh(), content_type="text/plain")["stream_id"]
    for offset in range(5):
        ann.command("stream:append", stream_id=stream_id, lease=1, offset=offset, text="x")
    assert unread(bob, room_id) == 1


def test_the_member_list_says_how_far_everybody_has_read(ann: Person, bob: Person, room_id: str) -> None:
    ann.say(room_id, "one")
    bob.command("read:mark", room_id=room_id, seq=3)
    members = {one["user"]["id"]: one["read_seq"] for one in ann.get(f"/rooms/{room_id}/members")["members"]}
    assert members[bob.id] == 3
