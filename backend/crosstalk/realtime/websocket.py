"""The stock WebSocket of simple-websocket with its bounds set.

Three things it does not do by itself: refuse a message before it fills the memory, keep two threads from writing into
each other's frames, and decline compression, which costs every connection more memory than all the rest.
"""

import socket
import threading
from typing import Any

import simple_websocket
import structlog

log = structlog.get_logger("websocket")


class WholeWrites:
    """A socket whose `send` writes everything, one caller at a time."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._writing = threading.Lock()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> int:
        with self._writing:
            self._raw.sendall(data)
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class WebSocket:
    """What python-engineio expects of a WebSocket: send, wait, close. One thread reads, another writes."""

    def __init__(self, environ: dict[str, Any], *, max_bytes: int) -> None:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        for name in ("werkzeug.socket", "gunicorn.socket"):
            if name in environ:
                environ[name] = WholeWrites(environ[name])
        self._wire = simple_websocket.Server(environ, max_message_size=max_bytes)
        self.server = self._wire.mode

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

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        if self._wire.connected:
            try:
                self._wire.close(code, reason)
            except (OSError, simple_websocket.ConnectionClosed):
                log.debug("the peer was gone before the close frame")
        self._wire.event.set()

    def cut(self) -> None:
        """Ends the TCP connection, whatever is under way on it."""
        try:
            self._wire.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the peer was gone before the cut")
