"""Which WSGI server a request came through: what a team looks for first when a deployment is not what it thinks."""

import re
from importlib.metadata import version
from typing import Any

_KNOWN = ((r"gunicorn/(\S+)", "gunicorn"), (r"Werkzeug/(\S+)", "werkzeug"))


def wsgi_server(environ: dict[str, Any]) -> str:
    """Its name and version, `gunicorn 27.0.1`."""
    uwsgi = environ.get("uwsgi.version")
    if uwsgi is not None:
        return f"uWSGI {uwsgi.decode() if isinstance(uwsgi, bytes) else uwsgi}"
    software = str(environ.get("SERVER_SOFTWARE", ""))
    for pattern, name in _KNOWN:
        if found := re.search(pattern, software):
            return f"{name} {found[1]}"
    if software.startswith("gevent/"):
        return f"gevent pywsgi {version('gevent')}"
    if any(name.startswith("eventlet.") for name in environ):
        return f"eventlet {version('eventlet')}"
    return software or "unknown"
