"""One WebSocket, whichever server has it: simple-websocket where the server hands over the socket, else the server's own."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIEnvironment


class WebSocket(Protocol):
    """What the engine needs. One task reads, another writes."""

    def send(self, message: str | bytes) -> None:
        """Raises OSError when the peer is gone."""

    def wait(self) -> str | bytes | None:
        """The next message, None when there will be no more."""

    def bound(self, max_bytes: int) -> None:
        """The most bytes of the messages that come from here on."""

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Says goodbye, after what was sent before."""

    def cut(self) -> None:
        """Ends the TCP connection, whatever is under way on it."""


Talk = Callable[[WebSocket], Iterable[bytes]]


class Serve(Protocol):
    """Makes a request a WebSocket, talks on it to its end, and answers what the WSGI server expects after that."""

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse, *, max_bytes: int, talk: Talk
    ) -> Iterable[bytes]: ...


_MODULES = {"threading": "simple", "gevent": "green", "eventlet": "eventlet", "gevent_uwsgi": "uwsgi"}


def server_of(async_mode: str) -> Serve:
    """The way of this async mode. Imported when it is asked for: the others' packages need not be there."""
    module: Any = import_module(f"{__name__}.{_MODULES[async_mode]}")
    serve: Serve = module.serve
    return serve
