"""The documents over HTTP: as JSON, and as pages to read. Nothing on these pages comes from another host.

Their links are relative, so that they also work behind a proxy that serves the API below a path.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from crosstalk import __version__
from crosstalk.contract import guides
from crosstalk.contract.documents import documents
from crosstalk.contract.markdown import render_line
from crosstalk.contract.reference import events_reference, rest_reference
from crosstalk.contract.samples import ADDRESS
from crosstalk.core.errors import END_REASONS, ERRORS

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


def pages(public_urls: Sequence[str] = ()) -> Blueprint:
    """`public_urls` are the API's own origins; the one under which a page is asked for stands in its examples."""
    blueprint = Blueprint("contract", __name__, template_folder="templates")
    blueprint.add_app_template_filter(render_line, "markdown")
    addresses = {urlsplit(one).netloc: one for one in reversed(public_urls)}

    def address() -> str:
        return addresses.get(request.host, f"{request.scheme}://{request.host}")

    for name in ("openapi.json", "asyncapi.json", "errors.json"):
        blueprint.add_url_rule(f"/{name}", name.replace(".", "-"), lambda name=name: _document(name, address()))
    for name in ("docs.css", "docs.js"):
        blueprint.add_url_rule(f"/docs/{name}", name.replace(".", "-"), lambda name=name: _asset(name))
    for path in (*_TEMPLATES, *(f"docs/{name}" for name in guides.names())):
        blueprint.add_url_rule(f"/{path}", path.replace("/", "-"), lambda path=path: _page(path, address()))
    return blueprint


def _page(path: str, address: str) -> Response:
    # The script of the pages corrects the address where only the browser knows it: below a path, or behind TLS.
    shown = Markup('<span class="api">{}</span>').format(address)
    response = Response(_text(path).replace(ADDRESS, shown), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return _checked_each_time(response)


@cache
def _text(path: str) -> str:
    """A page with the address that its sources have: the same for every request."""
    root = "../" * path.count("/")
    frame = {"version": __version__, "root": root, "here": path, "navigation": _navigation()}
    if path in _TEMPLATES:
        template, context = _TEMPLATES[path]
        return render_template(template, **frame, **context())
    guide = guides.document(path.removeprefix("docs/"))
    return render_template("guide.html", **frame, guide=guide)


def _navigation() -> list[tuple[str, list[tuple[str, str]]]]:
    """The parts, each with its links: the path from the API's root, and the title."""
    references = [("docs/rest", "REST reference"), ("docs/events", "Event reference"), ("docs/errors", "Errors")]
    return [("Guides", _titled(guides.GUIDES)), ("Reference", references), ("Background", _titled(guides.BACKGROUND))]


def _titled(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"docs/{name}", guides.title(name)) for name in names]


def _rest() -> dict[str, Any]:
    return {"reference": rest_reference(json.loads(documents()["openapi.json"]))}


def _events() -> dict[str, Any]:
    commands, events = events_reference(json.loads(documents()["asyncapi.json"]))
    return {"commands": commands, "events": events}


# Path → template and what it shows.
_TEMPLATES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "docs": ("docs.html", dict),
    "docs/rest": ("rest.html", _rest),
    "docs/events": ("events.html", _events),
    "docs/errors": ("errors.html", lambda: {"errors": ERRORS.values(), "end_reasons": END_REASONS.values()}),
}


def _document(name: str, address: str) -> Response:
    text = documents()[name].replace(ADDRESS, json.dumps(address)[1:-1])
    host = f'"host": "{urlsplit(ADDRESS).netloc}"'
    text = text.replace(host, f'"host": {json.dumps(urlsplit(address).netloc)}')
    return _checked_each_time(Response(text, mimetype="application/json"))


def _asset(name: str) -> Response:
    path = _ASSETS / name
    return _checked_each_time(Response(path.read_bytes(), mimetype=_TYPES[path.suffix]))


def _checked_each_time(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
