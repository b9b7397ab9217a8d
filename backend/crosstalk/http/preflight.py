"""CORS preflights (Fetch Standard, "CORS-preflight fetch"): the same answer for every path."""

import re
from wsgiref.types import WSGIEnvironment

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
MAX_AGE_S = 600
# A browser asks for the headers of one request; more text than this comes from no page.
MAX_NAMES_CHARS = 4_096
_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~ \t,-]+")


def is_preflight(environ: WSGIEnvironment) -> bool:
    return environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ


def preflight_headers(environ: WSGIEnvironment) -> list[tuple[str, str]]:
    """The headers of the answer but Access-Control-Allow-Origin.

    Every header that is asked for is allowed: the origin is the gate, and pages add headers of their own for tracing. What
    is too long or is no list of header names (RFC 9110, section 5.1) is not repeated, and the browser then refuses it.
    """
    headers = [("Access-Control-Allow-Methods", METHODS), ("Access-Control-Max-Age", str(MAX_AGE_S))]
    asked = str(environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""))
    if len(asked) <= MAX_NAMES_CHARS and _NAMES.fullmatch(asked):
        headers.append(("Access-Control-Allow-Headers", asked))
    return headers
