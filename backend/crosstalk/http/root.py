"""The root of the API, for people who open its address and for health checks that ask for nothing else."""

from flask import Response, request

from crosstalk import __version__
from crosstalk.core.schema import dumps

_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Crosstalk API</title>
<p>This is the Crosstalk API, version {__version__}. See the <a href="docs">documentation</a>.</p>
</html>
"""
_JSON = dumps({"name": "crosstalk", "version": __version__, "docs": "docs"})


def root() -> Response:
    """`GET /` and, as HAProxy's bare `option httpchk` asks, `OPTIONS /`. HTML for browsers, JSON for other clients. The link is
    relative, so that it also works below a path."""
    html = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    response = Response(_PAGE if html else _JSON, mimetype="text/html" if html else "application/json")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.vary.add("Accept")
    return response
