"""gevent: simple-websocket on greenlets, or gevent-websocket where its handler has opened the WebSocket already."""

import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from gevent.lock import RLock

from fastlane.handshake import subprotocol_of
from fastlane.stock import Talk, simple
from fastlane.stock.goodbye import hang_up
from fastlane.takeover import send_at_once

log = logging.getLogger("fastlane")


class GeventWebSocket:
    """gevent-websocket with whole writes, one greenlet at a time, and a bound on what is read for one message."""

    def __init__(self, raw: Any, max_bytes: int) -> None:
        self._raw = raw
        self.connection: socket.socket = raw.handler.socket
        send_at_once(self.connection)
        self._writing = RLock()
        self._max_bytes = max_bytes
        self._reading = 0
        self._closing = False
        self._read = raw.raw_read
        raw.raw_read = self._bounded_read
        raw.raw_write = self._whole_write

    def send(self, message: str | bytes) -> None:
        from geventwebsocket.exceptions import WebSocketError

        try:
            self._raw.send(message)
        except WebSocketError as closed:
            raise OSError("the WebSocket is closed") from closed

    def wait(self) -> str | bytes | None:
        from geventwebsocket.exceptions import WebSocketError

        self._reading = 0
        if self._closing:
            return None
        try:
            message = self._raw.receive()
        except WebSocketError:
            return None
        return bytes(message) if isinstance(message, bytearray) else message

    def bound(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        from geventwebsocket.exceptions import WebSocketError

        self._closing = True
        try:
            self._raw.send_frame(code.to_bytes(2, "big") + (reason or "").encode(), self._raw.OPCODE_CLOSE)
        except WebSocketError:
            log.debug("the peer was gone already")

    def cut(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the peer was gone already")

    def _whole_write(self, data: bytes) -> None:
        with self._writing:
            self.connection.sendall(data)

    def _bounded_read(self, size: int) -> bytes:
        self._reading += size
        if self._reading > self._max_bytes + 4096:
            log.info("a message of %d bytes is too big", self._reading)
            self._raw.close(1009)
            self.cut()
            return b""
        data: bytes = self._read(size)
        return data


def serve(environ: WSGIEnvironment, start_response: StartResponse, *, max_bytes: int, talk: Talk) -> Iterable[bytes]:
    opened = environ.get("wsgi.websocket")
    if opened is not None:
        websocket = GeventWebSocket(opened, max_bytes)
        answer = talk(websocket)
        hang_up(websocket.connection)
        return answer
    return simple.serve(environ, start_response, max_bytes=max_bytes, talk=talk)


class _WithSubprotocol:
    """The application, with the answer to gevent-websocket's question which subprotocol to accept."""

    def __init__(self, application: Any, protocol: str) -> None:
        self._application = application
        self._protocol = protocol

    def app_protocol(self, _path: str) -> str:
        return self._protocol

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer


def upgrade_only(accepts: Callable[[str | None], bool]) -> None:
    """Makes gevent-websocket ask first: it answers 101 to whatever wants a WebSocket, before the application sees it.

    A request that is not let through goes to the application as it is, which refuses it in its own words.
    """
    from gevent.pywsgi import WSGIServer

    def is_not_for_us(handler: Any) -> bool:
        environ = handler.environ
        origin = environ.get("HTTP_ORIGIN")
        protocol = subprotocol_of(environ)
        if protocol is not None:
            handler.application = _WithSubprotocol(handler.application, protocol)
        return not environ["PATH_INFO"].startswith("/socket.io/") or not (origin is None or accepts(origin))

    WSGIServer.pre_start_hook = staticmethod(is_not_for_us)
