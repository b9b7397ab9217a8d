"""What a request must say: the query of Engine.IO, and the opening handshake of RFC 6455, section 4.2. Paths and origins are
decided elsewhere."""

import base64
import binascii
import hashlib
import re
from collections.abc import Container, Mapping, Sequence
from wsgiref.types import WSGIEnvironment

from fastlane.refusals import Refusal

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OTHER_PROTOCOL = (
    "The client is using an unsupported version of the Socket.IO or Engine.IO protocols; EIO=4 is needed, as socket.io-client 3 "
    "and later send it"
)


def transport_in(query: Mapping[str, Sequence[str]], known: Container[str]) -> str:
    """The transport that a query asks for. Raises Refusal."""
    if "j" in query:
        # It would be a way round the allow-list, and its escaping is unsafe.
        raise Refusal("400 BAD REQUEST", "JSONP is not supported", reason="jsonp")
    transport = query.get("transport", [""])[0]
    if transport not in known:
        raise Refusal("400 BAD REQUEST", "Invalid transport", reason="bad_transport")
    if query.get("EIO") != ["4"]:
        raise Refusal("400 BAD REQUEST", _OTHER_PROTOCOL, reason="bad_protocol")
    return transport


def _wants_websocket(environ: WSGIEnvironment) -> bool:
    connection = {one.strip().lower() for one in str(environ.get("HTTP_CONNECTION", "")).split(",")}
    return "upgrade" in connection and str(environ.get("HTTP_UPGRADE", "")).strip().lower() == "websocket"


def _has_body(environ: WSGIEnvironment) -> bool:
    # What follows the head is frames.
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def subprotocol_of(environ: WSGIEnvironment) -> str | None:
    """The first token of Sec-WebSocket-Protocol, which is accepted whatever it is: a client that offers some closes the
    connection when the server chooses none. RFC 6455, 4.2.2; RFC 9110, 5.6.2."""
    offered = (one.strip() for one in str(environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "")).split(","))
    return next((one for one in offered if _TOKEN.fullmatch(one)), None)


def accept(environ: WSGIEnvironment) -> bytes:
    """The 101 that makes the request a WebSocket. Raises Refusal. No extension is ever accepted: compression would
    cost every connection more memory than all the rest."""
    if not _wants_websocket(environ) or _has_body(environ):
        raise Refusal("400 BAD REQUEST", "Invalid websocket upgrade", reason="bad_upgrade")
    if "HTTP_HOST" not in environ:
        raise Refusal("400 BAD REQUEST", "Host is missing", reason="bad_upgrade")
    key = str(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""))
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        needed = ("Sec-WebSocket-Version", "13")
        raise Refusal("426 UPGRADE REQUIRED", "The WebSocket version must be 13", needed, reason="bad_upgrade")
    try:
        nonce = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if len(nonce) != 16:
        raise Refusal("400 BAD REQUEST", "Sec-WebSocket-Key must be 16 bytes in base64", reason="bad_upgrade")
    token = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()).decode()
    protocol = subprotocol_of(environ)
    chosen = "" if protocol is None else f"Sec-WebSocket-Protocol: {protocol}\r\n"
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {token}\r\n{chosen}\r\n"
    ).encode()
