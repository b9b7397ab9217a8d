"""simple-websocket with its bounds set, on threads or on greenlets.

What it does not do by itself: refuse a message before it fills the memory, keep two threads from writing into each other's
frames or waiting for each other, and decline compression, which costs every connection more memory than all the rest.
"""

import logging
import socket
import threading
from collections import deque
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import simple_websocket

from fastlane.handshake import subprotocol_of
from fastlane.stock import Talk
from fastlane.stock.goodbye import GOODBYE_S
from fastlane.takeover import send_at_once

_HEADERS = ("HTTP_CONNECTION", "HTTP_UPGRADE", "HTTP_SEC_WEBSOCKET_KEY", "HTTP_SEC_WEBSOCKET_VERSION")
log = logging.getLogger("fastlane")


class WholeWrites:
    """A socket whose `send` writes everything, one caller at a time. Who reads does not wait for who writes, or nothing would
    move when the peer, too, has to write before it reads."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._writing = threading.Lock()
        self._reader = 0
        self._answer: deque[bytes] = deque(maxlen=1)
        """What the reader has to say. Of several pings the last one is to be answered (RFC 6455, 5.5.3)."""
        send_at_once(raw)

    def recv(self, size: int) -> bytes:
        self._reader = threading.get_ident()
        return self._raw.recv(size)

    def send(self, data: bytes) -> int:
        if threading.get_ident() == self._reader:
            self._answer.append(data)
        else:
            with self._writing:
                self._raw.sendall(data)
        while self._answer and self._writing.acquire(blocking=False):
            try:
                self._raw.sendall(self._answer.popleft())
            finally:
                self._writing.release()
        return len(data)

    def close(self) -> None:
        """By the reader, at the end: what it had to say last, the answer to a close frame, is said before."""
        with self._writing:
            try:
                while self._answer:
                    self._raw.sendall(self._answer.popleft())
            except OSError:
                log.debug("the peer was gone before the answer")
            self._raw.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class Wire(simple_websocket.Server):  # type: ignore[misc]
    sock: Any
    environ: WSGIEnvironment

    def handshake(self) -> None:
        # Before the first byte is written, wherever the server keeps its socket.
        raw: socket.socket = self.sock
        self.sock = WholeWrites(raw)
        # wsproto fails for bytes beyond ASCII, in whatever header. The engine has checked those of the handshake.
        given = {name: value for name, value in self.environ.items() if not name.startswith("HTTP_")}
        needed = {name: self.environ[name] for name in _HEADERS if name in self.environ}
        protocol = subprotocol_of(self.environ)
        chosen = {} if protocol is None else {"HTTP_SEC_WEBSOCKET_PROTOCOL": protocol}
        self.environ = {**given, **needed, **chosen, "HTTP_HOST": "localhost"}
        super().handshake()

    def choose_subprotocol(self, request: Any) -> str | None:
        return next(iter(request.subprotocols), None)


class SimpleWebSocket:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send(self, message: str | bytes) -> None:
        try:
            self._wire.send(message)
        except simple_websocket.ConnectionClosed:
            raise OSError("the WebSocket is closed") from None

    def wait(self) -> str | bytes | None:
        try:
            message: str | bytes | None = self._wire.receive()
        except simple_websocket.ConnectionClosed:
            return None
        return message

    def bound(self, max_bytes: int) -> None:
        self._wire.max_message_size = max_bytes

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        if self._wire.connected:
            try:
                self._wire.close(code, reason)
            except (OSError, simple_websocket.ConnectionClosed):
                log.debug("the peer was gone before the close frame")
        self._wire.event.set()

    def cut(self) -> None:
        try:
            self._wire.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the peer was gone before the cut")


def serve(environ: WSGIEnvironment, start_response: StartResponse, *, max_bytes: int, talk: Talk) -> Iterable[bytes]:
    wire = Wire(environ, max_message_size=max_bytes)
    websocket = SimpleWebSocket(wire)
    answer = talk(websocket)
    # A peer answers the goodbye at once, or not at all: then gunicorn would wait for it, in the thread that lets others in.
    wire.thread.join(GOODBYE_S)
    websocket.cut()
    # How each WSGI server is told that the connection is no longer its own.
    if wire.mode == "gunicorn":
        raise StopIteration
    if wire.mode == "werkzeug":
        raise ConnectionError
    return answer
