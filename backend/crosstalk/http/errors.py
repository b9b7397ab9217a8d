"""Errors of REST as problem details (RFC 9457), with the codes that acks carry."""

from typing import Any

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from crosstalk.core.errors import CrosstalkError
from crosstalk.core.ids import new_id
from crosstalk.core.schema import dumps

log = structlog.get_logger("http")

_OF_STATUS = {400: "invalid", 404: "not_found", 405: "not_found", 413: "too_large", 415: "invalid"}


def problem_response(error: CrosstalkError) -> Response:
    response = Response(dumps(error.problem()), status=error.status, mimetype="application/problem+json")
    retry_after = error.more.get("retry_after")
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(retry_after)))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def internal(error: BaseException, operation: str) -> CrosstalkError:
    """Our fault: the trace goes to the log, its id to the client."""
    trace_id = new_id()
    log.error("internal error", id=trace_id, operation=operation, exc_info=error)
    return CrosstalkError("internal", f"Something went wrong on our side; report {trace_id}.")


def install(app: Flask) -> None:
    @app.errorhandler(CrosstalkError)
    def refused(error: CrosstalkError) -> Response:
        return problem_response(error)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        code = _OF_STATUS.get(error.code or 500)
        if code is None:
            return error
        response = problem_response(CrosstalkError(code, error.description or error.name))
        response.status_code = error.code or 500
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        return problem_response(internal(error, "http"))
