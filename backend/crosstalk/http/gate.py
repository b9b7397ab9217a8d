"""The gate in front of everything: origins, preflights, and the headers that every answer carries."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from crosstalk.core.errors import CrosstalkError, invalid
from crosstalk.core.schema import dumps
from crosstalk.http.hosts import HostNames
from crosstalk.http.near_miss import shown, withheld
from crosstalk.http.origins import OriginList, Verdict
from crosstalk.http.preflight import is_preflight, preflight_headers
from crosstalk.http.refusals import Refusals

log = structlog.get_logger("origins")

ORIGIN_CHECK = "/origin-check"
_LIVE = "/socket.io"
_PROBES = ("/", "/healthz", "/readyz")
_DOWNLOADS = ("/docs", "/openapi.json", "/asyncapi.json")
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
]
_OPEN_TO_ALL = ("Access-Control-Allow-Origin", "*")

Headers = list[tuple[str, str]]


class OriginGate:
    """WSGI middleware: one decision for REST, preflight, polling, WebSocket and downloads, before any of them sees the request.

    It reads the Origin header and nothing else: neither Host nor what a proxy says of itself changes the decision.
    A request without Origin passes: native clients may send none, and tokens guard what they reach. `hosts`, where given,
    refuses requests under other names before that.
    """

    def __init__(
        self, app: WSGIApplication, origins: OriginList, hosts: HostNames | None = None, *, names_list: bool = True
    ) -> None:
        """`names_list`: whether a refusal names entries of the list to the page; the log always does."""
        self._app = app
        self._origins = origins
        self._hosts = hosts
        self._names_list = names_list
        self.refusals = Refusals()
        for entry in origins.expired():
            log.warning("allowed origin has expired", origin=entry.origin, until=str(entry.until))
        if not origins.lets_a_page_in():
            log.error("every allowed origin has expired: no page can use the API", setting="CROSSTALK_ALLOWED_ORIGINS")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        origin = _origin_of(environ)
        if self._hosts is not None and environ["PATH_INFO"] not in _PROBES and not self._hosts.accept(environ.get("HTTP_HOST")):
            wrong = invalid(
                host="is not a name of this API; add it to CROSSTALK_PUBLIC_URL, or let the proxy send the configured name"
            )
            return _problem(environ, start_response, "400 Bad Request", wrong, [])
        if environ["PATH_INFO"] == ORIGIN_CHECK:
            return self._explain(environ, origin, start_response)
        if origin is not None:
            verdict = self._origins.decide(origin)
            if not verdict.allowed:
                self.refusals.record(origin, f"{verdict.hint}", surface=_surface(environ), path=environ["PATH_INFO"])
                error = CrosstalkError("origin_refused", self._hint(verdict) or "", origin=shown(origin))
                return _problem(environ, start_response, "403 Forbidden", error, [])
            # As it was decided: whoever reads it again must not see the blanks around it.
            environ["HTTP_ORIGIN"] = origin
            if is_preflight(environ):
                named = [("Access-Control-Allow-Origin", origin)]
                return _answer(environ, start_response, "200 OK", "text/plain", "", preflight_headers(environ) + named)
        if environ["PATH_INFO"] == _LIVE:
            environ["PATH_INFO"] = f"{_LIVE}/"  # addTrailingSlash: false

        def with_headers(status: str, headers: Headers, *more: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            extra = [(name, value) for name, value in _HEADERS if name.lower() not in present]
            if "cache-control" not in present:
                extra.append(("Cache-Control", "no-store"))
            return start_response(status, _varying(headers) + extra, *more)

        return self._app(environ, with_headers)

    def _hint(self, verdict: Verdict) -> str | None:
        return verdict.hint if verdict.hint is None or self._names_list else withheld(verdict.origin)

    def _explain(self, environ: WSGIEnvironment, sent: str | None, start_response: StartResponse) -> Iterable[bytes]:
        """`GET /origin-check?origin=`, readable from every page: whether that origin may come in, and if not, why."""
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            asking = [*preflight_headers(environ), _OPEN_TO_ALL]
            return _answer(environ, start_response, "200 OK", "text/plain", "", asking)
        if method not in ("GET", "HEAD"):
            wrong = CrosstalkError("not_found", "Use GET /origin-check?origin=https://app.example.com.")
            allow = [("Allow", "GET, HEAD, OPTIONS"), _OPEN_TO_ALL]
            return _problem(environ, start_response, "405 Method Not Allowed", wrong, allow)
        asked = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).get("origin")
        origin = asked[0] if asked else sent
        if origin is None:
            hint = "the request has no Origin header; use /origin-check?origin=https://app.example.com"
            body = {"origin": "", "allowed": True, "hint": hint}
        else:
            verdict = self._origins.decide(origin)
            if origin == sent and not verdict.allowed:
                # A page that asks first, as ours does, sends nothing else that would be refused.
                self.refusals.record(origin, f"{verdict.hint}", surface="origin-check", path=ORIGIN_CHECK)
            body = {"origin": shown(origin), "allowed": verdict.allowed, "hint": self._hint(verdict)}
        return _answer(environ, start_response, "200 OK", "application/json", dumps(body), [_OPEN_TO_ALL])


def _origin_of(environ: WSGIEnvironment) -> str | None:
    """The Origin header as text. Blanks around a header's value are not part of it (RFC 9110), but not all servers know."""
    sent = environ.get("HTTP_ORIGIN")
    if sent is None:
        return None
    origin: str = sent.strip(" \t")
    try:
        return origin.encode("latin-1").decode()
    except UnicodeError:
        return origin


def _surface(environ: WSGIEnvironment) -> str:
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    if is_preflight(environ):
        return "preflight"
    if path.startswith(_LIVE):
        if "transport=websocket" not in query:
            return "polling"
        return "upgrade" if "sid=" in query else "websocket"
    return "downloads" if path.startswith(_DOWNLOADS) else "rest"


def _varying(headers: Headers) -> Headers:
    """The headers with `Origin` among what the answer depends on, beside what else it depends on."""
    before = [value for name, value in headers if name.lower() == "vary"]
    names = {name.strip().lower() for value in before for name in value.split(",")}
    vary = before if names & {"origin", "*"} else [*before, "Origin"]
    return [(name, value) for name, value in headers if name.lower() != "vary"] + [("Vary", ", ".join(vary))]


def _problem(
    environ: WSGIEnvironment, start_response: StartResponse, status: str, error: CrosstalkError, headers: Headers
) -> Iterable[bytes]:
    body = error.problem() | {"status": int(status[:3])}
    return _answer(environ, start_response, status, "application/problem+json", dumps(body), headers)


def _answer(
    environ: WSGIEnvironment, start_response: StartResponse, status: str, kind: str, body: str, headers: Headers
) -> Iterable[bytes]:
    raw = body.encode()
    about = [("Content-Type", kind), ("Content-Length", str(len(raw)))]
    start_response(status, [*about, ("Vary", "Origin"), ("Cache-Control", "no-store"), *_HEADERS, *headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [raw]
