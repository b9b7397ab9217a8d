"""The documents are valid, whole and fresh."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from documents_of_the_wire import COMMITTED, FORMATS, committed
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from crosstalk import features
from crosstalk.contract import asyncapi as asyncapi_module
from crosstalk.contract import openapi as openapi_module
from crosstalk.contract import schemas as schemas_module
from crosstalk.contract.documents import documents, stale, write
from crosstalk.contract.samples import takes_value
from crosstalk.core.errors import END_REASONS, ERRORS
from crosstalk.core.operations import EVENTS, OPERATIONS, Operation, Route
from crosstalk.features.messages.changes import DURABLE_EVENTS

ASYNCAPI_SCHEMA = Path(__file__).parents[3] / "frontend/node_modules/@asyncapi/specs/schemas/3.0.0.json"

features.declare()
ROUTES = [(operation, route) for operation in OPERATIONS.values() for route in operation.routes]
COMMANDS = {one.command: one for one in OPERATIONS.values() if one.command}


@pytest.fixture(scope="module")
def openapi() -> Any:
    return committed("openapi.json")


@pytest.fixture(scope="module")
def asyncapi() -> Any:
    return committed("asyncapi.json")


def test_the_openapi_document_is_valid(openapi: Any) -> None:
    problems = list(OpenAPIV31SpecValidator(openapi).iter_errors())
    assert problems == []


def test_the_asyncapi_document_is_valid_by_the_official_schema(asyncapi: Any) -> None:
    assert ASYNCAPI_SCHEMA.is_file(), f"{ASYNCAPI_SCHEMA} is missing: say `npm ci` in frontend/ (`make test` does)"
    schema = json.loads(ASYNCAPI_SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [f"{one.json_path}: {one.message}" for one in validator.iter_errors(asyncapi)] == []


def test_every_reference_leads_somewhere(openapi: Any, asyncapi: Any) -> None:
    for document in (openapi, asyncapi):
        for reference in _references(document):
            target = document
            for part in reference.removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]


def test_the_committed_files_are_what_the_models_say() -> None:
    assert stale() == [], "say `make contract`"


def test_a_check_of_stale_files_fails_in_one_line_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, check=True)
    (tmp_path / "errors.json").write_text("{}\n")
    with pytest.raises(SystemExit, match=r"stale .*: errors\.json; run `make contract`"):
        write(tmp_path, check=True)
    assert (tmp_path / "errors.json").read_text() == "{}\n"


def test_the_documents_do_not_depend_on_the_order_in_which_features_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    before = documents()
    for module in (openapi_module, asyncapi_module, schemas_module):
        monkeypatch.setattr(module, "OPERATIONS", dict(reversed(OPERATIONS.items())))
    for module in (asyncapi_module, schemas_module):
        monkeypatch.setattr(module, "EVENTS", dict(reversed(EVENTS.items())))
    assert documents.__wrapped__() == before


@pytest.mark.parametrize(("operation", "route"), ROUTES, ids=lambda one: getattr(one, "full_path", None) or one.name)
def test_every_route_is_documented_with_all_its_input(openapi: Any, operation: Operation, route: Route) -> None:
    documented = openapi["paths"][route.full_path][route.method.lower()]
    assert documented["operationId"] == operation.run.__name__
    assert documented["summary"] == operation.title != ""
    assert documented["security"] == ([{"session": []}] if operation.needs_actor else [])
    told = {one["name"] for one in documented.get("parameters", [])}
    if "requestBody" in documented:
        body = _resolve(openapi, documented["requestBody"]["content"]["application/json"]["schema"])
        assert body["additionalProperties"] is False
        assert not told & body["properties"].keys()
        told |= body["properties"].keys()
    assert told == operation.input.model_fields.keys()
    codes = {
        code for status in documented["responses"].values() for code in status.get("$ref", "").rsplit("/", 1)[-1].split("-")
    }
    assert set(operation.errors) | {"invalid", "internal", "unavailable", "origin_refused"} <= codes


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_received_and_acked(asyncapi: Any, name: str) -> None:
    operation = COMMANDS[name]
    documented = asyncapi["operations"][operation.run.__name__]
    assert documented["action"] == "receive"
    assert documented["messages"] == [{"$ref": f"#/channels/chat/messages/{name}"}]
    assert documented["reply"]["messages"] == [{"$ref": f"#/channels/chat/messages/{name}.ack"}]
    payload = _resolve(asyncapi, asyncapi["channels"]["chat"]["messages"][name]["payload"])
    assert payload["properties"].keys() == operation.input.model_fields.keys()
    assert payload["additionalProperties"] is False


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_sent(asyncapi: Any, name: str) -> None:
    documented = asyncapi["operations"][name.replace(":", "_")]
    assert documented["action"] == "send"
    assert documented["summary"]
    assert documented["messages"] == [{"$ref": f"#/channels/chat/messages/{name}"}]
    payload = _resolve(asyncapi, asyncapi["channels"]["chat"]["messages"][name]["payload"])
    assert payload["properties"].keys() == EVENTS[name].model_fields.keys()


def test_schemas_have_the_names_of_their_classes(openapi: Any, asyncapi: Any) -> None:
    for document in (openapi, asyncapi):
        for name, schema in document["components"]["schemas"].items():
            assert name.isidentifier(), "two shapes of one name, or one that is both input and output"
            assert schema.get("title", name) == name


def test_both_documents_say_the_same_of_a_schema(openapi: Any, asyncapi: Any) -> None:
    rest, live = openapi["components"]["schemas"], asyncapi["components"]["schemas"]
    for name in rest.keys() & live.keys() - {"Change"}:
        assert rest[name] == live[name]
    assert rest["Change"]["oneOf"] == live["Change"]["oneOf"]
    # AsyncAPI allows no object here.
    assert live["Change"]["discriminator"] == rest["Change"]["discriminator"]["propertyName"] == "event"


def test_a_change_is_one_of_the_durable_events(openapi: Any) -> None:
    names = [
        _resolve(openapi, one)["properties"]["event"]["const"] for one in openapi["components"]["schemas"]["Change"]["oneOf"]
    ]
    assert names == [one.name() for one in DURABLE_EVENTS]


def test_what_is_left_out_when_absent_is_optional_and_never_null(openapi: Any) -> None:
    message = openapi["components"]["schemas"]["Message"]
    assert "stream" not in message["required"]
    edited_at = message["properties"]["edited_at"]
    assert (edited_at["type"], edited_at["format"]) == ("string", "date-time")


def test_every_field_has_an_example_that_it_accepts(openapi: Any, asyncapi: Any) -> None:
    for document in (openapi, asyncapi):
        for name, schema in document["components"]["schemas"].items():
            for field, declared in schema.get("properties", {}).items():
                if takes_value(declared) and declared.get("type") != "boolean":
                    assert declared.get("examples") or declared.get("enum"), f"{name}.{field} has no example"
                for example in declared.get("examples", []):
                    _assert_valid(document, declared, example, f"{name}.{field}")


def test_every_time_and_every_address_has_its_format(openapi: Any, asyncapi: Any) -> None:
    formats = {"_at": "date-time", "origin": "uri", "password": "password"}
    for document in (openapi, asyncapi):
        for name, schema in document["components"]["schemas"].items():
            for field, declared in schema.get("properties", {}).items():
                for ending, expected in formats.items():
                    if field.endswith(ending):
                        assert declared.get("format") == expected, f"{name}.{field}"


def test_every_input_and_every_answer_has_an_example_that_is_valid(openapi: Any, asyncapi: Any) -> None:
    examples = list(_examples_of(openapi))
    documented = [content for content in _contents_of(openapi) if content["schema"] != {"type": "string"}]
    assert len({id(content) for content, _ in examples}) == len(documented)
    for content, example in examples:
        _assert_valid(openapi, content["schema"], example, str(content["schema"]))
    for name, message in asyncapi["channels"]["chat"]["messages"].items():
        for example in message["examples"]:
            _assert_valid(asyncapi, message["payload"], example["payload"], name)


def test_an_example_that_its_schema_refuses_is_found(openapi: Any) -> None:
    with pytest.raises(AssertionError):
        _assert_valid(openapi, {"$ref": "#/components/schemas/Message"}, {"id": "1"}, "a message without the rest")
    with pytest.raises(AssertionError):
        _assert_valid(openapi, {"type": "string", "format": "date-time"}, "yesterday", "no time")


def test_the_table_of_errors_is_whole() -> None:
    tables = committed("errors.json")
    assert tables["errors"].keys() == ERRORS.keys()
    assert tables["end_reasons"].keys() == END_REASONS.keys()
    assert all(row["advice"] and row["title"] for row in tables["errors"].values())


def test_nothing_committed_names_a_machine() -> None:
    for file in COMMITTED.iterdir():
        assert str(COMMITTED.parent) not in file.read_text(encoding="utf-8")


def _contents_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every body of a request or an answer."""
    if isinstance(value, dict):
        yield from value.get("content", {}).values() if isinstance(value.get("content"), dict) else ()
        for one in value.values():
            yield from _contents_of(one)


def _examples_of(document: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    for content in _contents_of(document):
        named = [one["value"] for one in content.get("examples", {}).values()]
        yield from ((content, one) for one in [*named, *([content["example"]] if "example" in content else [])])


def _assert_valid(document: Any, schema: Any, value: Any, what: str) -> None:
    validator = Draft202012Validator({**schema, "components": document["components"]}, format_checker=FORMATS)
    assert [f"{one.json_path}: {one.message}" for one in validator.iter_errors(value)] == [], what


def _resolve(document: Any, schema: Any) -> Any:
    return document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for one in value for found in _references(one)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for one in value.values() for found in _references(one)]
