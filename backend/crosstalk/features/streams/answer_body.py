"""The body of a model's answer, as bytes that are bounded: in time, and in what one event or one compressed piece may hold."""

import time
import zlib
from collections.abc import Callable, Iterable, Iterator

import httpx

from crosstalk.features.streams.model_errors import ModelCut, ModelRefused

EVENT_BYTES = 4 * 1_048_576
"""An event ends at a blank line, and is a few hundred bytes. A longer one is no event of this protocol."""
_PART_BYTES = 65_536
_BOM = b"\xef\xbb\xbf"
UNREADABLE = "The model's answer could not be read."


class AnswerBody(httpx.SyncByteStream):
    """Raises ModelError when a bound is passed; reports each arrival of bytes."""

    def __init__(self, answer: httpx.Response, *, most_s: float, on_bytes: Callable[[], None]) -> None:
        raw = answer.stream
        assert isinstance(raw, httpx.SyncByteStream)  # of a synchronous client
        self._raw = raw
        self._until = time.monotonic() + most_s
        self._on_bytes = on_bytes
        # Decoded here and not by httpx, which has no bound for what a piece becomes.
        self._encoding = answer.headers.pop("Content-Encoding", "identity").strip().lower()

    def __iter__(self) -> Iterator[bytes]:
        since_blank_line = 0
        end = b""
        for part in _without_bom(self._decoded()):
            ends = (end + part).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            blank = ends.rfind(b"\n\n")
            since_blank_line = since_blank_line + len(part) if blank < 0 else len(ends) - blank
            end = part[-3:]
            if since_blank_line > EVENT_BYTES:
                raise ModelRefused(UNREADABLE)
            yield part

    def close(self) -> None:
        self._raw.close()

    def _decoded(self) -> Iterator[bytes]:
        if self._encoding in ("", "identity"):
            yield from self._arriving()
            return
        if self._encoding not in ("gzip", "x-gzip", "deflate"):
            raise ModelRefused(UNREADABLE)
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, by its first bytes
        try:
            for part in self._arriving():
                while part:
                    yield inflate.decompress(part, _PART_BYTES)
                    part = inflate.unconsumed_tail
        except zlib.error as broken:
            raise ModelRefused(UNREADABLE) from broken

    def _arriving(self) -> Iterator[bytes]:
        for part in self._raw:
            self._on_bytes()
            if time.monotonic() > self._until:
                raise ModelCut("The model took too long.")
            yield part


def _without_bom(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Without a byte order mark at the start, in however many parts it arrives."""
    first = b""
    started = False
    for part in parts:
        if not started:
            first += part
            if len(first) < len(_BOM) and _BOM.startswith(first):
                continue
            part, started = first.removeprefix(_BOM), True
        if part:
            yield part
    if not started and first:
        yield first


def bounded(parts: Iterable[bytes], most: int) -> bytes:
    """The first bytes of a body, at most `most` and one part more."""
    read = bytearray()
    for part in parts:
        read += part
        if len(read) > most:
            break
    return bytes(read)
