"""Texts that the server writes: piece by piece, exactly, until the end or a stop."""

import time
from itertools import pairwise
from typing import Any

import pytest

from people import Line, Person, fresh


def source(text: str, pace_ms: int = 5) -> dict[str, Any]:
    return {"kind": "text", "text": text, "pace_ms": pace_ms}


def units(text: str) -> bytes:
    """A text as UTF-16, two bytes a unit, so that slices are what JavaScript would see."""
    return text.encode("utf-16-le", "surrogatepass")


def ending(line: Line, stream_id: str) -> dict[str, Any]:
    return line.wait_for("stream:ended", lambda heard: heard["message"]["id"] == stream_id, seconds=30)


def test_pieces_are_seen_to_arrive_one_by_one_and_not_all_at_the_end(ann: Person, bob: Person, room_id: str) -> None:
    text = "The quick brown fox jumps over the lazy dog. "[:40]
    arrivals: list[float] = []
    bob.line.client.on("stream:appended", lambda _: arrivals.append(time.monotonic()), namespace="/chat")
    bob.line.client.on("stream:ended", lambda _: arrivals.append(time.monotonic()), namespace="/chat")
    begun = time.monotonic()
    stream_id = ann.open_stream(room_id, source=source(text, pace_ms=100))["stream_id"]
    ann_heard = ending(ann.line, stream_id)
    assert ann_heard["message"]["stream"]["state"] == "finished"
    bob.hear_everything()
    expected = len(text) * 0.1
    times = arrivals[:-1]
    assert len(times) >= len(text) * 0.5, "pieces of one or two characters each"
    assert times[-1] - times[0] >= expected * 0.7
    assert times[0] - begun < expected * 0.5, "the first is not held back"
    middle = [one for one in times if times[0] + expected * 0.2 < one < times[0] + expected * 0.8]
    assert len(middle) >= len(times) * 0.3
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert sum(gaps) / len(gaps) >= 0.05, "on average no two come closer together than half the pace"
    assert sum(gap < 0.02 for gap in gaps) <= len(gaps) * 0.3, "and they do not come in bunches"


@pytest.mark.parametrize(
    "text",
    [
        "plain words, one after the other",
        "🙂🙃👩‍🚀 family 👨‍👩‍👧‍👦!",
        "漢字と仮名 и кириллица",
        "e\u0301\u0308 combining",
        "\n\n \t leading blanks",
        "🏳️‍🌈" * 30,
    ],
)
def test_every_member_gets_the_exact_text_at_the_exact_offsets(ann: Person, bob: Person, room_id: str, text: str) -> None:
    stream_id = ann.open_stream(room_id, source=source(text))["stream_id"]
    for person in (ann, bob):
        ended = ending(person.line, stream_id)
        assert ended["message"]["stream"]["offset"] == len(units(text)) // 2
        pieces = person.heard("stream:appended", stream_id=stream_id)
        offset = 0
        for piece in pieces:
            assert piece["offset"] == offset, "no gap, no overlap, in order"
            assert piece["room_id"] == room_id
            piece["text"].encode()  # a half of a pair cannot be encoded
            offset += len(units(piece["text"])) // 2
        assert "".join(piece["text"] for piece in pieces) == text
    view = bob.view(stream_id)
    assert (view["text"], view["offset"], view["end"], view["state"]) == (text, 0, offset, "finished")


def test_a_view_answers_from_every_offset_and_never_half_a_pair(ann: Person, bob: Person, room_id: str) -> None:
    text = "a🙂b漢🙃🙃c"
    stream_id = ann.open_stream(room_id, source=source(text))["stream_id"]
    ending(ann.line, stream_id)
    raw = units(text)
    end = len(raw) // 2
    for asked in range(end + 1):
        inside = 2 * asked < len(raw) and 0xDC <= raw[2 * asked + 1] <= 0xDF
        begin = asked - 1 if inside else asked
        by_rest = bob.view(stream_id, asked)
        assert by_rest == bob.command("stream:view", stream_id=stream_id, offset=asked)
        assert by_rest["offset"] == begin
        assert by_rest["text"] == raw[2 * begin :].decode("utf-16-le")
        assert by_rest["end"] == end
    beyond = bob.refused("stream:view", stream_id=stream_id, offset=end + 1)
    assert (beyond["code"], beyond["offset"]) == ("wrong_offset", end)
    answer = bob.rest("GET", f"/streams/{stream_id}?offset={end + 5}")
    assert (answer.status, answer.code, answer.body["offset"]) == (409, "wrong_offset", end)


def test_a_late_joiner_has_the_whole_text_from_a_view_and_the_pieces_after_it(ann: Person, cleo: Person) -> None:
    room_id = ann.open_room()
    text = "".join(f"{number} and " for number in range(60))
    stream_id = ann.open_stream(room_id, source=source(text, pace_ms=5))["stream_id"]
    ann.line.wait_for_count(4, "stream:appended", stream_id=stream_id)
    cleo.join(room_id)
    late = cleo.connect()
    view = late.command("stream:view", stream_id=stream_id, offset=0)
    assert view["state"] == "open"
    assert 0 < view["end"] < len(text)
    ending(late, stream_id)
    # What a client does: pieces before the view's end are known already, the others go behind it.
    shown = view["text"]
    for piece in late.heard("stream:appended", stream_id=stream_id):
        if piece["offset"] + len(piece["text"]) <= len(shown):
            continue
        assert piece["offset"] <= len(shown), "no gap between the view and the pieces"
        shown += piece["text"][len(shown) - piece["offset"] :]
    assert shown == text
    late.close()


def test_what_is_shown_has_been_stored(ann: Person, room_id: str) -> None:
    stream_id = ann.open_stream(room_id, source=source("stored before shown " * 5))["stream_id"]
    piece = ann.wait_for("stream:appended", lambda heard: heard["offset"] > 0, stream_id=stream_id)
    end = piece["offset"] + len(piece["text"])
    [(stored,)] = ann.server.query("SELECT max(offset + length) FROM stream_pieces WHERE stream_id = ?", stream_id)
    assert stored >= end
    ann.command("stream:stop", stream_id=stream_id)


# ── stop ──


def test_a_stop_is_answered_with_a_receipt_and_nothing_comes_after_it(ann: Person, bob: Person, room_id: str) -> None:
    stream_id = ann.open_stream(room_id, source=source("on and on " * 500))["stream_id"]
    bob.wait_for("stream:appended", stream_id=stream_id)
    receipt = ann.command("stream:stop", stream_id=stream_id, reason="enough")
    assert set(receipt) == {"stream_id", "state", "by", "reason", "offset"}
    assert (receipt["state"], receipt["by"], receipt["reason"]) == ("stopped", ann.user, "enough")
    ended = ending(bob.line, stream_id)
    part = ended["message"]["stream"]
    assert (part["state"], part["by"], part["reason"], part["offset"]) == ("stopped", ann.user, "enough", receipt["offset"])
    bob.hear_everything()
    names = [name for name, heard in bob.line.events if heard.get("stream_id") == stream_id or name == "stream:ended"]
    assert names[-1] == "stream:ended"
    pieces = bob.heard("stream:appended", stream_id=stream_id)
    assert sum(len(piece["text"]) for piece in pieces) == receipt["offset"]
    assert bob.view(stream_id)["end"] == receipt["offset"]


def test_stopping_again_answers_the_same_receipt_also_to_the_owner_of_the_room(ann: Person, bob: Person, room_id: str) -> None:
    stream_id = bob.open_stream(room_id, source=source("on and on " * 500))["stream_id"]
    first = bob.command("stream:stop", stream_id=stream_id, reason="mine")
    seq = ann.room(room_id)["seq"]
    assert bob.command("stream:stop", stream_id=stream_id, reason="another reason") == first
    assert ann.command("stream:stop", stream_id=stream_id) == first
    assert ann.rest("POST", f"/streams/{stream_id}/stop", {}).body == first
    assert ann.room(room_id)["seq"] == seq


def test_the_owner_stops_any_stream_and_a_mere_member_only_their_own(ann: Person, bob: Person, room_id: str) -> None:
    of_ann = ann.open_stream(room_id, source=source("on and on " * 500))["stream_id"]
    assert bob.refused("stream:stop", stream_id=of_ann)["code"] == "forbidden"
    assert ann.view(of_ann)["state"] == "open"
    of_bob = bob.open_stream(room_id, source=source("on and on " * 500))["stream_id"]
    assert ann.command("stream:stop", stream_id=of_bob)["by"] == ann.user
    ann.command("stream:stop", stream_id=of_ann)


def test_what_finished_cannot_be_stopped_and_says_where_it_ended(ann: Person, room_id: str) -> None:
    stream_id = ann.open_stream(room_id, source=source("short"))["stream_id"]
    ending(ann.line, stream_id)
    error = ann.refused("stream:stop", stream_id=stream_id)
    assert (error["code"], error["offset"]) == ("stream_ended", 5)
    assert ann.refused("stream:continue", stream_id=stream_id)["code"] == "stream_ended"


def test_nobody_but_the_server_writes_what_the_server_writes(ann: Person, room_id: str) -> None:
    stream_id = ann.open_stream(room_id, source=source("on and on " * 500))["stream_id"]
    for command in ("stream:append", "stream:finish", "stream:renew"):
        more = {"offset": 0, "text": "x"} if command == "stream:append" else {}
        assert ann.refused(command, stream_id=stream_id, lease=1, **more)["code"] == "forbidden"
    assert ann.refused("stream:continue", stream_id=stream_id)["code"] == "conflict"
    ann.command("stream:stop", stream_id=stream_id)


# ── opening ──


def test_opening_twice_with_one_client_id_is_one_stream(ann: Person, bob: Person, room_id: str) -> None:
    body = {"client_id": "once", "content_type": "text/markdown", "source": source("*one*")}
    first = ann.rest("POST", f"/rooms/{room_id}/streams", body)
    again = ann.rest("POST", f"/rooms/{room_id}/streams", body)
    assert (first.status, again.status) == (201, 200)
    assert again.body["stream_id"] == first.body["stream_id"]
    stream_id = first.body["stream_id"]
    ending(bob.line, stream_id)
    bob.hear_everything()
    assert len(bob.heard("stream:opened", room_id=room_id)) == 1
    assert bob.view(stream_id)["text"] == "*one*"
    assert set(first.body) == {"stream_id", "lease", "lease_s", "message"}
    assert first.body["message"]["kind"] == "stream"
    other = ann.rest("POST", f"/rooms/{room_id}/streams", {**body, "source": source("another")})
    assert other.code == "conflict"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"source": source("x", pace_ms=4)}, "source.pace_ms"), ({"source": source("x", pace_ms=5_001)}, "source.pace_ms"),
        ({"source": source("")}, "source.text"), ({"source": source(" \n")}, "source.text"),
        ({"source": {"kind": "text", "text": "x"}}, "source.pace_ms"), ({"source": {"kind": "shell", "text": "x", "pace_ms": 5}}, "source.kind"),
        ({"source": {**source("x"), "url": "x"}}, "source.url"), ({"source": source("x", pace_ms=True)}, "source.pace_ms"),
        ({"source": source("x"), "content_type": "application/json"}, "content_type"), ({"content_type": "text/html"}, "content_type"),
        ({"source": "x"}, "source"), ({"source": source("a\0b")}, "source.text"), ({"source": source("a\ud800b")}, "source.text"),
    ],
)  # fmt: skip
def test_a_stream_that_makes_no_sense_is_refused_by_name(ann: Person, room_id: str, more: dict[str, Any], field: str) -> None:
    body = {"room_id": room_id, "client_id": fresh(), "content_type": "text/plain", **more}
    error = ann.refused("stream:open", **body)
    assert error["code"] == "invalid"
    assert field in error["fields"]
    assert ann.room(room_id)["seq"] == 2


def test_a_text_longer_than_a_stream_may_be_is_too_large(ann: Person, room_id: str) -> None:
    body = {"client_id": fresh(), "content_type": "text/plain", "source": source("x" * 1_048_577)}
    answer = ann.rest("POST", f"/rooms/{room_id}/streams", body)
    assert (answer.status, answer.code) == (413, "too_large")
    assert "source.text" in answer.fields


# ── deletion ──


def test_an_open_stream_cannot_be_deleted_and_an_ended_one_leaves_no_text_behind(
    ann: Person, bob: Person, room_id: str
) -> None:
    opened = ann.open_stream(room_id, source=source("words to regret " * 500))
    stream_id = opened["stream_id"]
    ann.wait_for("stream:appended", stream_id=stream_id)
    assert ann.refused("message:delete", room_id=room_id, message_id=stream_id)["code"] == "conflict"
    ann.command("stream:stop", stream_id=stream_id)
    deleted = ann.command("message:delete", room_id=room_id, message_id=stream_id)
    assert deleted["deleted"] is True
    assert "stream" not in deleted
    assert bob.refused("stream:view", stream_id=stream_id, offset=0)["code"] == "not_found"
    assert ann.refused("stream:continue", stream_id=stream_id)["code"] == "not_found"
    ann.hear_everything()
    stored = str(ann.server.query("SELECT * FROM streams WHERE id = ?", stream_id))
    stored += str(ann.server.query("SELECT * FROM stream_pieces WHERE stream_id = ?", stream_id))
    assert "regret" not in stored, "its text is gone for good"
