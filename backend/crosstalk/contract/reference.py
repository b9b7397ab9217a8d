"""OpenAPI and AsyncAPI as pages: what the templates of the two references show."""

import json
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from crosstalk.contract.markdown import Rendered, code_block, render, render_line
from crosstalk.contract.samples import Schema, javascript_command, javascript_event
from crosstalk.contract.shape_tables import Field, ShapeTable, fields_of, parameter_fields, shape_table, type_of


@dataclass(frozen=True)
class Answer:
    name: str
    """A status, or `ack`."""
    type: Markup
    example: Markup


@dataclass(frozen=True)
class Entry:
    """An operation of REST, a command or an event."""

    anchor: str
    name: str
    method: str
    summary: Markup
    description: Markup
    needs_token: bool
    parameters: list[Field]
    body: list[Field]
    sample: Markup
    answers: list[Answer]
    refusals: list[str]


@dataclass(frozen=True)
class Group:
    anchor: str
    title: str
    purpose: Markup
    entries: list[Entry]


@dataclass(frozen=True)
class Reference:
    title: str
    version: str
    about: Rendered
    groups: list[Group]
    shapes: list[ShapeTable]


def rest_reference(document: Schema) -> Reference:
    entries: dict[str, list[Entry]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            made = _rest_entry(document, path, method.upper(), operation)
            entries.setdefault(operation["tags"][0], []).append(made)
    groups = [_group(tag, entries[tag["name"]]) for tag in document["tags"]]
    return _reference(document, groups)


def _rest_entry(document: Schema, path: str, method: str, operation: Schema) -> Entry:
    body = operation.get("requestBody", {})
    schema = _content(body).get("schema", {})
    return Entry(
        anchor=operation["operationId"],
        name=path,
        method=method,
        summary=render_line(operation["summary"]),
        description=render(f"{operation['description']}\n\n{body.get('description', '')}").html,
        needs_token=bool(operation["security"]),
        parameters=parameter_fields(operation.get("parameters", [])),
        body=fields_of(_resolved(document, schema)),
        sample=code_block(operation["x-codeSamples"][0]["source"], "sh"),
        answers=[
            Answer(
                status,
                _answer_type(answer),
                _json(_content(answer)["example"]) if "example" in _content(answer) else Markup(""),
            )
            for status, answer in operation["responses"].items()
            if status.startswith("2")
        ],
        refusals=_codes(document, operation["responses"]),
    )


def _answer_type(answer: Schema) -> Markup:
    content = _content(answer)
    return type_of(content["schema"]) if content else Markup("no body")


def _codes(document: Schema, responses: Schema) -> list[str]:
    """The error codes of all refusals."""
    codes: list[str] = []
    for status, answer in responses.items():
        if not status.startswith("2"):
            found = _content(_resolved(document, answer))["schema"]["allOf"][1]
            codes += found["properties"]["code"]["enum"]
    return codes


def events_reference(document: Schema) -> tuple[Reference, Reference]:
    """The commands, which a client sends, and the events, which it receives."""
    sent: dict[str, list[Entry]] = {}
    received: dict[str, list[Entry]] = {}
    for operation in document["operations"].values():
        # AsyncAPI describes the server: what it receives, a client sends.
        side, make = (sent, _command) if operation["action"] == "receive" else (received, _event)
        side.setdefault(operation["tags"][0]["name"], []).append(make(document, operation))
    tags = document["info"]["tags"]
    commands = [_group(tag, sent[tag["name"]], "send-") for tag in tags if tag["name"] in sent]
    events = [_group(tag, received[tag["name"]], "receive-") for tag in tags if tag["name"] in received]
    return _reference(document, commands), _reference(document, events)


def _command(document: Schema, operation: Schema) -> Entry:
    name = operation["title"]
    payload, example = _message(document, name)
    if name == "connect":
        ack, sample = [], f'const socket = io("http://localhost:5002/chat", {{ auth: {json.dumps(example)} }});'
    else:
        sample = javascript_command(name, example)
        schema, answer = _message(document, f"{name}.ack")
        ack = [Answer("ack", type_of(schema["oneOf"][0]["properties"]["data"]), _json(answer))]
    return _live_entry(document, operation, "you send", payload, code_block(sample, "js"), ack)


def _event(document: Schema, operation: Schema) -> Entry:
    name = operation["title"]
    payload, example = _message(document, name)
    sample = javascript_event(name, example)
    answers = [Answer("payload", type_of(payload), _json(example))]
    return _live_entry(document, operation, "you receive", payload, code_block(sample, "js"), answers)


def _live_entry(
    document: Schema, operation: Schema, side: str, payload: Schema, sample: Markup, answers: list[Answer]
) -> Entry:
    text, _, refusals = operation.get("description", "").partition("\n\nRefusals:\n\n")
    codes = [line.split("`")[1] for line in refusals.splitlines() if line.startswith("* `")]
    return Entry(
        anchor=operation["title"].replace(":", "-"),
        name=operation["title"],
        method=side,
        summary=render_line(operation["summary"]),
        description=render(text).html,
        needs_token=False,
        parameters=[],
        body=fields_of(_resolved(document, payload)),
        sample=sample,
        answers=answers,
        refusals=codes,
    )


def _message(document: Schema, name: str) -> tuple[Schema, Any]:
    """The schema of a message's payload, and an example of it."""
    message = document["channels"]["chat"]["messages"][name]
    return message["payload"], message["examples"][0]["payload"]


def _reference(document: Schema, groups: list[Group]) -> Reference:
    info, schemas = document["info"], document["components"]["schemas"]
    shapes = [shape_table(name, one) for name, one in schemas.items() if name != "JsonValue"]
    return Reference(info["title"], info["version"], render(info["description"]), groups, shapes)


def _group(tag: Schema, entries: list[Entry], prefix: str = "group-") -> Group:
    return Group(f"{prefix}{tag['name']}", tag["name"].replace("_", " ").capitalize(), render_line(tag["description"]), entries)


def _content(carrier: Schema) -> Schema:
    found: Schema = next(iter(carrier.get("content", {}).values()), {})
    return found


def _resolved(document: Schema, value: Schema) -> Schema:
    if "$ref" not in value:
        return value
    _, _, kind, name = value["$ref"].split("/")
    found: Schema = document["components"][kind][name]
    return found


def _json(value: Any) -> Markup:
    return code_block(json.dumps(value, ensure_ascii=False, indent=2), "json")
