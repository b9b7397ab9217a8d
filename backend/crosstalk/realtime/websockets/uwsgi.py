"""uWSGI's native WebSocket with gevent. Its size limit is uWSGI's own option, `websocket-max-size`."""

import os
import socket
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from engineio.async_drivers.gevent_uwsgi import uWSGIWebSocket

from crosstalk.realtime.websockets import Talk

log = structlog.get_logger("websocket")


class _Goodbye:
    """A close frame on its way through the queue of messages."""

    def __init__(self, code: int, reason: str | None) -> None:
        text = code.to_bytes(2, "big") + (reason or "").encode()
        # uWSGI has no call for it; a server's frame is unmasked, and short as every control frame (RFC 6455, 5.5).
        self.frame = bytes([0x88, len(text)]) + text


class UwsgiWebSocket(uWSGIWebSocket):  # type: ignore[misc]
    """The stock wrapper, which can say goodbye with a code, and whose reader then ends."""

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        if self._req_ctx is None:
            self.send(_Goodbye(code, reason))
        self._closing = True

    def _send(self, msg: Any) -> None:
        if isinstance(msg, _Goodbye):
            os.write(self._sock, msg.frame)
            raise OSError("closed by us")
        super()._send(msg)

    def wait(self) -> str | bytes | None:
        message: str | bytes | None = super().wait()
        if message is None:
            self._select_greenlet.kill()
        return message

    def cut(self) -> None:
        try:
            with socket.socket(fileno=os.dup(self._sock)) as raw:
                raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the peer was gone already")


def serve(environ: WSGIEnvironment, start_response: StartResponse, *, max_bytes: int, talk: Talk) -> Iterable[bytes]:
    answer: Iterable[bytes] = UwsgiWebSocket(talk, None)(environ, start_response)
    return answer
