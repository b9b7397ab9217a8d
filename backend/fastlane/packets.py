"""Socket.IO packets, strictly: what breaks the grammar ends the connection, what breaks a limit is left for an ack.

The grammar is the Socket.IO protocol, revision 5. The stock parser accepts much that no official client sends.
"""

import base64
import json
import math
from typing import Any

from engineio import packet as engine_packet
from socketio import packet as stock

from fastlane import frames

MAX_ATTACHMENTS = 10
MAX_ATTACHED_BYTES = 1_048_576
_RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})


class BadPacket(ValueError):
    """The text says what is wrong with the packet."""


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("a number beyond a double")
    return value


class StrictJSON:
    """JSON by RFC 8259, in both directions: a browser that is sent NaN drops the connection, and so would all of a room."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    @staticmethod
    def loads(text: str | bytes) -> Any:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)


class StrictPacket(stock.Packet):  # type: ignore[misc]
    def decode(self, encoded_packet: Any) -> int:
        if not isinstance(encoded_packet, str):
            raise BadPacket("binary data without a packet that announces it")
        try:
            attachments: int = super().decode(encoded_packet)
        except (ValueError, IndexError, KeyError) as broken:
            raise BadPacket(str(broken)) from None
        self._check(attachments)
        return attachments

    def add_attachment(self, attachment: Any) -> bool:
        if not isinstance(attachment, (bytes, bytearray)):
            raise BadPacket("text where an attachment was announced")
        if sum(map(len, self.attachments)) + len(attachment) > MAX_ATTACHED_BYTES:
            raise BadPacket("the attachments are too large")
        try:
            complete: bool = super().add_attachment(attachment)
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as broken:
            raise BadPacket(str(broken)) from None
        return complete

    def _check(self, attachments: int) -> None:
        kind, content = self.packet_type, self.data
        if kind in (stock.EVENT, stock.BINARY_EVENT):
            if not isinstance(content, list) or not content or not isinstance(content[0], str):
                raise BadPacket("an event is a list that begins with its name")
            if content[0] in _RESERVED:
                raise BadPacket("the event name is reserved")
        elif kind in (stock.ACK, stock.BINARY_ACK):
            if not isinstance(content, list) or self.id is None:
                raise BadPacket("an ack is a list and has an id")
        elif kind == stock.CONNECT:
            if content is not None and not isinstance(content, dict):
                raise BadPacket("the auth of a connect is an object")
        elif kind != stock.DISCONNECT:
            raise BadPacket("not a packet that a client sends")
        binary = kind in (stock.BINARY_EVENT, stock.BINARY_ACK)
        if binary != (attachments > 0) or attachments > MAX_ATTACHMENTS:
            raise BadPacket(f"a binary packet has 1 to {MAX_ATTACHMENTS} attachments, another has none")


def encode(event: str, payload: object, namespace: str) -> engine_packet.Packet:
    """An event as the packet that every connection is sent: encoded once."""
    text = StrictPacket(stock.EVENT, data=[event, payload], namespace=namespace).encode()
    return engine_packet.Packet(engine_packet.MESSAGE, data=text)


def framed(packet: engine_packet.Packet) -> bytes:
    """An Engine.IO packet as a WebSocket frame, made once and kept with the packet."""
    made: bytes | None = packet.__dict__.get("framed")
    if made is None:
        content = packet.data
        if packet.binary:
            made = frames.frame(frames.BINARY, bytes(content))
        else:
            made = frames.frame(frames.TEXT, f"{packet.packet_type}{content or ''}".encode())
        packet.framed = made
    return made


def polled(packet: engine_packet.Packet) -> str:
    """An Engine.IO packet as it stands in the answer to a poll."""
    if packet.binary:
        return "b" + base64.b64encode(packet.data).decode()
    return f"{packet.packet_type}{packet.data or ''}"


def size_of(packet: engine_packet.Packet) -> int:
    return len(packet.data) if isinstance(packet.data, (str, bytes, bytearray)) else 0
