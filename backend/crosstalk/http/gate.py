"""The gate in front of everything: origins, and the headers that every answer carries."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from crosstalk.core.errors import CrosstalkError
from crosstalk.core.schema import dumps
from crosstalk.http.origins import OriginList

log = structlog.get_logger("origins")

ORIGIN_CHECK = "/origin-check"
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
]


class OriginGate:
    """WSGI middleware: one decision for REST, preflight, polling and WebSocket, before any of them sees the request.

    A request without Origin passes: native clients send none, and tokens guard what they reach.
    """

    def __init__(self, app: WSGIApplication, origins: OriginList) -> None:
        self._app = app
        self._origins = origins

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == ORIGIN_CHECK:
            return self._explain(environ, start_response)
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None:
            verdict = self._origins.decide(origin)
            if not verdict.allowed:
                log.warning("origin refused", origin=origin[:200], path=environ["PATH_INFO"][:100], hint=verdict.hint)
                refused = CrosstalkError("origin_refused", f"{verdict.hint}", origin=origin)
                body = dumps(refused.problem())
                return _answer(start_response, "403 Forbidden", "application/problem+json", body, [])

        def with_headers(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            extra = [(name, value) for name, value in _HEADERS if name.lower() not in present]
            if "vary" not in present:
                extra.append(("Vary", "Origin"))
            if "cache-control" not in present:
                extra.append(("Cache-Control", "no-store"))
            return start_response(status, headers + extra, *more)

        return self._app(environ, with_headers)

    def _explain(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """`GET /origin-check?origin=`, readable from every page: whether that origin may come in, and if not, why."""
        asked = parse_qs(environ.get("QUERY_STRING", "")).get("origin")
        origin = asked[0] if asked else environ.get("HTTP_ORIGIN", "")
        verdict = self._origins.decide(origin)
        answer = {"origin": origin, "allowed": verdict.allowed, "hint": verdict.hint}
        open_to_all = [("Access-Control-Allow-Origin", "*")]
        return _answer(start_response, "200 OK", "application/json", dumps(answer), open_to_all)


def _answer(
    start_response: StartResponse, status: str, kind: str, body: str, headers: list[tuple[str, str]]
) -> Iterable[bytes]:
    raw = body.encode()
    own = [("Content-Type", kind), ("Content-Length", str(len(raw))), ("Vary", "Origin"), ("Cache-Control", "no-store")]
    start_response(status, own + _HEADERS + headers)
    return [raw]
