"""WebSocket frames as bytes: right ones, and every wrong one."""

from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = b"\x37\xfa\x21\x3d"


def masked(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    pad = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ pad).to_bytes(size, "big")


def frame(
    kind: int,
    payload: bytes | str = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    key: bytes | None = KEY,
    declared: int | None = None,
    length_bytes: int | None = None,
) -> bytes:
    """`declared` lies about the length; `length_bytes` (0, 2 or 8) writes it in a form that need not be the shortest."""
    content = payload.encode() if isinstance(payload, str) else payload
    size = len(content) if declared is None else declared
    form = length_bytes if length_bytes is not None else 0 if size < 126 else 2 if size < 65_536 else 8
    first = (128 if fin else 0) | rsv << 4 | kind
    second = (128 if key is not None else 0) | {0: size, 2: 126, 8: 127}[form]
    head = bytes((first, second)) + (size.to_bytes(form, "big") if form else b"")
    return head + (content if key is None else key + masked(content, key))


def text(content: str | bytes, **how: object) -> bytes:
    return frame(TEXT, content, **how)  # type: ignore[arg-type]


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


@dataclass(frozen=True)
class Frame:
    fin: bool
    kind: int
    payload: bytes


class Broken(AssertionError):
    """The server wrote what RFC 6455 does not allow a server to write."""


def take(unread: bytearray) -> Frame | None:
    """The next frame of a server, removed from what is unread; None while it is not whole. Raises Broken."""
    if len(unread) < 2:
        return None
    first, second = unread[0], unread[1]
    kind = first & 15
    if first & 0x70 or kind not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG) or second & 128:
        raise Broken(f"no frame of a server begins with {bytes(unread[:16])!r}")
    size, begin = second & 127, 2
    if size > 125:
        form = 2 if size == 126 else 8
        if len(unread) < 2 + form:
            return None
        size, begin = int.from_bytes(unread[2 : 2 + form], "big"), 2 + form
        if size < (126 if form == 2 else 65_536):
            raise Broken(f"a length of {size} in {form} bytes")
    if kind >= CLOSE and (size > 125 or not first & 128):
        raise Broken("a control frame that is long or in parts")
    if len(unread) < begin + size:
        return None
    found = Frame(bool(first & 128), kind, bytes(unread[begin : begin + size]))
    del unread[: begin + size]
    return found


def ends_with_a_frame(sent: bytes) -> bool:
    """Whether what a client sent ends where a frame ends; else whatever follows is taken for its rest."""
    at = 0
    while at + 2 <= len(sent):
        size, begin = sent[at + 1] & 127, at + 2
        form = {126: 2, 127: 8}.get(size, 0)
        size = int.from_bytes(sent[begin : begin + form], "big") if form else size
        at = begin + form + (4 if sent[at + 1] & 128 else 0) + size
    return at == len(sent)
