"""uWSGI with gevent: it opens the WebSocket and keeps the connection; the frames are simple-websocket's, on greenlets.

What uWSGI itself reads as a message it hands over without saying whether that was text or bytes, and an empty one not at all.
"""

import os
import socket
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import uwsgi

from fastlane.handshake import subprotocol_of
from fastlane.stock import Talk, simple
from fastlane.stock.goodbye import GOODBYE_S


class _Said:
    """In place of the socket while simple-websocket answers the handshake, which uWSGI has done."""

    def setsockopt(self, *_: Any) -> None:
        """Nothing to set."""

    def sendall(self, _data: bytes) -> None:
        """Nothing to send."""


class _Wire(simple.Wire):
    def handshake(self) -> None:
        raw = self.sock
        # With no subprotocol, it would answer all that were offered.
        uwsgi.websocket_handshake("", "", subprotocol_of(self.environ) or "")
        self.sock = _Said()
        super().handshake()
        self.sock = simple.WholeWrites(raw)


def serve(environ: WSGIEnvironment, start_response: StartResponse, *, max_bytes: int, talk: Talk) -> Iterable[bytes]:
    # A descriptor of our own: uWSGI gives the number of its own to the next connection as soon as this request ends.
    with socket.socket(fileno=os.dup(uwsgi.connection_fd())) as raw:
        wire = _Wire({**environ, "werkzeug.socket": raw}, max_message_size=max_bytes)
        websocket = simple.SimpleWebSocket(wire)
        talk(websocket)
        wire.thread.join(GOODBYE_S)
        websocket.cut()
    uwsgi.disconnect()
    return ()  # no list: the engine would answer one
