"""Errors of REST as problem details (RFC 9457), with the codes that acks carry."""

from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, NotFound

from crosstalk.core.errors import CrosstalkError, internal
from crosstalk.core.schema import dumps
from crosstalk.http.near_miss import shown

_OF_STATUS = {400: "invalid", 404: "not_found", 405: "not_found", 411: "invalid", 413: "too_large", 415: "invalid"}


def problem_response(error: CrosstalkError) -> Response:
    response = Response(dumps(error.problem()), status=error.status, mimetype="application/problem+json")
    retry_after = error.more.get("retry_after")
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(retry_after)))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def install(app: Flask) -> None:
    @app.errorhandler(CrosstalkError)
    def refused(error: CrosstalkError) -> Response:
        return problem_response(error)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        code = _OF_STATUS.get(error.code or 500)
        if code is None:
            return error
        description = error.description or error.name
        if isinstance(error, NotFound):
            description = f"There is nothing at {shown(request.path)}. The API is described at /docs."
        response = problem_response(CrosstalkError(code, description))
        response.status_code = error.code or 500
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        return problem_response(internal(error, operation="http"))
