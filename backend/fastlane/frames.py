"""WebSocket frames by RFC 6455: what a server must check when it reads them, and how it writes them."""

from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

NORMAL = 1000
PROTOCOL_ERROR = 1002
NO_CODE = 1005
BAD_TEXT = 1007
TOO_BIG = 1009

# A message has at most so many fragments. A library that cuts messages cuts them into kilobytes.
MOST_FRAGMENTS = 4_096

_FIN = 0x80
_RESERVED_BITS = 0x70
_MASKED = 0x80


class FrameError(Exception):
    """The peer broke the protocol. `code` is what the close frame has to say."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code


class Message(NamedTuple):
    """A whole message, or a control frame: its opcode, and text for TEXT, bytes for all others."""

    opcode: int
    content: str | bytes


def frame(opcode: int, content: bytes) -> bytes:
    """A whole frame as a server sends it: final, unmasked, not compressed. RFC 6455, 5.2."""
    size = len(content)
    if size < 126:
        return bytes((_FIN | opcode, size)) + content
    if size < 65_536:
        return bytes((_FIN | opcode, 126)) + size.to_bytes(2, "big") + content
    return bytes((_FIN | opcode, 127)) + size.to_bytes(8, "big") + content


def close_frame(code: int, reason: str = "") -> bytes:
    if code == NO_CODE:
        return frame(CLOSE, b"")
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode()[:123])


def close_code(content: bytes) -> int:
    """The code in a close frame, NO_CODE when it has none. Raises FrameError. RFC 6455, 5.5.1 and 7.4."""
    if not content:
        return NO_CODE
    code = int.from_bytes(content[:2], "big")
    if len(content) == 1 or not ((1000 <= code <= 1014 and code not in (1004, 1005, 1006)) or 3000 <= code <= 4999):
        raise FrameError(PROTOCOL_ERROR, "a close code that nobody may send")
    _text(content[2:])
    return code


class FrameReader:
    """Puts frames together, however they were cut. Nothing is kept of a message that is longer than it may be."""

    __slots__ = ("_fragments", "_opcode", "_rest", "_size", "max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        """Of every message from here on, also of one that has begun."""
        self._rest: bytearray | None = None
        self._opcode = CONTINUATION
        self._fragments: list[bytes] | None = None
        self._size = 0

    def feed(self, received: bytes, found: list[Message]) -> None:
        """Appends the messages that are whole now. Raises FrameError, after those before it have been appended."""
        rest = self._rest
        if rest is not None:
            rest += received
            data: bytes | bytearray = rest
        else:
            data = received
        at, end = 0, len(data)
        while end - at >= 2:
            first, second = data[at], data[at + 1]
            size = second & 0x7F
            begin = at + 2
            if size >= 126:
                begin += 2 if size == 126 else 8
                if end < begin:
                    self._check(first, second, 0)
                    break
                long_form = int.from_bytes(data[at + 2 : begin], "big")
                if long_form < (126 if size == 126 else 65_536):
                    raise FrameError(PROTOCOL_ERROR, "a length in more bytes than it needs")
                size = long_form
            self._check(first, second, size)
            begin += 4
            if end < begin + size:
                break
            content = unmask(bytes(data[begin : begin + size]), bytes(data[begin - 4 : begin])) if size else b""
            at = begin + size
            message = self._take(first, content)
            if message is not None:
                found.append(message)
        if at == end:
            self._rest = None
        elif rest is not None:
            del rest[:at]
        else:
            self._rest = bytearray(data[at:])

    def _check(self, first: int, second: int, size: int) -> None:
        """What is wrong with a frame is seen in its head, before anything of it is waited for."""
        opcode = first & 0x0F
        if first & _RESERVED_BITS:
            raise FrameError(PROTOCOL_ERROR, "a reserved bit is set; no extension was negotiated")
        if not second & _MASKED:
            raise FrameError(PROTOCOL_ERROR, "a frame of a client must be masked")
        if opcode >= CLOSE:
            if opcode > PONG:
                raise FrameError(PROTOCOL_ERROR, "a reserved opcode")
            if not first & _FIN or second & 0x7F > 125:
                raise FrameError(PROTOCOL_ERROR, "a control frame is whole and has at most 125 bytes")
            return
        if opcode > BINARY:
            raise FrameError(PROTOCOL_ERROR, "a reserved opcode")
        if (opcode == CONTINUATION) != (self._opcode != CONTINUATION):
            raise FrameError(PROTOCOL_ERROR, "a fragment without its beginning, or a beginning inside a message")
        if self._size + size > self.max_bytes:
            raise FrameError(TOO_BIG, "the message is too long")

    def _take(self, first: int, content: bytes) -> Message | None:
        opcode = first & 0x0F
        if opcode >= CLOSE:
            return Message(opcode, content)
        if not first & _FIN:
            self._opcode = self._opcode or opcode
            if self._fragments is None:
                self._fragments = []
            elif len(self._fragments) >= MOST_FRAGMENTS:
                raise FrameError(TOO_BIG, "the message has too many fragments")
            self._fragments.append(content)
            self._size += len(content)
            return None
        if self._opcode:
            opcode, content = self._opcode, b"".join((*(self._fragments or ()), content))
            self._opcode, self._fragments, self._size = CONTINUATION, None, 0
        return Message(opcode, _text(content) if opcode == TEXT else content)


def unmask(content: bytes, key: bytes) -> bytes:
    """XOR with the repeated key, as one number: Python has nothing faster. RFC 6455, 5.3."""
    size = len(content)
    keys = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(content, "little") ^ int.from_bytes(keys, "little")).to_bytes(size, "little")


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise FrameError(BAD_TEXT, "text that is no UTF-8") from None
