"""The shapes of the registry as JSON Schema 2020-12, each once, under its bare class name."""

import inspect
from collections.abc import Iterator
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from crosstalk.contract.samples import Schema, describe_fields
from crosstalk.core.errors import END_REASONS
from crosstalk.core.operations import EVENT_NAMES, EVENTS, OPERATIONS, Event, titled
from crosstalk.core.schema import Empty, Shape
from crosstalk.features.accounts.live_session import SessionEnded
from crosstalk.features.messages.changes import DURABLE_EVENTS, Changes

REF = "#/components/schemas/{model}"


class _Generator(GenerateJsonSchema):
    """Inputs are closed, as the server is; what it sends is open, so that it may say more one day."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> Schema:
        made = super().model_schema(schema)
        if self.mode == "serialization":
            made.pop("additionalProperties", None)
        if issubclass(schema["cls"], Shape):
            made["description"] = _description(schema["cls"])
            if not made["description"]:
                del made["description"]
        return made

    def model_field_schema(self, schema: core_schema.ModelField) -> Schema:
        made = super().model_field_schema(schema)
        left_out = schema.get("serialization_exclude_if") if self.mode == "serialization" else None
        return never_null(made) if left_out is not None and left_out(None) else made


def _description(shape: type[Shape]) -> str:
    """Events have a title above their description."""
    return titled(shape)[1] if shape in EVENT_NAMES else inspect.cleandoc(shape.__doc__ or "")


def never_null(schema: Schema) -> Schema:
    """The schema of a field that is left out rather than null."""
    rest = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        return {**kinds[0], **rest}
    return {"anyOf": kinds, **rest} if kinds else rest


def ref(shape: type[Shape]) -> Schema:
    return {"$ref": REF.format(model=shape.__name__)}


def shape_schemas() -> dict[str, Schema]:
    """Every shape that the registry names, and those inside them. `features.declare()` must have run."""
    inputs = {one.input for one in OPERATIONS.values()} - {Empty}
    outputs = {one.output for one in OPERATIONS.values() if one.output is not None} | set(EVENTS.values())
    modes: list[tuple[set[type[Shape]], JsonSchemaMode]] = [(inputs, "validation"), (outputs, "serialization")]
    wanted = [(shape, mode) for shapes, mode in modes for shape in sorted(shapes, key=lambda one: one.__name__)]
    _, made = models_json_schema(wanted, ref_template=REF, schema_generator=_Generator)
    found: dict[str, Schema] = made["$defs"]
    _name_the_changes(found)
    found[SessionEnded.__name__]["properties"]["reason"]["enum"] = list(END_REASONS)
    describe_fields(found)
    return dict(sorted(found.items()))


def _name_the_changes(found: dict[str, Schema]) -> None:
    """An item of `Changes.changes` is a durable event plus its name: one union for all who read it."""
    mapping = {}
    for event in DURABLE_EVENTS:
        name = f"{event.__name__}Change"
        found[name] = _with_name(found[event.__name__], name, event)
        mapping[event.name()] = REF.format(model=name)
    found["Change"] = {
        "title": "Change",
        "description": "A durable change of a room: the live event plus its name.",
        "oneOf": [{"$ref": target} for target in mapping.values()],
        "discriminator": {"propertyName": "event", "mapping": mapping},
    }
    found[Changes.__name__]["properties"]["changes"]["items"] = {"$ref": REF.format(model="Change")}


def _with_name(schema: Schema, name: str, event: type[Event]) -> Schema:
    return {
        **schema,
        "title": name,
        "properties": {"event": {"type": "string", "const": event.name()}, **schema["properties"]},
        "required": ["event", *schema["required"]],
    }


def without(schema: Schema, fields: tuple[str, ...], title: str) -> Schema:
    """An input without those fields that the path gives."""
    rest = {name: value for name, value in schema["properties"].items() if name not in fields}
    required = [name for name in schema.get("required", []) if name not in fields]
    return {**schema, "title": title, "properties": rest, "required": required}


def reached_from(document: Any, schemas: dict[str, Schema]) -> dict[str, Schema]:
    """Those schemas that a document refers to, directly or through others."""
    reached: dict[str, Schema] = {}
    waiting = list(_names_in(document))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = schemas[name]
            waiting.extend(_names_in(schemas[name]))
    return dict(sorted(reached.items()))


def _names_in(value: Any) -> Iterator[str]:
    prefix = REF.format(model="")
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str) and target.startswith(prefix):
            yield target.removeprefix(prefix)
    if isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _names_in(one)
