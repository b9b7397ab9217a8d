"""The opening handshake of RFC 6455, section 4.2, as far as it is about WebSocket: paths and origins are decided elsewhere."""

import base64
import binascii
import hashlib
from wsgiref.types import WSGIEnvironment

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refusal(Exception):
    """A request that gets an HTTP error. The text is for a developer who reads the answer."""

    def __init__(self, status: str, problem: str, *headers: tuple[str, str]) -> None:
        super().__init__(problem)
        self.status = status
        self.headers = list(headers)


def _wants_websocket(environ: WSGIEnvironment) -> bool:
    connection = {one.strip().lower() for one in str(environ.get("HTTP_CONNECTION", "")).split(",")}
    return "upgrade" in connection and str(environ.get("HTTP_UPGRADE", "")).strip().lower() == "websocket"


def _has_body(environ: WSGIEnvironment) -> bool:
    # What follows the head is frames.
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def accept(environ: WSGIEnvironment) -> bytes:
    """The 101 that makes the request a WebSocket. Raises Refusal. No extension is ever accepted: compression would
    cost every connection more memory than all the rest."""
    if not _wants_websocket(environ) or _has_body(environ):
        raise Refusal("400 BAD REQUEST", "Invalid websocket upgrade")
    if "HTTP_HOST" not in environ:
        raise Refusal("400 BAD REQUEST", "Host is missing")
    key = str(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""))
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise Refusal("426 UPGRADE REQUIRED", "WebSocket version 13 is spoken here", ("Sec-WebSocket-Version", "13"))
    try:
        nonce = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if len(nonce) != 16:
        raise Refusal("400 BAD REQUEST", "Sec-WebSocket-Key must be 16 bytes in base64")
    token = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {token}\r\n\r\n"
    ).encode()
