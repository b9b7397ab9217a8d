"""Examples of whole inputs and answers, and the code that sends them: curl for REST, JavaScript for commands and events."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

from crosstalk.contract.examples import FIELDS, OVERLAYS, REFUSALS, SHOWN
from crosstalk.core.errors import ERRORS

Schema = dict[str, Any]
ADDRESS = "http://localhost:5002"
"""The API's address in samples. A server that serves them puts its own there."""


def describe_fields(schemas: dict[str, Schema]) -> None:
    """Adds an example and a format to each field of each shape."""
    for name, schema in schemas.items():
        for field, declared in schema.get("properties", {}).items():
            described = FIELDS.get(f"{name.removesuffix('Change')}.{field}", FIELDS.get(field, {}))
            if takes_value(declared):
                declared.update(described)
            if "enum" in declared:
                # Of a fixed set every value is an example already.
                declared.pop("examples", None)


def takes_value(schema: Schema) -> bool:
    """Whether a field has a value of its own, rather than another shape, a list of shapes or one fixed value."""
    inner = schema.get("items", schema.get("additionalProperties"))
    refers = isinstance(inner, dict) and "$ref" in inner
    return not ({"$ref", "const"} & schema.keys() or refers or any("$ref" in one for one in schema.get("anyOf", [])))


def example_of(schema: Schema, schemas: dict[str, Schema]) -> Any:
    """A value that the schema accepts: required fields, and the optional ones that are worth showing."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _merged(example_of({**schemas[name], "title": name}, schemas), _overlay(name))
    if "const" in schema:
        return schema["const"]
    if schema.get("examples") or schema.get("enum"):
        return (schema.get("examples") or schema["enum"])[0]
    if schema.get("default") is not None:
        return schema["default"]
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return example_of(schema[key][0], schemas)
    return _by_type(schema, schemas)


def _by_type(schema: Schema, schemas: dict[str, Schema]) -> Any:
    kind = schema.get("type")
    if kind == "array":
        return [example_of(schema["items"], schemas)]
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict) and "properties" not in schema:
        return {"lobby": example_of(schema["additionalProperties"], schemas)}
    if kind == "object":
        shown = {*schema.get("required", []), *SHOWN.get(_bare(schema.get("title", "")), ())}
        return {name: example_of(one, schemas) for name, one in schema.get("properties", {}).items() if name in shown}
    return {"boolean": True, "null": None}.get(str(kind))


def _overlay(name: str) -> Schema:
    return OVERLAYS.get(_bare(name), {})


def _bare(name: str) -> str:
    return name.removesuffix("Change").removesuffix("Body")


def _merged(value: Any, overlay: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(overlay, dict):
        return overlay
    return value | {name: _merged(value.get(name), one) for name, one in overlay.items()}


def problem_example(code: str) -> Schema:
    """A refusal by REST, as problem details."""
    row, said = ERRORS[code], dict(REFUSALS[code])
    head = {"type": f"/docs/errors#{code}", "title": row.title, "status": row.status, "detail": said.pop("message")}
    return {**head, "code": code, **said}


def curl(method: str, path: str, parameters: list[Schema], body: Any, *, token: bool) -> str:
    """A request as one command of the shell; `$TOKEN` is an access token."""
    return " \\\n  ".join(_curl_parts(method, path, parameters, body, token=token))


def _curl_parts(method: str, path: str, parameters: list[Schema], body: Any, *, token: bool) -> Iterator[str]:
    for one in parameters:
        path = path.replace(f"{{{one['name']}}}", str(example_of(one["schema"], {})))
    asked = "&".join(f"{one['name']}={example_of(one['schema'], {})}" for one in parameters if _is_asked(one))
    address = f"{ADDRESS}{path}?{asked}" if asked else f"{ADDRESS}{path}"
    verb = "" if method == "GET" else f"-X {method} "
    yield f"curl {verb}{shlex.quote(address)}"
    if token:
        yield '-H "Authorization: Bearer $TOKEN"'
    if body is not None:
        yield '-H "Content-Type: application/json"'
        yield f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}"


def _is_asked(parameter: Schema) -> bool:
    """Whether a sample names a parameter of the query: those that are needed, and pages."""
    pages = parameter["name"] in ("limit", "origin") or parameter["schema"].get("type") == "integer"
    return parameter["in"] == "query" and (parameter["required"] or pages)


def javascript_command(name: str, body: Any) -> str:
    return f'const ack = await socket.emitWithAck("{name}", {readable(body)});'


def javascript_event(name: str, payload: Any) -> str:
    fields = ", ".join(payload) if isinstance(payload, dict) else ""
    return f'socket.on("{name}", ({{ {fields} }}) => {{\n  // …\n}});'


def readable(value: Any) -> str:
    """JSON, on one line when it is short."""
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= 60 else json.dumps(value, ensure_ascii=False, indent=2)
