"""Taking a connection from the WSGI server that accepted it.

The descriptor is duplicated, and a dead socket is put under the old number: whatever the server still does to the connection
at the end of the request, it does to that. Then the WSGI call ends in the way in which each server lets go of a connection.
"""

import os
import socket
import ssl
from collections.abc import Iterable
from typing import Any, NoReturn
from wsgiref.types import WSGIEnvironment

# Never connected: reading from it, writing to it and shutting it down fail at once.
_dead = socket.socket()


class Taken:
    """A connection that can be taken, and how its server is told."""

    def __init__(self, raw: Any, kind: str) -> None:
        self._raw = raw
        self.kind = kind

    def take(self) -> int:
        """A descriptor of our own; the server has none any more."""
        fd: int = self._raw.fileno()
        own = os.dup(fd)
        os.dup2(_dead.fileno(), fd, inheritable=False)
        os.set_inheritable(own, False)
        with socket.socket(fileno=os.dup(own)) as same:
            same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return own

    def let_go(self) -> Iterable[bytes]:
        """To be returned from the WSGI call, after `take`."""
        if self.kind == "gunicorn":
            _stop()
        if self.kind == "werkzeug":
            raise ConnectionError
        return ()


def _stop() -> NoReturn:
    raise StopIteration


def connection_of(environ: WSGIEnvironment) -> Taken | None:
    """The connection of a request, or None when it cannot be taken: TLS, a server that nobody knows, a WebSocket already."""
    if environ.get("wsgi.websocket") is not None:
        return None
    software = str(environ.get("SERVER_SOFTWARE", ""))
    if "gunicorn.socket" in environ:
        raw, kind = environ["gunicorn.socket"], "gunicorn"
    elif "werkzeug.socket" in environ:
        raw, kind = environ["werkzeug.socket"], "werkzeug"
    elif software.startswith("gevent/"):
        body: Any = environ["wsgi.input"]
        raw, kind = getattr(getattr(body, "rfile", body).raw, "_sock", None), "gevent"
    else:
        return None
    plain = isinstance(raw, socket.socket) and not isinstance(raw, ssl.SSLSocket)
    return Taken(raw, kind) if plain else None
