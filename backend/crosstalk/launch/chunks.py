"""A body in chunks, decoded as it arrives. RFC 9112, section 7.1."""

import re

# A body of many tiny chunks costs far more to read than it is worth: so many are taken, and beyond the first few only as many
# as there are bytes for.
MOST_CHUNKS = 1_000
_FIRST_FEW = 32
_AVERAGE_BYTES = 64
_MOST_TRAILER_BYTES = 4_096
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]{0,8};[\t -~]{0,256})?\r\n")
_LONGEST_SIZE_LINE = 300
_TRAILER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}):[\t -~\x80-\xff]*")
# RFC 9110, section 6.5.1: what would change how the message is framed, routed or authorised.
_NO_TRAILERS = frozenset({b"authorization", b"content-length", b"host", b"te", b"trailer", b"transfer-encoding"})


class BadChunks(ValueError):
    """What arrived is not a body in chunks, or one that costs too much to read."""


class ChunkReader:
    """`content` grows while chunks are read, up to `most_bytes`; then `is_too_long` is set, and nothing more is read."""

    def __init__(self, most_bytes: int) -> None:
        self.content = bytearray()
        self.is_whole = False
        self.is_too_long = False
        self._most_bytes = most_bytes
        self._chunks = 0
        self._left: int | None = None
        """Bytes of the current chunk that are still to come; None between two chunks."""
        self._is_last = False

    def read(self, received: bytearray) -> None:
        """Takes from the front of `received` what belongs to the body. Raises BadChunks."""
        at = 0
        while not (self.is_whole or self.is_too_long):
            end = self._step(received, at)
            if end == at:
                break
            at = end
        del received[:at]

    def _step(self, received: bytearray, at: int) -> int:
        """Reads one thing; returns where the next begins, or `at` when it is not complete."""
        if self._is_last:
            return self._trailers(received, at)
        if self._left is None:
            return self._size_line(received, at)
        if self._left:
            piece = received[at : at + self._left]
            self.content += piece
            self._left -= len(piece)
            return at + len(piece)
        if not b"\r\n".startswith(received[at : at + 2]):
            raise BadChunks("a chunk without its end")
        if len(received) < at + 2:
            return at
        self._left = None
        return at + 2

    def _size_line(self, received: bytearray, at: int) -> int:
        found = _SIZE_LINE.match(received, at)
        if found is None:
            begun = received[at : at + _LONGEST_SIZE_LINE]
            if len(begun) == _LONGEST_SIZE_LINE or b"\n" in begun:
                raise BadChunks("not the size of a chunk")
            return at
        self._left = int(found[1], 16)
        self._is_last = self._left == 0
        self._chunks += 1
        if self._chunks > min(MOST_CHUNKS, _FIRST_FEW + len(self.content) // _AVERAGE_BYTES):
            raise BadChunks("too many chunks")
        self.is_too_long = len(self.content) + self._left > self._most_bytes
        return found.end()

    def _trailers(self, received: bytearray, at: int) -> int:
        """They are checked and dropped."""
        end = at
        if not received.startswith(b"\r\n", at):
            found = received.find(b"\r\n\r\n", at, at + _MOST_TRAILER_BYTES)
            if found < 0:
                if len(received) - at >= _MOST_TRAILER_BYTES:
                    raise BadChunks("the trailers are too long")
                return at
            end = found + 2
        for line in bytes(received[at:end]).split(b"\r\n")[:-1]:
            field = _TRAILER.fullmatch(line)
            if field is None or field[1].lower() in _NO_TRAILERS:
                raise BadChunks("not a trailer")
        self.is_whole = True
        return end + 2
