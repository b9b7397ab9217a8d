"""Socket.IO packets, strictly: what breaks the grammar ends the connection, what breaks a limit is left for an ack.

The grammar is the Socket.IO protocol, revision 5. The stock parser accepts much that no official client sends.
"""

import base64
import json
import math
import re
from typing import Any

from engineio import packet as engine_packet
from socketio import packet as stock

from fastlane import frames

MAX_ATTACHMENTS = 10
MAX_ATTACHED_BYTES = 1_048_576
_MAX_DEPTH = 33  # of an argument 32: the list that is the event is one
_MAX_INTEGER = 2**53
# Type, number of attachments, namespace, id, content.
_GRAMMAR = re.compile(r"([0-6])(?:(\d{1,9})-)?(?:(/[^,]*),?)?(\d{1,100})?(.*)", re.ASCII | re.DOTALL)
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


def _exact(digits: str) -> int:
    # Twenty digits are too many as well, and much quicker to read than a thousand.
    value = int(digits[:20])
    if abs(value) > _MAX_INTEGER:
        raise ValueError("an integer beyond 2^53")
    return value


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite, parse_int=_exact)


class StrictJSON:
    """JSON by RFC 8259, in both directions: a browser that is sent NaN drops the connection, and so would all of a room."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if not text.isascii():
            text.encode()  # half a surrogate pair is found here, and not by the loop
        return text

    @staticmethod
    def loads(text: str | bytes) -> Any:
        """Raises ValueError, also for what could be read but not be sent to others."""
        if isinstance(text, bytes):
            text = text.decode()
        value = _DECODER.decode(text)
        if text.count("[") + text.count("{") > _MAX_DEPTH and _depth(value) > _MAX_DEPTH:
            raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")
        if "\\u" in text:
            StrictJSON.dumps(value)
        return value


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


class StrictPacket(stock.Packet):  # type: ignore[misc]
    def decode(self, encoded_packet: Any) -> int:
        if not isinstance(encoded_packet, str):
            raise BadPacket("binary data without a packet that announces it")
        found = _GRAMMAR.fullmatch(encoded_packet)
        if found is None:
            raise BadPacket("not a packet")
        kind, attachments, namespace, number, content = found.groups()
        self.packet_type = int(kind)
        self.namespace = namespace.partition("?")[0] if namespace else None
        self.id = int(number) if number else None
        try:
            self.data = self.json.loads(content) if content else None
        except (ValueError, RecursionError) as broken:
            raise BadPacket(str(broken)) from None
        self._check(content)
        if self.packet_type not in (stock.BINARY_EVENT, stock.BINARY_ACK):
            if attachments is not None:
                raise BadPacket("a packet that is not binary has no attachments")
            return 0
        count = int(attachments or 0)
        if not 1 <= count <= MAX_ATTACHMENTS:
            raise BadPacket(f"a binary packet has 1 to {MAX_ATTACHMENTS} attachments")
        return count

    @classmethod
    def data_is_binary(cls, data: Any) -> bool:
        kind = type(data)
        if kind is dict:
            return any(map(cls.data_is_binary, data.values()))
        if kind is list or kind is tuple:
            return any(map(cls.data_is_binary, data))
        return isinstance(data, (bytes, bytearray))

    def add_attachment(self, attachment: Any) -> bool:
        if not isinstance(attachment, (bytes, bytearray)):
            raise BadPacket("text where an attachment was announced")
        if sum(map(len, self.attachments)) + len(attachment) > MAX_ATTACHED_BYTES:
            raise BadPacket("the attachments are too large")
        try:
            complete: bool = super().add_attachment(attachment)
        except RecursionError as broken:
            raise BadPacket(str(broken)) from None
        return complete

    @classmethod
    def reconstruct_binary(cls, data: Any, attachments: list[bytes]) -> Any:
        return _filled_in(data, dict(enumerate(attachments)))

    def _check(self, text: str) -> None:
        kind, content = self.packet_type, self.data
        if kind in (stock.EVENT, stock.BINARY_EVENT):
            if not isinstance(content, list) or not content or not isinstance(content[0], str):
                raise BadPacket("an event is a list that begins with its name")
            if content[0] in _RESERVED:
                raise BadPacket("the event name is reserved")
        elif kind in (stock.ACK, stock.BINARY_ACK):
            if not isinstance(content, list) or self.id is None:
                raise BadPacket("an ack is a list and has an id")
        elif self.id is not None:
            raise BadPacket("only events and acks have an id")
        elif kind == stock.CONNECT:
            if text and not isinstance(content, dict):
                raise BadPacket("the auth of a connect is an object")
        elif kind != stock.DISCONNECT or text:
            raise BadPacket("not a packet that a client sends")


def _filled_in(value: Any, attachments: dict[int, bytes]) -> Any:
    """The value with its attachments. Each has one place: what stands in many would be sent on many times."""
    if isinstance(value, list):
        return [_filled_in(one, attachments) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("_placeholder") is not True:
        return {name: _filled_in(one, attachments) for name, one in value.items()}
    number = value.get("num")
    if type(number) is not int or number not in attachments:
        raise BadPacket("a placeholder for nothing, or for what stands elsewhere")
    return attachments.pop(number)


def encode(event: str, payload: object, namespace: str) -> engine_packet.Packet:
    """An event whose payload is JSON, as the packet that every connection is sent: encoded once."""
    text = StrictPacket(stock.EVENT, data=[event, payload], namespace=namespace, binary=False).encode()
    return engine_packet.Packet(engine_packet.MESSAGE, data=text)


def text_of(packet: engine_packet.Packet) -> str:
    """An Engine.IO packet that is not binary, as text."""
    return f"{packet.packet_type}{packet.data or ''}"


def framed(packet: engine_packet.Packet) -> bytes:
    """An Engine.IO packet as a WebSocket frame, made once and kept with the packet."""
    made: bytes | None = packet.__dict__.get("framed")
    if made is None:
        content = packet.data
        if packet.binary:
            made = frames.frame(frames.BINARY, bytes(content))
        else:
            made = frames.frame(frames.TEXT, text_of(packet).encode())
        packet.framed = made
    return made


def polled(packet: engine_packet.Packet) -> str:
    """An Engine.IO packet as it stands in the answer to a poll."""
    if packet.binary:
        return "b" + base64.b64encode(packet.data).decode()
    return text_of(packet)


def size_of(packet: engine_packet.Packet) -> int:
    return len(packet.data) if isinstance(packet.data, (str, bytes, bytearray)) else 0
