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

# Its other end is closed: who reads from it is told that nothing comes any more, and who writes to it, that nobody reads.
_dead, _nobody = socket.socketpair()
_nobody.close()


def send_at_once(connection: socket.socket) -> None:
    """Has small writes leave at once. Only TCP holds them back: a Unix socket does not know the option."""
    if connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Taken:
    """A connection that can be taken, and how its server is told."""

    def __init__(self, raw: Any, kind: str, body: Any) -> None:
        self._raw = raw
        self._body = body
        self.kind = kind

    def take(self) -> int:
        """A descriptor of our own; the server has none any more. When something fails, the server keeps its own."""
        fd: int = self._raw.fileno()
        send_at_once(self._raw)
        own = os.dup(fd)
        try:
            os.dup2(_dead.fileno(), fd, inheritable=False)
        except OSError:
            os.close(own)
            raise
        return own

    def read_already(self) -> bytes:
        """What the server has read behind the head of the request. After `take`: it must not be read from any more."""
        if self.kind == "gunicorn":
            unreader = getattr(getattr(self._body, "reader", None), "unreader", None)
            return b"" if unreader is None else bytes(unreader.buf.getvalue())
        # With nothing there it tries to read, but the socket under it is dead.
        return bytes(getattr(self._body, "rfile", self._body).read1())

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
    body: Any = environ["wsgi.input"]
    software = str(environ.get("SERVER_SOFTWARE", ""))
    if "gunicorn.socket" in environ:
        raw, kind = environ["gunicorn.socket"], "gunicorn"
    elif "werkzeug.socket" in environ:
        raw, kind = environ["werkzeug.socket"], "werkzeug"
    elif software.startswith("gevent/"):
        raw, kind = getattr(getattr(body, "rfile", body).raw, "_sock", None), "gevent"
    else:
        return None
    plain = isinstance(raw, socket.socket) and not isinstance(raw, ssl.SSLSocket)
    return Taken(raw, kind, body) if plain else None
