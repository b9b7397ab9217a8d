"""REST as OpenAPI 3.1."""

from http import HTTPStatus
from itertools import groupby
from typing import Any

from crosstalk import __version__
from crosstalk.contract.errors import codes_in_words, error_schemas
from crosstalk.contract.examples import FIELDS
from crosstalk.contract.samples import ADDRESS, Schema, curl, example_of, problem_example
from crosstalk.contract.schemas import REF, never_null, reached_from, ref, shape_schemas, without
from crosstalk.contract.wording import LICENSE, description, expected_errors, may_be_repeated, place_of, size_in_words, tags
from crosstalk.core.errors import ERRORS
from crosstalk.core.operations import OPERATIONS, Operation, Route
from crosstalk.core.schema import Empty

_ABOUT = """\
Single requests over REST. What changes is sent live over Socket.IO: see the [event reference](../docs/events).

Bodies are JSON in snake_case; unknown fields are refused. Times are UTC, ISO 8601 with `Z`. Ids are opaque strings. Offsets and
the limits of texts count UTF-16 code units, as `String.length` does in JavaScript.

Sign in with `POST /api/guests` or `POST /api/sessions`, and send the `access_token` as `Authorization: Bearer`. There are no
cookies. In the examples `$TOKEN` is an access token. A browser's page may use the API when its origin is in
`CROSSTALK_ALLOWED_ORIGINS`.

Every refusal is a problem (RFC 9457) with a `code` of the [table of errors](../docs/errors).
"""


def openapi_document() -> dict[str, Any]:
    """`features.declare()` must have run."""
    schemas = {**shape_schemas(), **error_schemas()}
    responses: dict[str, Schema] = {}
    paths: dict[str, dict[str, Schema]] = {}
    routes = [(operation, route) for operation in OPERATIONS.values() for route in operation.routes]
    for operation, route in sorted(routes, key=lambda one: (place_of(one[0].feature), one[1].full_path, one[1].method)):
        paths.setdefault(route.full_path, {})[route.method.lower()] = _operation(operation, route, schemas, responses)
    paths.update(_PATHS_OF_THE_SERVER)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Crosstalk REST API", "version": __version__, "description": _ABOUT, "license": LICENSE},
        "servers": [{"url": ".", "description": "The API that serves this document"}],
        "tags": [*tags({operation.feature for operation, _ in routes}), _SERVER_TAG],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": {"type": "http", "scheme": "bearer", "description": "The `access_token` of a `Session`."}
            },
            "responses": dict(sorted(responses.items())),
        },
    }
    document["components"]["schemas"] = reached_from(document, schemas)
    return document


def _operation(operation: Operation, route: Route, schemas: dict[str, Schema], responses: dict[str, Schema]) -> Schema:
    made: Schema = {
        "operationId": operation.run.__name__,
        "tags": [operation.feature],
        "summary": operation.title,
        "description": description(operation),
        "security": [{"session": []}] if operation.needs_actor else [],
    }
    asked = {} if operation.input is Empty else schemas[operation.input.__name__]
    parameters = _parameters(route, asked)
    if parameters:
        made["parameters"] = parameters
    body = _body(route, asked, schemas)
    if body:
        made["requestBody"] = {"description": size_in_words(operation), **body}
        made["x-body-limit"] = operation.body_bytes
    request = next(iter(body["content"].values()))["example"] if body else None
    made["x-codeSamples"] = [
        {
            "lang": "Shell",
            "label": "curl",
            "source": curl(route.method, route.full_path, parameters, request, token=operation.needs_actor),
        }
    ]
    made["responses"] = _successes(operation, route, schemas) | _refusals(operation, has_body=bool(body), responses=responses)
    return made


def _parameters(route: Route, asked: Schema) -> list[Schema]:
    """The fields of the input that the path gives and, for GET, those that the query gives."""
    made = []
    for name, schema in asked.get("properties", {}).items():
        in_path = name in route.path_fields
        if not in_path and route.method != "GET":
            continue
        schema = never_null(schema)
        said = {"description": schema.pop("description")} if "description" in schema else {}
        required = in_path or name in asked.get("required", [])
        made.append({"name": name, "in": "path" if in_path else "query", "required": required, **said, "schema": schema})
    return sorted(made, key=lambda one: one["in"] == "query")


def _body(route: Route, asked: Schema, schemas: dict[str, Schema]) -> Schema:
    if route.method == "GET" or not asked:
        return {}
    name = asked["title"]
    if route.path_fields:
        name = f"{name}Body"
        asked = schemas.setdefault(name, without(asked, route.path_fields, name))
    if not asked["properties"]:
        return {}
    schema = {"$ref": REF.format(model=name)}
    content = {"application/json": {"schema": schema, "example": example_of(schema, schemas)}}
    return {"required": bool(asked.get("required")), "content": content}


def _successes(operation: Operation, route: Route, schemas: dict[str, Schema]) -> dict[str, Schema]:
    if operation.output is None:
        return {"204": {"description": "Done."}}
    schema = ref(operation.output)
    content = {"application/json": {"schema": schema, "example": example_of(schema, schemas)}}
    made = {str(route.status): {"description": "Created." if route.status == 201 else "The answer.", "content": content}}
    if route.status == 201 and may_be_repeated(operation):
        made["200"] = {"description": "Done before: nothing new was created.", "content": content}
    return dict(sorted(made.items()))


def _refusals(operation: Operation, *, has_body: bool, responses: dict[str, Schema]) -> dict[str, Schema]:
    """A response a status, shared by all operations that may answer the same codes with it."""
    of_rest = ["origin_refused"]
    if operation.needs_actor:
        of_rest += ["unauthenticated", "token_expired"]
    if has_body:
        of_rest.append("too_large")
    codes = expected_errors(operation, *of_rest)
    made = {}
    for status, group in groupby(sorted(codes, key=lambda code: ERRORS[code].status), lambda code: ERRORS[code].status):
        same = list(group)
        name = "-".join(same)
        responses[name] = _problem(status, same)
        made[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return made


def _problem(status: int, codes: list[str]) -> Schema:
    narrowed = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    made: Schema = {
        "description": f"{HTTPStatus(status).phrase}\n\n{codes_in_words(codes)}",
        "content": {
            "application/problem+json": {
                "schema": {"allOf": [{"$ref": REF.format(model="Problem")}, narrowed]},
                "examples": {code: {"value": problem_example(code)} for code in codes},
            }
        },
    }
    if status == HTTPStatus.UNAUTHORIZED:
        made["headers"] = {"WWW-Authenticate": {"schema": {"type": "string", "const": "Bearer"}}}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        made["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}
    return made


_SERVER_TAG = {"name": "server", "description": "The server itself."}

_ORIGIN_CHECK: Schema = {
    "title": "OriginCheck",
    "type": "object",
    "properties": {
        "origin": {"type": "string", "examples": FIELDS["origin"]["examples"]},
        "allowed": {"type": "boolean", **FIELDS["allowed"]},
        "hint": {
            "type": ["string", "null"],
            **FIELDS["hint"],
            "description": "When refused: the nearest entry and what to write; in production nothing about the list.",
        },
    },
    "required": ["origin", "allowed", "hint"],
}

# Answered by the adapters, not by operations.
_PATHS_OF_THE_SERVER: dict[str, dict[str, Schema]] = {
    "/origin-check": {
        "get": {
            "operationId": "check_origin",
            "tags": ["server"],
            "summary": "Check an origin",
            "description": "Returns whether an origin may use the API and, if not, why. Every page can read it, also one whose origin is refused.",
            "security": [],
            "parameters": [
                {
                    "name": "origin",
                    "in": "query",
                    "required": False,
                    "description": "Without it, the Origin of the request.",
                    "schema": {"type": "string", **FIELDS["origin"]},
                }
            ],
            "x-codeSamples": [
                {"lang": "Shell", "label": "curl", "source": f"curl '{ADDRESS}/origin-check?origin=http://localhost:3000'"}
            ],
            "responses": {
                "200": {
                    "description": "The answer.",
                    "content": {"application/json": {"schema": _ORIGIN_CHECK, "example": example_of(_ORIGIN_CHECK, {})}},
                }
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "read_metrics",
            "tags": ["server"],
            "summary": "Read metrics",
            "description": (
                "Returns counters and gauges in the text format of Prometheus. Where CROSSTALK_METRICS_TOKEN is set, send it as the "
                "bearer token. In production without that setting, the response is 404."
            ),
            "security": [],
            "x-codeSamples": [{"lang": "Shell", "label": "curl", "source": f"curl {ADDRESS}/metrics"}],
            "responses": {
                "200": {"description": "The metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}},
                "401": _problem(401, ["unauthenticated"]),
                "404": _problem(404, ["not_found"]),
            },
        }
    },
}
