"""JSON Schema in words: the fields of a shape as the rows of a table."""

import json
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from crosstalk.contract.markdown import render_line
from crosstalk.contract.samples import Schema


@dataclass(frozen=True)
class Field:
    name: str
    type: Markup
    required: bool
    description: Markup


@dataclass(frozen=True)
class ShapeTable:
    name: str
    description: Markup
    fields: list[Field]
    one_of: list[Markup]
    """The alternatives, when the shape is one of several."""


def shape_table(name: str, schema: Schema) -> ShapeTable:
    alternatives = [type_of(one) for one in schema.get("oneOf", [])]
    return ShapeTable(name, render_line(schema.get("description", "")), fields_of(schema), alternatives)


def fields_of(schema: Schema) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(name, type_of(one), name in required, render_line(_sentence(one)))
        for name, one in schema.get("properties", {}).items()
    ]


def parameter_fields(parameters: list[Schema]) -> list[Field]:
    """Parameters of a path or a query, in the same form."""
    return [
        Field(
            one["name"],
            type_of(one["schema"]),
            one["required"],
            render_line(_sentence({**one["schema"], "description": one.get("description", "")})),
        )
        for one in parameters
    ]


def type_of(schema: Schema) -> Markup:
    """The type in words, with a link to each shape that it names."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return Markup('<a href="#shape-{0}">{0}</a>').format(name) if name != "JsonValue" else Markup("any JSON")
    if "const" in schema:
        return _values([schema["const"]])
    if "enum" in schema:
        return _values(schema["enum"]) if len(schema["enum"]) <= 6 else Markup("string")
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return Markup(" or ").join(type_of(one) for one in schema[key])
    return _by_type(schema)


def _by_type(schema: Schema) -> Markup:
    kind = schema.get("type", "any JSON")
    if isinstance(kind, list):
        return Markup(" or ").join(kind)
    if kind == "array":
        return Markup("list of ") + type_of(schema["items"])
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return Markup("map of ") + type_of(schema["additionalProperties"])
    shown = f"{kind} ({schema['format']})" if "format" in schema else str(kind)
    return escape(shown)


def _values(values: list[Any]) -> Markup:
    return Markup(" or ").join(Markup("<code>{}</code>").format(json.dumps(one)) for one in values)


def _sentence(schema: Schema) -> str:
    said = schema.get("description", "").strip()
    said = said and said[0].upper() + said[1:] + ("" if said.endswith((".", ":")) else ".")
    return " ".join(one for one in (said, _bounds(schema), _default(schema), _example(schema)) if one)


def _bounds(schema: Schema) -> str:
    for one in (schema, *schema.get("anyOf", []), schema.get("items", {})):
        if "maxLength" in one:
            return f"{one.get('minLength', 0):,} to {one['maxLength']:,} characters."
        if "maximum" in one and one["maximum"] < 2**53:
            return f"{one.get('minimum', 0):,} to {one['maximum']:,}."
    return f"At most {schema['maxItems']:,}." if "maxItems" in schema else ""


def _default(schema: Schema) -> str:
    default = schema.get("default")
    return "" if default is None else f"Default: `{default}`."


def _example(schema: Schema) -> str:
    examples = schema.get("examples", [])
    if not examples or isinstance(examples[0], (dict, list, bool)):
        return ""
    shown = str(examples[0])
    return f"Example: `{shown if len(shown) <= 40 else shown[:36] + '…'}`."
