"""Reads an HTTP/1 request from bytes, without waiting and within bounds, before a thread is spent on it. RFC 9112.

What is whole is handed to gunicorn's parser, which checks the rest of the syntax: a body in chunks as one with a length, and
without the `Expect` that has been answered here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from crosstalk.launch.chunks import BadChunks, ChunkReader

MOST_HEAD_BYTES = 32_768
MOST_FIELDS = 100
_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Z]{1,20}) ([!-~]{1,8190}) HTTP/1\.([01])")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

BodyBytes = Callable[[str, str], int]
"""(method, target) → the most bytes that the body may have."""


class Progress(Enum):
    UNFINISHED = auto()
    WHOLE = auto()
    """A thread can answer it."""
    OVER = auto()
    """It was refused here, or the peer is gone."""


def refusal(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "Connection: close", "", ""]).encode()


BAD = refusal("400 Bad Request")
HEAD_TOO_LONG = refusal("431 Request Header Fields Too Large")


@dataclass
class _Head:
    lines: list[bytes]
    """The request line and the fields that are handed on."""
    size: int
    expects: bool = False
    length: int = 0
    chunks: ChunkReader | None = None
    most_bytes: int = 0
    fields: dict[bytes, list[bytes]] = field(default_factory=dict)
    """Those that say how the request is framed, in lower case."""

    @property
    def is_rewritten(self) -> bool:
        return self.expects or self.chunks is not None


class _Bad(ValueError):
    """The request is framed in a way that two readers could take for two requests."""


class RequestReader:
    """One connection's next request. `answer` is what is to be sent to the peer before anything else."""

    def __init__(self, body_bytes: BodyBytes) -> None:
        self._body_bytes = body_bytes
        self.is_last = False
        """Where another request would begin is not known: the connection ends with this one."""
        self.forget()

    def forget(self) -> None:
        self.received = bytearray()
        self.answer = b""
        self.is_too_long = False
        """The body is longer than its bound: the request is answered, and nothing of the body is read."""
        self._head: _Head | None = None
        self._seen = 0
        self._continued = False

    @property
    def begun(self) -> bool:
        """Whether anything of a request has arrived."""
        return bool(self._head or self.received)

    @property
    def held(self) -> int:
        """Bytes of the request that are kept here."""
        chunks = self._head.chunks if self._head else None
        return len(self.received) + (len(chunks.content) if chunks else 0)

    def feed(self, data: bytes) -> Progress:
        self.received += data
        if self._head is None:
            progress = self._read_head()
            if self._head is None:
                return progress
        return self._read_body(self._head)

    def take(self) -> bytes:
        """The request as it is handed on, and what has arrived behind it."""
        head = self._head
        if head is None or not head.is_rewritten:
            taken = bytes(self.received)
        else:
            body, length = bytes(self.received), head.length
            if head.chunks is not None:
                # A body that is too long is not handed on, and its length says so.
                length = head.most_bytes + 1 if self.is_too_long else len(head.chunks.content)
                body = b"" if self.is_too_long else bytes(head.chunks.content + self.received)
            lines = [*head.lines, b"Content-Length: %d" % length, b"", b""]
            taken = b"\r\n".join(lines) + body
        self.forget()
        return taken

    # ── the head ──

    def _read_head(self) -> Progress:
        received = self.received
        if received.startswith((b"\r", b"\n")):  # RFC 9112, section 2.2
            del received[: len(received) - len(received.lstrip(b"\r\n"))]
        if not received:
            return Progress.UNFINISHED
        if not received[:1].isalpha():  # the greeting of TLS, for example
            return self._refuse(BAD)
        # Only the last three bytes can be the beginning of an end that has arrived since.
        end = received.find(b"\r\n\r\n", max(0, self._seen - 3), MOST_HEAD_BYTES)
        self._seen = len(received)
        if end < 0:
            return self._refuse(HEAD_TOO_LONG) if len(received) >= MOST_HEAD_BYTES else Progress.UNFINISHED
        if received.count(b"\n", 0, end) != received.count(b"\r\n", 0, end):
            return self._refuse(BAD)
        lines = bytes(received[:end]).split(b"\r\n")
        if len(lines) > MOST_FIELDS + 1:
            return self._refuse(HEAD_TOO_LONG)
        try:
            self._head = self._framed(lines, end + 4)
        except _Bad:
            return self._refuse(BAD)
        if self._head.is_rewritten:
            del received[: end + 4]
        return Progress.UNFINISHED

    def _framed(self, lines: list[bytes], size: int) -> _Head:
        """How the request is framed. RFC 9112, section 6. Raises _Bad."""
        request = _REQUEST_LINE.fullmatch(lines[0])
        if request is None:
            self.is_last = True
            return _Head(lines, size)  # gunicorn's parser says what is wrong with it
        method, target, minor = request[1].decode(), request[2].decode(), request[3]
        head = _Head([lines[0]], size)
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            if line[:1] in b" \t":  # a folded line would belong to the one before, which may be left out
                raise _Bad
            name, value = name.lower(), value.strip(b" \t").lower()
            if name in (b"content-length", b"transfer-encoding", b"expect"):
                head.fields.setdefault(name, []).append(value)
            if name not in (b"content-length", b"transfer-encoding") and (name, value) != (b"expect", b"100-continue"):
                head.lines.append(line)
        lengths = head.fields.get(b"content-length", [])
        codings = head.fields.get(b"transfer-encoding", [])
        if len(lengths) + len(codings) > 1 or (lengths and _LENGTH.fullmatch(lengths[0]) is None):
            raise _Bad
        if codings and (codings != [b"chunked"] or minor == b"0"):
            raise _Bad
        head.expects = minor == b"1" and set(head.fields.get(b"expect", [])) == {b"100-continue"}
        head.length = int(lengths[0]) if lengths else 0
        if head.length or codings:
            head.most_bytes = self._body_bytes(method, target)
        if codings:
            head.chunks = ChunkReader(head.most_bytes)
        return head

    # ── the body ──

    def _read_body(self, head: _Head) -> Progress:
        progress = self._read_chunks(head, head.chunks) if head.chunks is not None else self._read_length(head)
        self.is_last = self.is_last or self.is_too_long
        if progress is Progress.UNFINISHED and head.expects and not self._continued and not self.held:
            self.answer, self._continued = _CONTINUE, True
        return progress

    def _read_length(self, head: _Head) -> Progress:
        self.is_too_long = head.length > head.most_bytes
        begun = 0 if head.is_rewritten else head.size
        return Progress.WHOLE if self.is_too_long or len(self.received) >= begun + head.length else Progress.UNFINISHED

    def _read_chunks(self, head: _Head, chunks: ChunkReader) -> Progress:
        try:
            chunks.read(self.received)
        except BadChunks:
            return self._refuse(BAD)
        self.is_too_long = chunks.is_too_long
        return Progress.WHOLE if chunks.is_whole or chunks.is_too_long else Progress.UNFINISHED

    def _refuse(self, answer: bytes) -> Progress:
        self.answer = answer
        return Progress.OVER
