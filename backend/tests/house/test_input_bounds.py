"""The rules for input, held against the whole registry: a bound comes before work, and admits all that is valid."""

import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from annotated_types import MaxLen
from pydantic import AfterValidator, BeforeValidator, WrapValidator
from pydantic.fields import FieldInfo

from crosstalk import features
from crosstalk.core.operations import BODY_BYTES, OPEN_BODY_BYTES, OPERATIONS, Operation, largest_body, packet_bytes
from crosstalk.core.schema import DATA_LIMIT, PIECE_LIMIT, AtMost, Shape
from crosstalk.wirecheck import shapes as wirecheck

features.declare()

INPUTS = {one.input.__name__: one.input for one in OPERATIONS.values()} | {
    one.__name__: one for one in (wirecheck.Membership, wirecheck.RoomMessage, wirecheck.StartStream, wirecheck.Emit)
}
WITH_BODY = [one for one in OPERATIONS.values() if one.command or any(route.method != "GET" for route in one.routes)]
MADE_BY_THE_SERVER = {
    "room_id",
    "message_id",
    "stream_id",
    "invite",
    "token",
    "refresh_token",
    "device_token",
    "epoch",
    "rooms",
    "after",
    "client_id",
}
"""Ids and secrets, which are ASCII; a client_id has to be."""
# What any encoder makes of a UTF-16 unit, and of a code point: \u0000, and two of them.
UNIT, CODE_POINT = 6, 12


def strings_of(annotation: Any, metadata: list[Any]) -> Iterator[list[Any]]:
    """The metadata of every string in a type, in the order in which it is applied."""
    if hasattr(annotation, "__metadata__"):
        yield from strings_of(annotation.__origin__, [*annotation.__metadata__, *metadata])
    elif annotation is str:
        yield metadata
    elif isinstance(annotation, type) and issubclass(annotation, Shape):
        for field in annotation.model_fields.values():
            yield from strings_of(field.annotation, list(field.metadata))
    else:
        # What is around a list or an object does not bound what is in it.
        inner = metadata if get_origin(annotation) not in (list, dict) else []
        for one in get_args(annotation):
            yield from strings_of(one, inner)


def flat(metadata: list[Any]) -> Iterator[Any]:
    for one in metadata:
        yield from flat(list(one.metadata)) if isinstance(one, FieldInfo) else [one]


@pytest.mark.parametrize("name", INPUTS)
def test_every_string_has_a_bound_that_comes_before_everything_else(name: str) -> None:
    for field_name, field in INPUTS[name].model_fields.items():
        for metadata in strings_of(field.annotation, list(field.metadata)):
            steps = list(flat(metadata))
            assert not [one for one in steps if isinstance(one, (BeforeValidator, WrapValidator))], field_name
            functions = [one.func for one in steps if isinstance(one, AfterValidator)]
            bounded = any(isinstance(one, MaxLen) for one in steps) or (functions and isinstance(functions[0], AtMost))
            assert bounded, f"{name}.{field_name} has no bound before {functions}; write Field(max_length=…) or AtMost(…) first"


def test_patterns_are_matched_by_an_engine_that_is_linear() -> None:
    """Rust's, as pydantic does by default; Python's can take exponential time."""
    for shape in INPUTS.values():
        assert shape.model_config.get("regex_engine", "rust-regex") == "rust-regex"


def largest(name: str, field: FieldInfo) -> int:
    """The bytes of the largest valid value of a field, as the encoder writes it that escapes the most."""
    if name == "rooms":
        [most] = [one.max_length for one in field.metadata if isinstance(one, MaxLen)]
        return int(most) * len(json.dumps({"i" * 64: 2**53}))
    if name == "data":
        return 3 * DATA_LIMIT  # two bytes of UTF-8 are six escaped
    if name == "items":
        return UNIT * PIECE_LIMIT
    kinds = [field.annotation, *get_args(field.annotation)]
    shapes = [one for one in kinds if isinstance(one, type) and issubclass(one, Shape)]
    if shapes:
        return sum(len(inner) + 4 + largest(inner, one) for inner, one in shapes[0].model_fields.items()) + 2
    sizes = [32]  # a number, or one of a few words
    for metadata in strings_of(field.annotation, list(field.metadata)):
        steps = list(flat(metadata))
        units = [one.func.units for one in steps if isinstance(one, AfterValidator) and isinstance(one.func, AtMost)]
        points = [one.max_length for one in steps if isinstance(one, MaxLen)]
        escaped = 2 if name in MADE_BY_THE_SERVER else CODE_POINT
        sizes.append(2 + min([UNIT * one for one in units] + [escaped * one for one in points]))
    return max(sizes)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda one: one.name)
def test_an_operation_takes_the_largest_valid_input_it_describes(operation: Operation) -> None:
    fields = {name: len(name) + 6 + largest(name, field) for name, field in operation.input.model_fields.items()}
    if "data" in fields:
        del fields[min("text", "data", key=lambda name: fields[name])]  # a message has one of them
    if "items" in fields:
        del fields["text"]
    assert sum(fields.values()) <= operation.body_bytes, fields


def test_more_than_the_default_is_declared_with_its_reason() -> None:
    for operation in OPERATIONS.values():
        usual = BODY_BYTES if operation.needs_actor else OPEN_BODY_BYTES
        assert operation.body_bytes >= usual
        assert (operation.body_bytes > usual) == bool(operation.why_more), operation.name
    assert largest_body() < packet_bytes() < 1.1 * largest_body()


def test_where_no_token_is_needed_little_is_read() -> None:
    for operation in OPERATIONS.values():
        assert operation.needs_actor or operation.body_bytes <= 2 * OPEN_BODY_BYTES, operation.name
