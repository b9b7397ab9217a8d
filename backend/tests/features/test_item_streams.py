"""Streams of JSON items: resumed by item, over REST and Socket.IO, and bounded as texts are."""

from typing import Any

import pytest

from conftest import Meet, Serve
from people import Person, fresh
from server import Server

LIMIT = 1_048_576
PIECE = 65_536
KINDS = ["REST", "Socket.IO"]


class Writer:
    """Somebody who produces over REST, or over Socket.IO."""

    def __init__(self, person: Person, over: str) -> None:
        self.person, self._rest = person, over == "REST"

    def open(self, room_id: str) -> dict[str, Any]:
        body = {"client_id": fresh("s"), "content_type": "application/json"}
        if self._rest:
            return self.person.good("POST", f"/rooms/{room_id}/streams", body)
        return self.person.command("stream:open", room_id=room_id, **body)

    def append(self, stream_id: str, offset: int, *items: Any, lease: int = 1) -> int:
        end: int = self._do("append", stream_id, lease=lease, offset=offset, items=list(items))["offset"]
        return end

    def refused(self, verb: str, stream_id: str, **fields: Any) -> dict[str, Any]:
        if not self._rest:
            return self.person.refused(f"stream:{verb}", stream_id=stream_id, **fields)
        answer = self.person.rest("POST", f"/streams/{stream_id}/{'chunks' if verb == 'append' else verb}", fields)
        assert answer.status >= 400, answer.raw
        return answer.body

    def finish(self, stream_id: str, lease: int = 1) -> int:
        end: int = self._do("finish", stream_id, lease=lease)["offset"]
        return end

    def go_on(self, stream_id: str) -> dict[str, Any]:
        return self._do("continue", stream_id)

    def stop(self, stream_id: str, reason: str) -> dict[str, Any]:
        return self._do("stop", stream_id, reason=reason)

    def view(self, stream_id: str, offset: int) -> dict[str, Any]:
        if self._rest:
            return self.person.view(stream_id, offset)
        return self.person.command("stream:view", stream_id=stream_id, offset=offset)

    def everything(self, stream_id: str) -> list[Any]:
        """All items, view after view, as a late joiner gets them."""
        items: list[Any] = []
        while (view := self.view(stream_id, len(items)))["items"]:
            assert view["offset"] == len(items)
            items += view["items"]
        assert len(items) == view["end"]
        return items

    def _do(self, verb: str, stream_id: str, **fields: Any) -> dict[str, Any]:
        if not self._rest:
            return self.person.command(f"stream:{verb}", stream_id=stream_id, **fields)
        return self.person.good("POST", f"/streams/{stream_id}/{'chunks' if verb == 'append' else verb}", fields)


@pytest.fixture(params=KINDS)
def writer(request: pytest.FixtureRequest, ann: Person) -> Writer:
    return Writer(ann, request.param)


def reading(number: int) -> dict[str, Any]:
    return {"t": number, "value": number / 4, "note": "🌡"}


def test_one_item_an_append_is_seen_by_all_and_viewed_from_any_item_on(writer: Writer, bob: Person, room_id: str) -> None:
    opened = writer.open(room_id)
    stream_id = opened["stream_id"]
    assert opened["message"]["stream"]["content_type"] == "application/json"
    items = [reading(number) for number in range(30)]
    for number, item in enumerate(items):
        assert writer.append(stream_id, number, item) == number + 1
    assert writer.finish(stream_id) == 30
    part = bob.wait_for("stream:ended", room_id=room_id)["message"]["stream"]
    assert (part["state"], part["offset"]) == ("finished", 30)
    pieces = bob.heard("stream:appended", stream_id=stream_id)
    assert [item for piece in pieces for item in piece["items"]] == items
    starts = [piece["offset"] for piece in pieces]
    assert starts == [sum(len(piece["items"]) for piece in pieces[:n]) for n in range(len(pieces))], "offsets count items"
    for over in KINDS:
        viewer = Writer(bob, over)
        for offset in (0, 1, 17, 29, 30):
            view = viewer.view(stream_id, offset)
            assert (view["state"], view["offset"], view["end"]) == ("finished", offset, 30)
            assert view["items"] == items[offset:]
        assert viewer.everything(stream_id) == items


def test_a_view_begins_inside_a_piece_of_several_items(writer: Writer, room_id: str) -> None:
    stream_id = writer.open(room_id)["stream_id"]
    writer.append(stream_id, 0, "a", "b", "c")
    writer.append(stream_id, 3, "d", "e")
    assert writer.view(stream_id, 1)["items"] == ["b", "c", "d", "e"]
    assert writer.view(stream_id, 4)["items"] == ["e"]


def test_the_next_producer_goes_on_at_the_durable_item(serve: Serve, meet: Meet) -> None:
    server: Server = serve(stream_lease_s="0.8")
    ann, bob = meet(server, "Ann"), meet(server, "Bob")
    room_id = bob.open_room()
    ann.join(room_id)
    for over in KINDS:
        first, second = Writer(ann, over), Writer(ann, over)
        stream_id = first.open(room_id)["stream_id"]
        first.append(stream_id, 0, 1, 2, 3)
        lost = bob.wait_for("stream:ended", lambda heard, wanted=stream_id: heard["message"]["id"] == wanted)
        assert (lost["message"]["stream"]["state"], lost["message"]["stream"]["offset"]) == ("interrupted", 3)
        taken = second.go_on(stream_id)
        assert (taken["lease"], taken["offset"]) == (2, 3)
        assert first.refused("append", stream_id, lease=1, offset=3, items=[9])["code"] == "stale_lease"
        wrong = second.refused("append", stream_id, lease=2, offset=2, items=[9])
        assert (wrong["code"], wrong["offset"]) == ("wrong_offset", 3)
        assert second.append(stream_id, 3, 4, lease=2) == 4
        assert second.append(stream_id, 3, 4, lease=2) == 4, "stored already: answered as the first time"
        second.finish(stream_id, lease=2)
        assert first.everything(stream_id) == [1, 2, 3, 4]


def test_a_series_is_stopped_with_a_receipt_in_items(writer: Writer, bob: Person, room_id: str) -> None:
    stream_id = Writer(bob, "REST").open(room_id)["stream_id"]
    Writer(bob, "REST").append(stream_id, 0, 1.5, 2.5)
    receipt = writer.stop(stream_id, "enough")  # Ann owns the room
    assert (receipt["state"], receipt["reason"], receipt["offset"]) == ("stopped", "enough", 2)
    assert receipt["by"]["name"] == "Ann"
    assert Writer(bob, "REST").refused("append", stream_id, lease=1, offset=2, items=[3])["code"] == "stream_ended"


def test_the_limit_counts_what_is_stored_and_not_the_items(writer: Writer, bob: Person, room_id: str) -> None:
    stream_id = writer.open(room_id)["stream_id"]
    item = "x" * (PIECE - 4)  # with quotes and brackets exactly one whole piece
    for number in range(LIMIT // PIECE):
        assert writer.append(stream_id, number, item) == number + 1
    over = writer.refused("append", stream_id, lease=1, offset=16, items=[1])
    assert over["code"] == "too_large"
    assert "items" in over["fields"]
    assert writer.finish(stream_id) == 16, "it stays good at its limit"
    for kind in KINDS:
        assert Writer(bob, kind).everything(stream_id) == [item] * 16


def test_a_piece_of_items_is_bounded_as_a_piece_of_text_is(writer: Writer, room_id: str) -> None:
    stream_id = writer.open(room_id)["stream_id"]
    for items in (["x" * (PIECE - 3)], ["🙂" * (PIECE // 2)], ["x" * 700] * 100):
        large = writer.refused("append", stream_id, lease=1, offset=0, items=items)
        assert large["code"] == "too_large"
        assert "items" in large["fields"]
    assert writer.append(stream_id, 0, *["x" * 600] * 100) == 100


def test_fast_and_large_items_reach_a_viewer_whole(writer: Writer, bob: Person, room_id: str) -> None:
    stream_id = writer.open(room_id)["stream_id"]
    items = [f"{number} " + "漢" * 9_000 for number in range(60)]
    for number, item in enumerate(items):
        writer.append(stream_id, number, item)
    writer.finish(stream_id)
    bob.wait_for("stream:ended", room_id=room_id)
    pieces = bob.heard("stream:appended", stream_id=stream_id)
    assert [item for piece in pieces for item in piece["items"]] == items
    assert Writer(bob, "Socket.IO").everything(stream_id) == items
