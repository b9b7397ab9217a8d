"""When each part of a stream was written: for showing it again as it was."""

import sqlite3
from contextlib import closing

from people import Person
from server import Server


def written(ann: Person, room_id: str, *pieces: str) -> str:
    stream_id: str = ann.open_stream(room_id, content_type="text/markdown")["stream_id"]
    offset = 0
    for piece in pieces:
        offset = ann.command("stream:append", stream_id=stream_id, lease=1, offset=offset, text=piece)["offset"]
    return stream_id


def retimed(server: Server, stream_id: str, *after_ms: int) -> None:
    """Puts the pieces of a stream so many milliseconds after its opening."""
    offsets = server.query("SELECT offset FROM stream_pieces WHERE stream_id = ? ORDER BY offset", stream_id)
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        for (offset,), after in zip(offsets, after_ms, strict=True):
            connection.execute(
                "UPDATE stream_pieces SET created_at = ? + (SELECT created_at FROM messages WHERE id = stream_id)"
                " WHERE stream_id = ? AND offset = ?",
                (after, stream_id, offset),
            )


def test_steps_are_told_in_the_time_in_which_they_were_stored(ann: Person, bob: Person, room_id: str) -> None:
    stream_id = written(ann, room_id, "one ", "🙂 ", "two ", "three")
    retimed(ann.server, stream_id, 300, 320, 1_500, 91_500)
    timing = bob.get(f"/streams/{stream_id}/timing")
    assert timing == {
        "stream_id": stream_id,
        "offset": 0,
        "waits": [300, 1_200, 90_000],
        "lengths": [7, 4, 5],
        "end": 16,
    }


def test_the_rest_is_asked_for_from_where_the_steps_end(ann: Person, room_id: str) -> None:
    stream_id = written(ann, room_id, "one ", "two ", "three")
    retimed(ann.server, stream_id, 100, 200, 400)
    assert ann.get(f"/streams/{stream_id}/timing?offset=4")["waits"] == [100, 200]
    within = ann.get(f"/streams/{stream_id}/timing?offset=6")
    assert (within["waits"], within["lengths"]) == ([0, 200], [2, 5])
    assert ann.get(f"/streams/{stream_id}/timing?offset=13")["lengths"] == []
    assert ann.rest("GET", f"/streams/{stream_id}/timing?offset=14").code == "wrong_offset"


def test_what_the_server_writes_has_its_pace(ann: Person, room_id: str) -> None:
    source = {"kind": "text", "text": "slowly", "pace_ms": 100}
    stream_id = ann.open_stream(room_id, source=source)["stream_id"]
    ann.wait_for("stream:ended", lambda heard: heard["message"]["id"] == stream_id)
    timing = ann.get(f"/streams/{stream_id}/timing")
    assert sum(timing["lengths"]) == timing["end"] == 6
    assert sum(timing["waits"]) >= 500


def test_the_timing_is_for_those_who_may_read_and_goes_with_the_text(ann: Person, cleo: Person) -> None:
    room_id = ann.open_room(kind="private")
    stream_id = written(ann, room_id, "secret")
    ann.command("stream:finish", stream_id=stream_id, lease=1)
    assert cleo.rest("GET", f"/streams/{stream_id}/timing").code == "not_found"
    ann.command("message:delete", room_id=room_id, message_id=stream_id)
    assert ann.rest("GET", f"/streams/{stream_id}/timing").code == "not_found"
