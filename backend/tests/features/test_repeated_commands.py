"""Whoever has no answer asks again, over whatever transport, at the same time or much later: it is as if they had asked once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from people import Person, fresh
from server import Server


def everywhere(person: Person, command: str, method: str, path: str, **fields: Any) -> list[Any]:
    """The same wish six times at the same time, on the live connection and by REST; the answers, or the codes of refusals."""

    def live() -> Any:
        answer = person.line.ack(command, fields)
        return answer["data"] if answer["ok"] else answer["error"]["code"]

    def rest() -> Any:
        named = {name: value for name, value in fields.items() if f"{{{name}}}" not in path}
        answer = person.rest(method, path.format(**fields), named)
        return answer.body if answer.status in (200, 201) else answer.code

    with ThreadPoolExecutor(6) as at_once:
        return [one.result() for one in [at_once.submit(way) for way in (live, rest) * 3]]


@pytest.fixture
def message(ann: Person, room_id: str) -> dict[str, Any]:
    return ann.say(room_id, "first")


def edits(ann: Person, message: dict[str, Any], text: str, **more: Any) -> list[Any]:
    named = {"room_id": message["room_id"], "message_id": message["id"]}
    return everywhere(ann, "message:edit", "PATCH", "/rooms/{room_id}/messages/{message_id}", **named, text=text, **more)


def deletions(ann: Person, message: dict[str, Any]) -> list[Any]:
    named = {"room_id": message["room_id"], "message_id": message["id"]}
    return everywhere(ann, "message:delete", "DELETE", "/rooms/{room_id}/messages/{message_id}", **named)


def test_an_edit_repeated_is_one_change_and_one_answer(ann: Person, bob: Person, room_id: str, message: Any) -> None:
    answers = edits(ann, message, "second")
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["changed_seq"] == message["seq"] + 1 == ann.room(room_id)["seq"]
    ann.hear_everything()
    assert len(ann.heard("message:edited", room_id=room_id)) == 1


def test_an_edit_that_comes_again_behind_another_takes_nothing_back(ann: Person, room_id: str, message: Any) -> None:
    first = edits(ann, message, "second", changed_seq=message["changed_seq"])[0]
    second = edits(ann, message, "third", changed_seq=first["changed_seq"])[0]
    assert edits(ann, message, "second", changed_seq=message["changed_seq"]) == ["conflict"] * 6
    assert ann.history(room_id)[-1] == second


def test_a_deletion_repeated_is_one_change_and_an_edit_that_comes_late_brings_nothing_back(
    ann: Person, room_id: str, message: Any
) -> None:
    edits(ann, message, "second")
    answers = deletions(ann, message)
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["text"], answers[0]["deleted"]) == (None, True)
    assert ann.room(room_id)["seq"] == answers[0]["changed_seq"] == message["seq"] + 2
    assert edits(ann, message, "second") == ["conflict"] * 6
    assert deletions(ann, message) == answers


def test_a_send_repeated_after_an_edit_answers_the_message_as_it_is_now(ann: Person, room_id: str) -> None:
    named = {"room_id": room_id, "client_id": fresh(), "text": "first"}
    sent = ann.command("message:send", **named)
    edited = edits(ann, sent, "second")[0]
    assert everywhere(ann, "message:send", "POST", "/rooms/{room_id}/messages", **named) == [edited] * 6
    deleted = deletions(ann, sent)[0]
    assert everywhere(ann, "message:send", "POST", "/rooms/{room_id}/messages", **named) == [deleted] * 6


def stream(person: Person, verb: str, path: str, **fields: Any) -> list[Any]:
    return everywhere(person, f"stream:{verb}", "POST", f"/streams/{{stream_id}}/{path}", **fields)


@pytest.fixture
def held(ann: Person, room_id: str) -> dict[str, Any]:
    """A stream of Ann's, and her lease of it."""
    opened = ann.open_stream(room_id)
    return {"stream_id": opened["stream_id"], "lease": opened["lease"]}


def test_a_stream_opened_again_is_the_same_one_under_its_first_lease(ann: Person, room_id: str) -> None:
    named = {"room_id": room_id, "client_id": fresh(), "content_type": "text/plain"}
    answers = everywhere(ann, "stream:open", "POST", "/rooms/{room_id}/streams", **named)
    assert all(answer == answers[0] for answer in answers)
    ann.command("stream:continue", stream_id=answers[0]["stream_id"])
    again = everywhere(ann, "stream:open", "POST", "/rooms/{room_id}/streams", **named)
    assert {(one["stream_id"], one["lease"]) for one in again} == {(answers[0]["stream_id"], 1)}


def test_a_piece_appended_again_is_there_once_also_after_the_end(ann: Person, held: Any) -> None:
    for offset, text in ((0, "one "), (4, "two ")):
        assert stream(ann, "append", "chunks", **held, offset=offset, text=text) == [{"offset": offset + 4}] * 6
    assert stream(ann, "append", "chunks", **held, offset=0, text="one ") == [{"offset": 4}] * 6
    assert stream(ann, "append", "chunks", **held, offset=0, text="One ") == ["wrong_offset"] * 6
    assert stream(ann, "finish", "finish", **held) == [{"offset": 8}] * 6
    assert stream(ann, "append", "chunks", **held, offset=4, text="two ") == [{"offset": 8}] * 6
    assert stream(ann, "append", "chunks", **held, offset=8, text="three") == ["stream_ended"] * 6
    assert stream(ann, "finish", "finish", **held) == [{"offset": 8}] * 6
    assert ann.view(held["stream_id"])["text"] == "one two "


def test_a_finish_and_a_stop_repeated_are_one_change_of_the_room(ann: Person, room_id: str, held: Any) -> None:
    before = ann.room(room_id)["seq"]
    stream(ann, "finish", "finish", **held)
    assert ann.room(room_id)["seq"] == before + 1
    other = ann.open_stream(room_id)["stream_id"]
    receipts = stream(ann, "stop", "stop", stream_id=other, reason="enough")
    assert all(receipt == receipts[0] for receipt in receipts)
    assert stream(ann, "stop", "stop", stream_id=other, reason="another reason") == receipts
    assert ann.room(room_id)["seq"] == before + 3


def test_of_a_continue_repeated_the_newest_lease_writes_and_the_text_is_whole(ann: Person, held: Any) -> None:
    stream(ann, "append", "chunks", **held, offset=0, text="one ")
    taken = stream(ann, "continue", "continue", stream_id=held["stream_id"])
    leases = sorted(one["lease"] for one in taken)
    assert leases == list(range(held["lease"] + 1, held["lease"] + 7))
    assert {one["offset"] for one in taken} == {4}
    for lease in [held["lease"], *leases[:-1]]:
        assert (
            ann.refused("stream:append", stream_id=held["stream_id"], lease=lease, offset=4, text="no")["code"] == "stale_lease"
        )
    ann.command("stream:append", stream_id=held["stream_id"], lease=leases[-1], offset=4, text="two")
    ann.command("stream:finish", stream_id=held["stream_id"], lease=leases[-1])
    assert ann.view(held["stream_id"])["text"] == "one two"


def test_what_was_repeated_before_is_answered_alike_after_a_restart(serve: Any, meet: Any) -> None:
    server: Server = serve()
    ann: Person = meet(server, "Ann")
    room_id = ann.open_room()
    message = ann.say(room_id, "first")
    edited = edits(ann, message, "second")[0]
    opened = ann.open_stream(room_id)
    held = {"stream_id": opened["stream_id"], "lease": 1}
    stream(ann, "append", "chunks", **held, offset=0, text="one ")
    stream(ann, "finish", "finish", **held)
    seq = ann.room(room_id)["seq"]
    server.restart()
    ann.lines.clear()
    ann.connect()
    assert edits(ann, message, "second") == [edited] * 6
    assert stream(ann, "append", "chunks", **held, offset=0, text="one ") == [{"offset": 4}] * 6
    assert stream(ann, "finish", "finish", **held) == [{"offset": 4}] * 6
    assert ann.room(room_id)["seq"] == seq
