"""The registry as Flask routes: one view for all operations."""

import re
from typing import Any

from flask import Blueprint, Request, Response, request

from crosstalk.core.errors import invalid
from crosstalk.core.limits import Limits
from crosstalk.core.operations import OPERATIONS, Operation, Repeated, Route
from crosstalk.core.schema import NotJSON, Shape, TooDeep, dumps, loads, shown_name
from crosstalk.http.auth import Authenticate, caller_of
from crosstalk.http.bodies import check_length, read_body

_QUERY_BYTES = 2_048
_CONTENT_TYPE_BYTES = 256

REQUEST_UNITS = 3
"""What a request costs beside its operation, in units of core/limits.py."""


def rest_blueprint(limits: Limits, authenticate: Authenticate) -> Blueprint:
    """Every declared route, once `features.declare()` has run."""
    blueprint = Blueprint("crosstalk", __name__)
    for operation in OPERATIONS.values():
        for route in operation.routes:
            blueprint.add_url_rule(
                re.sub(r"{(\w+)}", r"<\1>", route.full_path),
                endpoint=f"{operation.name}-{route.method}-{route.path}".replace(".", "-"),
                view_func=_view(operation, route, limits, authenticate),
                methods=[route.method],
            )
    return blueprint


def _view(operation: Operation, route: Route, limits: Limits, authenticate: Authenticate) -> Any:
    def answer(**path: str) -> Response:
        check_length(request, operation.body_bytes)
        caller = caller_of(request, operation, authenticate)
        limits.check(operation, caller, REQUEST_UNITS)
        body = operation.input.read(_input(request, operation, route, path), strict=route.method != "GET")
        limits.charge(operation, caller, body)
        result = operation(caller, body)
        status = route.status
        if isinstance(result, Repeated):
            result, status = result.value, 200 if status == 201 else status
        return _response(result, status)

    return answer


def _input(request: Request, operation: Operation, route: Route, path: dict[str, str]) -> dict[str, Any]:
    """One object from the path and the query (GET) or the body."""
    if route.method == "GET":
        if len(request.query_string) > _QUERY_BYTES:
            raise invalid(query=f"must have at most {_QUERY_BYTES:,} bytes")
        if twice := [name for name, values in request.args.lists() if len(values) > 1]:
            raise invalid(**{shown_name(twice[0]): "must be given only once"})
        given: Any = request.args.to_dict()
    else:
        given = _body(request, operation)
    if not isinstance(given, dict):
        raise invalid(body="must be a JSON object")
    if both := sorted(given.keys() & path.keys()):
        raise invalid(**{both[0]: "is already in the path; remove it"})
    return {**given, **path}


def _body(request: Request, operation: Operation) -> Any:
    raw = read_body(request, operation.body_bytes)
    if not raw:
        return {}
    if len(request.content_type or "") > _CONTENT_TYPE_BYTES or request.mimetype != "application/json":
        raise invalid(body="must be JSON, sent with Content-Type: application/json")
    try:
        return loads(raw)
    except TooDeep as deep:
        raise invalid(body=str(deep)) from None
    except NotJSON as broken:
        raise invalid(body=f"is not JSON: {broken}") from None


def _response(result: Shape | None, status: int) -> Response:
    if result is None:
        return Response(status=204)
    return Response(dumps(result.wire()), status=status, mimetype="application/json")
