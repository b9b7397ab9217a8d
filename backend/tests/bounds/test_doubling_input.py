"""Twice the input costs twice the time: every field of every operation, with text that is made to be a burden."""

import json
from typing import Any

import pytest

from bounds.adversarial import BROKEN, STRUCTURES, VALUES, Text
from bounds.doubling import assert_linear
from crosstalk import features
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import OPERATIONS, Operation
from crosstalk.core.schema import NotJSON, loads
from crosstalk.core.schema import TooDeep as Deep
from crosstalk.realtime.server import _JSON
from fastlane.packets import BadPacket, StrictJSON, StrictPacket, TooDeep, Unread, head_of
from inputs import good_input

features.declare()

BY_NAME = {one.name: one for one in OPERATIONS.values() if one.input.model_fields}
PLACE = "the place"


class Packet(StrictPacket):
    """As the product reads it."""

    json = _JSON


class PlainPacket(StrictPacket):
    """As fastlane reads it by itself."""

    json = StrictJSON


def bodies(operation: Operation, field: str) -> tuple[str, str]:
    """What stands before and behind the value of a field."""
    good = good_input(operation)
    if field == "source.text":
        good["source"]["text"] = PLACE
    elif field == "rooms.id":
        good["rooms"] = {"a": PLACE}
    elif field != "":
        good[field] = PLACE
        if field == "data":
            good["kind"] = "json"
            del good["text"]
        if field == "items":
            del good["text"]
    else:
        return "", ""
    before, _, behind = json.dumps(good).partition(json.dumps(PLACE))
    return before, behind


def read(operation: Operation, text: str) -> object:
    """What a request goes through."""
    try:
        return operation.input.read(loads(text.encode("utf-8", "surrogatepass")))
    except (CrosstalkError, NotJSON, Deep, UnicodeError) as refused:
        return refused


def fields_of(operation: Operation) -> list[str]:
    more = {"streams.open_stream": ["source.text"], "messages.resume_session": ["rooms.id"]}
    return [*operation.input.model_fields, *more.get(operation.name, []), ""]


CASES = [(name, field) for name, operation in BY_NAME.items() for field in fields_of(operation)]


@pytest.mark.parametrize(("name", "field"), CASES)
def test_every_field_of_every_operation(name: str, field: str) -> None:
    operation = BY_NAME[name]
    before, behind = bodies(operation, field)
    most = 1_000_000 if field in ("text", "source.text") else 40_000
    for what, value in VALUES.items():

        def make(n: int, value: Text = value) -> Any:
            text = before + value(n) + behind
            return lambda: read(operation, text)

        assert_linear(make, min(most, (operation.body_bytes - len(before + behind)) // 2), f"{name} {field}: {what}")


@pytest.mark.parametrize("kind", [Packet, PlainPacket])
@pytest.mark.parametrize("start", ['2/chat,7["stream:open",', "2", "3/chat,1[", "0/chat,", "51-/chat,1[", "", "2/"])
def test_every_packet(kind: type[StrictPacket], start: str) -> None:
    def decoded(text: str) -> object:
        try:
            head = head_of(text)
            assert head.is_longer_than(10_000_000) is False
            return kind(encoded_packet=head)
        except (BadPacket, TooDeep) as refused:
            return refused

    for what, value in VALUES.items():

        def make(n: int, value: Text = value) -> Any:
            text = start + value(n) + "]"
            return lambda: decoded(text)

        assert_linear(make, 60_000, f"{kind.__name__} {start}: {what}")


@pytest.mark.parametrize("what", [*BROKEN, *STRUCTURES])
def test_a_packet_that_is_too_long_costs_less_than_reading_it(what: str) -> None:
    """Whatever is in it: the head alone is looked at, and the length."""

    def make(n: int) -> Any:
        text = '2/chat,7["message:send",' + VALUES[what](n) + "]"
        return lambda: Unread(head_of(text), "too_large", 65_536) if head_of(text).is_longer_than(65_536) else None

    assert_linear(make, 700_000, what)
