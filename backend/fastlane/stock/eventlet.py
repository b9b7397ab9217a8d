"""eventlet's own WebSocket, which bounds frames and locks its writes already."""

import logging
import socket
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from eventlet.websocket import WebSocketWSGI

from fastlane.handshake import subprotocol_of
from fastlane.stock import Talk
from fastlane.stock.goodbye import hang_up
from fastlane.takeover import send_at_once

log = logging.getLogger("fastlane")


class EventletWebSocket:
    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._closing = False
        send_at_once(raw.socket)

    def send(self, message: str | bytes) -> None:
        self._raw.send(message)

    def wait(self) -> str | bytes | None:
        message: str | bytes | None = None if self._closing else self._raw.wait()
        return message

    def bound(self, max_bytes: int) -> None:
        self._raw.max_frame_length = max_bytes

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        self._raw._send_closing_frame(close_data=(code, reason or ""), ignore_send_errors=True)
        self._closing = True

    def cut(self) -> None:
        try:
            self._raw.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the peer was gone already")


def serve(environ: WSGIEnvironment, start_response: StartResponse, *, max_bytes: int, talk: Talk) -> Iterable[bytes]:
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)

    def to_the_end(raw: Any) -> None:
        talk(EventletWebSocket(raw))
        hang_up(raw.socket)

    handle = WebSocketWSGI(to_the_end, max_frame_length=max_bytes)
    handle.supported_protocols = [subprotocol_of(environ)]
    answer: Iterable[bytes] = handle(environ, start_response)
    return answer
