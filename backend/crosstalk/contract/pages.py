"""The documents over HTTP: as JSON, and as pages to read. Nothing on these pages comes from another host.

Their links are relative, so that they also work behind a proxy that serves the API below a path.
"""

import gzip
import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape

from crosstalk import __version__
from crosstalk.contract.documents import documents
from crosstalk.core.errors import END_REASONS, ERRORS

_ASSETS = Path(__file__).parent / "assets"
_CARRIER = "flask_openapi_redoc"
# Redoc asks its vendor's host for its logo; the package has the same picture.
_LOGO_OF_THE_VENDOR = b"https://cdn.redoc.ly/redoc/logo-mini-full.svg"
_LOGO = "redoc.svg"
_KEPT_FOR_A_YEAR = "public, max-age=31536000, immutable"
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        # Redoc makes empty style elements and fills them through CSSOM: this is the hash of an empty text.
        "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


def pages() -> Blueprint:
    blueprint = Blueprint("contract", __name__, template_folder="templates")
    blueprint.add_app_template_filter(_with_code, "with_code")
    for name in ("openapi.json", "asyncapi.json", "errors.json"):
        blueprint.add_url_rule(f"/{name}", name.replace(".", "-"), lambda name=name: _document(name))
    blueprint.add_url_rule("/docs", "docs", lambda: _page("docs.html", docs="docs"))
    blueprint.add_url_rule("/docs/rest", "rest", lambda: _reference("REST reference", "../openapi.json"))
    blueprint.add_url_rule("/docs/events", "events", lambda: _reference("Event reference", "../asyncapi.json"))
    blueprint.add_url_rule(
        "/docs/errors",
        "errors",
        lambda: _page("errors.html", docs=".", errors=ERRORS.values(), end_reasons=END_REASONS.values()),
    )
    blueprint.add_url_rule("/docs/docs.css", "css", lambda: _asset("docs.css", "text/css"))
    blueprint.add_url_rule("/docs/reference.css", "reference-css", lambda: _asset("reference.css", "text/css"))
    blueprint.add_url_rule("/docs/reference.js", "reference", lambda: _asset("reference.js", "text/javascript"))
    blueprint.add_url_rule("/docs/redoc.js", "redoc", _redoc)
    blueprint.add_url_rule(f"/docs/{_LOGO}", "logo", _logo)
    return blueprint


def _with_code(text: str) -> Markup:
    """The tables are written with Markdown's backticks."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _document(name: str) -> Response:
    return _checked_each_time(Response(documents()[name], mimetype="application/json"))


def _page(template: str, **context: object) -> Response:
    response = Response(render_template(template, version=__version__, **context), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return _checked_each_time(response)


def _reference(title: str, document: str) -> Response:
    redoc = f"redoc.js?v={version(_CARRIER)}"
    return _page("reference.html", title=title, document=document, redoc=redoc)


def _asset(name: str, mimetype: str) -> Response:
    return _checked_each_time(Response((_ASSETS / name).read_bytes(), mimetype=mimetype))


def _redoc() -> Response:
    """Two megabytes that never change under their address: compressed, and kept by the browser."""
    compressed = request.accept_encodings["gzip"] > 0
    response = Response(_redoc_bytes(compressed=compressed), mimetype="text/javascript")
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding, Origin"
    response.headers["Cache-Control"] = _KEPT_FOR_A_YEAR
    return response


@cache
def _redoc_bytes(*, compressed: bool) -> bytes:
    raw = _carried("js/redoc.standalone.js").replace(_LOGO_OF_THE_VENDOR, _LOGO.encode())
    return gzip.compress(raw, mtime=0) if compressed else raw


def _logo() -> Response:
    return _checked_each_time(Response(_carried("images/redoc.svg"), mimetype="image/svg+xml"))


def _carried(name: str) -> bytes:
    """A file of the package that brings Redoc. Found, not imported: the framework that it belongs to is not wanted."""
    found = find_spec(_CARRIER)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"{_CARRIER} is not installed")
    return (Path(found.submodule_search_locations[0]) / "templates" / "redoc" / name).read_bytes()


def _checked_each_time(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
