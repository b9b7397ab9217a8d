"""Socket.IO packets, strictly: what breaks the grammar ends the connection, what breaks a limit is left for an ack.

The grammar is the Socket.IO protocol, revision 5. The stock parser accepts much that no official client sends.
"""

import base64
import json
import math
import re
from typing import Any, Literal, NamedTuple

from engineio import packet as engine_packet
from socketio import packet as stock

from fastlane import frames

MAX_ATTACHMENTS = 10
MAX_ATTACHED_BYTES = 1_048_576
_MAX_DEPTH = 33  # of an argument 32: the list that is the event is one
_MAX_INTEGER = 2**53
# Type, number of attachments, namespace, id; the content begins behind them. A namespace has at most 256 characters.
_HEAD = re.compile(r"([0-6])(?:(\d{1,9})-)?(?:(/[^,]{0,255})(?:,|\Z))?(\d{1,100})?", re.ASCII)
# The name of an event, when it is written without escapes.
_NAME = re.compile(r'[ \t\r\n]{0,16}\[[ \t\r\n]{0,16}"([^"\\\x00-\x1f]{0,128})"')
_RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})


class BadPacket(ValueError):
    """The text says what is wrong with the packet."""


class TooDeep(Exception):
    """The content is nested deeper than the JSON parser follows. To be raised by the `loads` of an application's JSON."""


Problem = Literal["too_large", "too_deep"]


class Head(NamedTuple):
    """What a packet says before its content, and the content, not parsed yet."""

    kind: int
    attachments: int | None
    namespace: str | None
    number: int | None
    """The id of the ack."""
    content: str

    @property
    def is_event(self) -> bool:
        return self.kind in (stock.EVENT, stock.BINARY_EVENT)

    @property
    def event(self) -> str | None:
        """The name of the event as it is written; None when it is written with escapes, is long, or is no name."""
        found = _NAME.match(self.content) if self.is_event else None
        return found[1] if found else None

    def is_longer_than(self, most_bytes: int) -> bool:
        """Whether the content, without the name of the event, has more bytes in UTF-8."""
        if 4 * len(self.content) <= most_bytes:
            return False
        found = _NAME.match(self.content) if self.is_event else None
        begin = found.end() if found else 0
        if len(self.content) - begin > most_bytes or self.content.isascii():
            return len(self.content) - begin > most_bytes
        return len(self.content.encode("utf-8", "surrogatepass")) - begin > most_bytes


def head_of(packet: Any) -> Head:
    """The head of a Socket.IO packet. Raises BadPacket. Looks at a bounded part of the text, however long that is."""
    if not isinstance(packet, str):
        raise BadPacket("binary data without a packet that announces it")
    found = _HEAD.match(packet)
    if found is None:
        raise BadPacket("not a packet")
    kind, attachments, namespace, number = found.groups()
    return Head(
        int(kind),
        int(attachments) if attachments else None,
        namespace.partition("?")[0] if namespace else None,
        int(number) if number else None,
        packet[found.end() :],
    )


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
        """Raises ValueError, also for what could be read but not be sent to others; TooDeep for what is nested about a
        thousand levels deep, of which nothing more is read."""
        if isinstance(text, bytes):
            text = text.decode()
        try:
            value = _DECODER.decode(text)
        except RecursionError:
            raise TooDeep from None
        if text.count("[") + text.count("{") > _MAX_DEPTH and _depth(value) > _MAX_DEPTH:
            raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")
        if "\\u" in text:
            StrictJSON.dumps(value)
        return value


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


class Unread:
    """A packet that breaks a bound: it is not parsed, and its attachments are thrown away as they arrive."""

    def __init__(self, head: Head, problem: Problem, most_bytes: int, *, instead_of: "StrictPacket | None" = None) -> None:
        self.packet_type = head.kind
        self.namespace = head.namespace or "/"
        self.number = head.number
        self.event = head.event
        self.problem = problem
        self.most_bytes = most_bytes
        self.missing = _count_of(head)
        self.attached_bytes = 0
        if instead_of is not None:
            self.missing -= len(instead_of.attachments)
            self.attached_bytes = instead_of.attached_bytes

    def add_attachment(self, attachment: Any) -> bool:
        """Whether it was the last one."""
        _check_attachment(attachment, self.attached_bytes)
        self.attached_bytes += len(attachment)
        self.missing -= 1
        return self.missing == 0


def _count_of(head: Head) -> int:
    """How many attachments follow a packet. Raises BadPacket."""
    if head.kind not in (stock.BINARY_EVENT, stock.BINARY_ACK):
        if head.attachments is not None:
            raise BadPacket("a packet that is not binary has no attachments")
        return 0
    count = head.attachments or 0
    if not 1 <= count <= MAX_ATTACHMENTS:
        raise BadPacket(f"a binary packet has 1 to {MAX_ATTACHMENTS} attachments")
    return count


def _check_attachment(attachment: Any, attached_bytes: int) -> None:
    if not isinstance(attachment, (bytes, bytearray)):
        raise BadPacket("text where an attachment was announced")
    if attached_bytes + len(attachment) > MAX_ATTACHED_BYTES:
        raise BadPacket("the attachments are too large")


class StrictPacket(stock.Packet):  # type: ignore[misc]
    def decode(self, encoded_packet: Any) -> int:
        """Raises BadPacket or TooDeep."""
        head = encoded_packet if isinstance(encoded_packet, Head) else head_of(encoded_packet)
        self.packet_type, _, self.namespace, self.id, content = head
        if content and self.packet_type in (stock.DISCONNECT, stock.CONNECT_ERROR):
            raise BadPacket("not a packet that a client sends")
        try:
            self.data = self.json.loads(content) if content else None
        except (ValueError, RecursionError) as broken:
            raise BadPacket(str(broken)) from None
        self._check(content)
        return _count_of(head)

    @classmethod
    def data_is_binary(cls, data: Any) -> bool:
        kind = type(data)
        if kind is dict:
            return any(map(cls.data_is_binary, data.values()))
        if kind is list or kind is tuple:
            return any(map(cls.data_is_binary, data))
        return isinstance(data, (bytes, bytearray))

    @property
    def attached_bytes(self) -> int:
        size: int = sum(map(len, self.attachments))
        return size

    def add_attachment(self, attachment: Any) -> bool:
        _check_attachment(attachment, self.attached_bytes)
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
        elif kind != stock.DISCONNECT:
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
