"""Streams that a client writes: under a lease, at the right offset, and seen to be dead when it is."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conftest import Meet, Serve
from people import Person, Refused, fresh
from server import Server, until


@pytest.fixture
def stream_id(ann: Person, room_id: str) -> str:
    """A stream of Ann's."""
    opened = ann.command("stream:open", room_id=room_id, client_id=fresh(), content_type="text/plain")
    assert opened["lease"] == 1
    assert opened["lease_s"] == 10
    stream_id: str = opened["stream_id"]
    return stream_id


def append(person: Person, stream_id: str, offset: int, text: str, lease: int = 1) -> int:
    end: int = person.command("stream:append", stream_id=stream_id, lease=lease, offset=offset, text=text)["offset"]
    return end


def test_what_is_appended_is_seen_by_all_and_finished_by_its_producer(ann: Person, bob: Person, stream_id: str) -> None:
    assert bob.wait_for("stream:opened")["message"]["stream"]["state"] == "open"
    end = append(ann, stream_id, 0, "Grüße, ")
    end = append(ann, stream_id, end, "🙂漢!")
    assert end == 11
    assert ann.good("POST", f"/streams/{stream_id}/chunks", {"lease": 1, "offset": end, "text": "?"}) == {"offset": 12}
    assert ann.command("stream:renew", stream_id=stream_id, lease=1) == {"offset": 12}
    assert ann.command("stream:finish", stream_id=stream_id, lease=1) == {"offset": 12}
    ended = bob.wait_for("stream:ended")
    assert ended["message"]["stream"]["offset"] == 12
    pieces = bob.heard("stream:appended", stream_id=stream_id)
    assert "".join(piece["text"] for piece in pieces) == "Grüße, 🙂漢!?"
    assert ann.command("stream:finish", stream_id=stream_id, lease=1) == {"offset": 12}, "saying it again is harmless"
    assert len(bob.heard("stream:ended")) == 1
    assert ann.refused("stream:append", stream_id=stream_id, lease=1, offset=12, text="x")["code"] == "stream_ended"
    assert ann.refused("stream:renew", stream_id=stream_id, lease=1)["code"] == "stream_ended"


def test_a_wrong_offset_is_refused_with_the_right_one(ann: Person, stream_id: str) -> None:
    append(ann, stream_id, 0, "12345")
    for offset, text in ((6, "x"), (4, "x"), (3, "45"), (0, "x"), (0, "1234"), (10**6, "x")):
        error = ann.refused("stream:append", stream_id=stream_id, lease=1, offset=offset, text=text)
        assert (error["code"], error["offset"]) == ("wrong_offset", 5), (offset, text)
    answer = ann.rest("POST", f"/streams/{stream_id}/chunks", {"lease": 1, "offset": 9, "text": "x"})
    assert (answer.status, answer.code, answer.body["offset"]) == (409, "wrong_offset", 5)
    assert ann.view(stream_id)["text"] == "12345"


def test_an_append_that_is_stored_already_is_answered_as_the_first_time(ann: Person, bob: Person, stream_id: str) -> None:
    first = append(ann, stream_id, 0, "one ")
    second = append(ann, stream_id, first, "two")
    assert append(ann, stream_id, first, "two") == second
    assert append(ann, stream_id, 0, "one ") == first
    ann.command("stream:finish", stream_id=stream_id, lease=1)
    bob.wait_for("stream:ended")
    assert "".join(one["text"] for one in bob.heard("stream:appended", stream_id=stream_id)) == "one two"


def test_of_one_append_repeated_in_a_race_one_is_stored(ann: Person, stream_id: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        body = {"lease": 1, "offset": 0, "text": "once"}
        answers = list(pool.map(lambda _: ann.rest("POST", f"/streams/{stream_id}/chunks", body), range(8)))
    assert [one.body for one in answers] == [{"offset": 4}] * 8
    assert ann.view(stream_id)["text"] == "once"


def test_of_two_producers_under_one_lease_no_character_is_lost_or_mixed(ann: Person, stream_id: str) -> None:
    def write(name: str) -> str:
        written, offset = "", 0
        for number in range(20):
            piece = f"<{name}{number}>"
            while True:
                try:
                    offset = append(ann, stream_id, offset, piece)
                    break
                except Refused as refused:
                    offset = refused.error["offset"]  # of wrong_offset; another refusal has none
            written += piece
        return written

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(write, "AB"))
    text = ann.view(stream_id)["text"]
    assert len(text) == len(written[0]) + len(written[1])
    for name, own in zip("AB", written, strict=True):
        assert "".join(f"<{one}>" for one in text[1:-1].split("><") if one.startswith(name)) == own


def test_only_who_holds_the_lease_writes(ann: Person, bob: Person, stream_id: str) -> None:
    for command in ("stream:append", "stream:renew", "stream:finish"):
        more: dict[str, Any] = {"offset": 0, "text": "x"} if command == "stream:append" else {}
        assert bob.refused(command, stream_id=stream_id, lease=1, **more)["code"] == "forbidden"
        for lease in (2, 99):
            assert ann.refused(command, stream_id=stream_id, lease=lease, **more)["code"] == "stale_lease"
    assert bob.refused("stream:continue", stream_id=stream_id)["code"] in ("forbidden", "conflict")
    assert ann.view(stream_id)["text"] == ""


def test_after_a_reload_the_producer_takes_the_next_lease_and_the_old_one_is_worth_nothing(
    ann: Person, bob: Person, stream_id: str
) -> None:
    append(ann, stream_id, 0, "half ")
    taken = ann.command("stream:continue", stream_id=stream_id)
    assert set(taken) == {"stream_id", "lease", "lease_s", "offset"}
    assert (taken["lease"], taken["offset"]) == (2, 5)
    opened = bob.line.wait_for_count(2, "stream:opened")[1]
    assert opened["message"]["stream"]["lease"] == 2
    assert opened["seq"] == opened["message"]["changed_seq"] == 4
    for command in ("stream:append", "stream:renew", "stream:finish"):
        more: dict[str, Any] = {"offset": 5, "text": "x"} if command == "stream:append" else {}
        assert ann.refused(command, stream_id=stream_id, lease=1, **more)["code"] == "stale_lease"
    append(ann, stream_id, 5, "whole", lease=2)
    assert ann.view(stream_id)["text"] == "half whole"


def test_nobody_but_the_author_continues_a_stream(ann: Person, bob: Person, room_id: str) -> None:
    """Also not the owner of the room, and not what the server writes: the text stands under the author's name."""
    source = {"kind": "text", "text": "x" * 100, "pace_ms": 5_000}
    written, typed = bob.open_stream(room_id)["stream_id"], bob.open_stream(room_id, source=source)["stream_id"]
    for stream_id in (written, typed):
        assert ann.refused("stream:continue", stream_id=stream_id)["code"] == "forbidden"
        assert ann.rest("POST", f"/streams/{stream_id}/continue", {}).code == "forbidden"
    assert append(bob, written, 0, "still mine") == 10
    assert ann.refused("stream:append", stream_id=written, lease=1, offset=10, text="x")["code"] == "forbidden"
    receipt = ann.command("stream:stop", stream_id=written, reason="enough")
    assert (receipt["state"], receipt["by"]["id"]) == ("stopped", ann.id), "the owner of the room may still stop it"
    ann.command("stream:stop", stream_id=typed)


# ── leases ──


@pytest.fixture(scope="module")
def impatient(serve_module: Serve) -> Server:
    """A server on which a silent producer is dead after 0.8 s."""
    return serve_module(stream_lease_s="0.8")


def test_a_silent_producer_is_seen_to_have_died_and_its_stream_goes_on_from_there(impatient: Server, meet: Meet) -> None:
    ann, bob = meet(impatient, "Ann"), meet(impatient, "Bob")
    room_id = ann.open_room()
    bob.join(room_id)
    opened = bob.open_stream(room_id)
    assert opened["lease_s"] == 0.8
    stream_id = opened["stream_id"]
    append(bob, stream_id, 0, "half ")
    ended = ann.wait_for("stream:ended", seconds=10)
    part = ended["message"]["stream"]
    assert (part["state"], part["offset"]) == ("interrupted", 5)
    assert part["reason"]
    late = bob.refused("stream:append", stream_id=stream_id, lease=1, offset=5, text="too late")
    assert late["code"] == "stream_ended"
    for command, more in (("stream:continue", {}), ("stream:append", {"lease": 1, "offset": 5, "text": "in Bob's name"})):
        assert ann.refused(command, stream_id=stream_id, **more)["code"] == "forbidden", "though Ann owns the room"
    taken = bob.command("stream:continue", stream_id=stream_id)
    assert (taken["lease"], taken["offset"]) == (2, 5)
    assert append(bob, stream_id, 5, "whole", lease=2) == 10
    assert bob.refused("stream:append", stream_id=stream_id, lease=1, offset=10, text="x")["code"] == "stale_lease"
    assert ann.refused("stream:append", stream_id=stream_id, lease=2, offset=10, text="x")["code"] == "forbidden"
    bob.command("stream:finish", stream_id=stream_id, lease=2)
    assert ann.view(stream_id)["text"] == "half whole"


def test_renewing_keeps_a_producer_alive_that_has_nothing_to_write(impatient: Server, meet: Meet) -> None:
    ann = meet(impatient, "Ann")
    room_id = ann.open_room()
    stream_id, silent = ann.open_stream(room_id)["stream_id"], ann.open_stream(room_id)["stream_id"]

    def the_silent_one_is_dead() -> bool:
        ann.command("stream:renew", stream_id=stream_id, lease=1)
        return bool(ann.heard("stream:ended"))

    until("the silent one is dead", the_silent_one_is_dead)
    [ended] = ann.heard("stream:ended")
    assert ended["message"]["id"] == silent
    assert ann.view(stream_id)["state"] == "open"


def test_an_interrupted_stream_can_be_stopped_for_good(impatient: Server, meet: Meet) -> None:
    ann = meet(impatient, "Ann")
    stream_id = ann.open_stream(ann.open_room())["stream_id"]
    ann.wait_for("stream:ended", seconds=10)
    assert ann.command("stream:stop", stream_id=stream_id)["state"] == "stopped"
    assert ann.refused("stream:continue", stream_id=stream_id)["code"] == "stream_ended"


# ── content ──


def test_a_series_of_items_counts_items(ann: Person, bob: Person, room_id: str) -> None:
    stream_id = ann.open_stream(room_id, content_type="application/json")["stream_id"]
    items: list[Any] = [1, 2.5, {"t": 0, "v": [1, None]}, "🙂", None, True]
    end = ann.command("stream:append", stream_id=stream_id, lease=1, offset=0, items=items[:4])["offset"]
    assert end == 4
    ann.command("stream:append", stream_id=stream_id, lease=1, offset=end, items=items[4:])
    wrong = ann.refused("stream:append", stream_id=stream_id, lease=1, offset=7, items=[1])
    assert (wrong["code"], wrong["offset"]) == ("wrong_offset", 6)
    ann.command("stream:finish", stream_id=stream_id, lease=1)
    bob.wait_for("stream:ended")
    pieces = bob.heard("stream:appended", stream_id=stream_id)
    assert all("text" not in piece for piece in pieces)
    assert [item for piece in pieces for item in piece["items"]] == items
    for offset in range(7):
        view = bob.view(stream_id, offset)
        assert (view["offset"], view["items"], view["end"]) == (offset, items[offset:], 6)
        assert "text" not in view
    assert bob.refused("stream:view", stream_id=stream_id, offset=7)["offset"] == 6


def test_a_stream_takes_what_its_content_type_says_and_nothing_else(ann: Person, room_id: str, stream_id: str) -> None:
    of_items = ann.open_stream(room_id, content_type="application/json")["stream_id"]
    for stream, content, field in (
        (stream_id, {"items": [1]}, "text"), (of_items, {"text": "x"}, "items"), (stream_id, {}, "text"), (of_items, {}, "items"),
        (stream_id, {"text": "x", "items": [1]}, "text"), (stream_id, {"text": ""}, "text"), (of_items, {"items": []}, "items"),
        (of_items, {"items": [1] * 1_001}, "items"), (of_items, {"items": "x"}, "items"), (of_items, {"items": [2**53 + 1]}, "items.0"),
    ):  # fmt: skip
        error = ann.refused("stream:append", stream_id=stream, lease=1, offset=0, **content)
        assert error["code"] == "invalid", content
        assert field in error["fields"], content


def test_a_stream_has_a_total_limit_and_stays_good_at_it(ann: Person, stream_id: str) -> None:
    piece = "🙂" * 32_768  # 65,536 units
    end = 0
    for _ in range(16):
        end = append(ann, stream_id, end, piece)
    assert end == 1_048_576
    over = ann.refused("stream:append", stream_id=stream_id, lease=1, offset=end, text="x")
    assert over["code"] == "too_large"
    long = ann.refused("stream:append", stream_id=stream_id, lease=1, offset=end, text="x" * 65_537)
    assert long["code"] == "too_large"
    assert "text" in long["fields"]
    assert ann.command("stream:finish", stream_id=stream_id, lease=1) == {"offset": end}
    text, offset = "", 0
    while offset < end:
        view = ann.view(stream_id, offset)
        assert view["offset"] == offset
        assert len(view["text"].encode("utf-16-le")) // 2 <= 262_144
        text += view["text"]
        offset += len(view["text"].encode("utf-16-le")) // 2
    assert text == piece * 16


def test_many_appends_at_once_are_joined_on_the_way_but_not_reordered(ann: Person, bob: Person, stream_id: str) -> None:
    end, text = 0, ""
    for number in range(100):
        end = append(ann, stream_id, end, f"{number},")
        text += f"{number},"
    ann.command("stream:finish", stream_id=stream_id, lease=1)
    bob.wait_for("stream:ended")
    pieces = bob.heard("stream:appended", stream_id=stream_id)
    assert "".join(piece["text"] for piece in pieces) == text
    offsets = [piece["offset"] for piece in pieces]
    assert offsets == sorted(offsets)
