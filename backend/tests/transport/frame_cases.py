"""Every WebSocket frame case: what a client that is connected to `/` sends, and what RFC 6455 wants to come of it."""

from dataclasses import dataclass

from transport.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame, text

PROTOCOL, NOT_UTF8, TOO_BIG = 1002, 1007, 1009

MOST_BYTES = 1_590_272
"""Of a packet, in Crosstalk and in the plain app."""


@dataclass(frozen=True)
class Answered:
    """These messages come back, among them or alone; the connection stays."""

    messages: tuple[str | bytes, ...] = ()
    pongs: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Ends:
    """The server closes with one of these codes. Nothing of what was wrong is answered."""

    codes: tuple[int, ...]


@dataclass(frozen=True)
class Case:
    sent: bytes
    wanted: Answered | Ends
    crumbs: int | None = None
    """Sent in slices of so many bytes."""


def echo(content: str) -> str:
    return f'42["my event","{content}"]'


def echoed(content: str) -> str:
    return f'42["my response","{content}"]'


def answered(*contents: str) -> Answered:
    return Answered(tuple(echoed(one) for one in contents))


def ends(*codes: int) -> Ends:
    return Ends(codes)


def in_parts(*parts: bytes | str, kind: int = TEXT) -> bytes:
    last = len(parts) - 1
    return b"".join(frame(kind if n == 0 else CONTINUATION, part, fin=n == last) for n, part in enumerate(parts))


def _sized(size: int) -> str:
    """An echo whose packet has this many bytes."""
    return "x" * (size - len(echo("")))


_HELLO = echo("hello")
_HEAD, _TAIL = _HELLO[:9], _HELLO[9:]
_PIECE = '451-["my event",{"_placeholder":true,"num":0}]'
_PIECE_ECHO = '451-["my response",{"_placeholder":true,"num":0}]'


def _attached(*frames: bytes) -> bytes:
    return text(_PIECE) + b"".join(frames)


def _attachment(content: bytes) -> Answered:
    return Answered((_PIECE_ECHO, content))


CASES: dict[str, Case] = {}

# ── lengths ──
for size in (20, 125, 126, 127, 128, 65_535, 65_536, 65_537, 100_000):
    CASES[f"a text of {size} bytes"] = Case(text(echo(_sized(size))), answered(_sized(size)))
for size in (0, 1, 125, 126, 65_535, 65_536):
    CASES[f"an attachment of {size} bytes"] = Case(_attached(frame(BINARY, b"\xfe" * size)), _attachment(b"\xfe" * size))
CASES |= {
    "an empty text": Case(text(""), ends(4400)),
    "16 bits for a short length": Case(text(_HELLO, length_bytes=2), ends(PROTOCOL)),
    "64 bits for a short length": Case(text(_HELLO, length_bytes=8), ends(PROTOCOL)),
    "64 bits for a length of 16": Case(text(echo("x" * 300), length_bytes=8), ends(PROTOCOL)),
    "16 bits for a length of 125": Case(frame(TEXT, "x" * 125, length_bytes=2), ends(PROTOCOL)),
    "64 bits for no length": Case(frame(BINARY, b"", length_bytes=8), ends(PROTOCOL)),
    "a length of 2^40 declared": Case(frame(BINARY, b"x", declared=2**40), ends(TOO_BIG)),
    "a text length of 2^40 declared": Case(text("4", declared=2**40), ends(TOO_BIG)),
    "a length of 2^63 - 1 declared": Case(frame(BINARY, b"x", declared=2**63 - 1), ends(TOO_BIG)),
    "a length of 2^63 declared": Case(frame(BINARY, b"x", declared=2**63), ends(PROTOCOL, TOO_BIG)),
    "a length of 2^64 - 1 declared": Case(frame(BINARY, b"x", declared=2**64 - 1), ends(PROTOCOL, TOO_BIG)),
    "one byte more than is allowed, declared": Case(text("4", declared=MOST_BYTES + 1), ends(TOO_BIG)),
    "parts that are too much together, the last declared": Case(
        frame(TEXT, "4", fin=False) + frame(CONTINUATION, b"", declared=MOST_BYTES), ends(TOO_BIG)
    ),
    "the largest length there may be, begun only": Case(text("4", declared=MOST_BYTES) + b"", Answered(())),
}

# ── masks ──
CASES |= {
    "an unmasked text": Case(text(_HELLO, key=None), ends(PROTOCOL)),
    "an unmasked binary": Case(_attached(frame(BINARY, b"x", key=None)), ends(PROTOCOL)),
    "an unmasked ping": Case(frame(PING, b"x", key=None), ends(PROTOCOL)),
    "an unmasked close": Case(frame(CLOSE, b"\x03\xe8", key=None), ends(PROTOCOL, 1006)),
    "an unmasked empty text": Case(text("", key=None), ends(PROTOCOL)),
    "an unmasked last part": Case(
        frame(TEXT, _HEAD, fin=False) + frame(CONTINUATION, _TAIL, key=None), ends(PROTOCOL)
    ),
    "an unmasked length of 2^40": Case(frame(BINARY, b"x", key=None, declared=2**40), ends(PROTOCOL, TOO_BIG)),
    "a mask of zeros": Case(text(_HELLO, key=bytes(4)), answered("hello")),
    "a mask of ones": Case(text(_HELLO, key=b"\xff" * 4), answered("hello")),
    "another mask in every part": Case(
        frame(TEXT, _HEAD, fin=False, key=b"abcd") + frame(CONTINUATION, _TAIL, key=b"\0\1\2\3"), answered("hello")
    ),
}  # fmt: skip

# ── bits and kinds that nobody has agreed on ──
for rsv in (1, 2, 3, 4, 5, 6, 7):
    CASES[f"reserved bits {rsv:03b}"] = Case(text(_HELLO, rsv=rsv), ends(PROTOCOL))
CASES |= {
    "a reserved bit in a ping": Case(frame(PING, b"x", rsv=4), ends(PROTOCOL)),
    "a reserved bit in a close": Case(frame(CLOSE, b"\x03\xe8", rsv=2), ends(PROTOCOL)),
    "a reserved bit in the second part": Case(
        frame(TEXT, _HEAD, fin=False) + frame(CONTINUATION, _TAIL, rsv=4), ends(PROTOCOL)
    ),
}  # fmt: skip
for kind in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
    CASES[f"kind {kind} of frame"] = Case(frame(kind, b"x"), ends(PROTOCOL))

# ── parts ──
CASES |= {
    "a text in two parts": Case(in_parts(_HEAD, _TAIL), answered("hello")),
    "a text in parts of a byte": Case(in_parts(*_HELLO), answered("hello")),
    "a text in parts of which some are empty": Case(in_parts("", _HEAD, "", "", _TAIL, ""), answered("hello")),
    "nothing, in parts": Case(in_parts("", "", ""), ends(4400)),
    "an attachment in parts": Case(_attached(in_parts(b"\xff", b"\xfe", b"", b"\xfd", kind=BINARY)), _attachment(b"\xff\xfe\xfd")),
    "a ping between two parts": Case(
        frame(TEXT, _HEAD, fin=False) + frame(PING, b"mid") + frame(CONTINUATION, _TAIL), Answered((echoed("hello"),), (b"mid",))
    ),
    "a pong between two parts": Case(
        frame(TEXT, _HEAD, fin=False) + frame(PONG, b"mid") + frame(CONTINUATION, _TAIL), answered("hello")
    ),
    "a close between two parts": Case(frame(TEXT, _HEAD, fin=False) + close(1000), ends(1000)),
    "pings between the parts of an attachment": Case(
        _attached(frame(BINARY, b"a", fin=False), frame(PING, b"1"), frame(CONTINUATION, b"b", fin=False), frame(PING, b"2"),
                  frame(CONTINUATION, b"c")),
        Answered((_PIECE_ECHO, b"abc"), (b"2",)),
    ),
    "a last part without a first": Case(frame(CONTINUATION, _HELLO), ends(PROTOCOL)),
    "a middle part without a first": Case(frame(CONTINUATION, _HELLO, fin=False), ends(PROTOCOL)),
    "a part more after the last": Case(in_parts(_HEAD, _TAIL) + frame(CONTINUATION, b"x"), ends(PROTOCOL)),
    "a text inside a text": Case(frame(TEXT, _HEAD, fin=False) + text(_HELLO), ends(PROTOCOL)),
    "a text begun inside a text": Case(frame(TEXT, _HEAD, fin=False) + frame(TEXT, _TAIL, fin=False), ends(PROTOCOL)),
    "a binary inside a text": Case(frame(TEXT, _HEAD, fin=False) + frame(BINARY, b"x"), ends(PROTOCOL)),
    "a text inside a binary": Case(_attached(frame(BINARY, b"x", fin=False), text(_HELLO)), ends(PROTOCOL)),
    "a ping in parts": Case(frame(PING, b"x", fin=False), ends(PROTOCOL)),
    "a pong in parts": Case(frame(PONG, b"x", fin=False), ends(PROTOCOL)),
    "a close in parts": Case(frame(CLOSE, b"\x03\xe8", fin=False), ends(PROTOCOL)),
}  # fmt: skip

# ── control frames ──
CASES |= {
    "a ping without a payload": Case(frame(PING), Answered((), (b"",))),
    "a ping of one byte": Case(frame(PING, b"x"), Answered((), (b"x",))),
    "a ping of 125 bytes": Case(frame(PING, bytes(range(125))), Answered((), (bytes(range(125)),))),
    "a ping that is no UTF-8": Case(frame(PING, b"\xff\xfe\x00"), Answered((), (b"\xff\xfe\x00",))),
    "a ping of 126 bytes": Case(frame(PING, bytes(126)), ends(PROTOCOL)),
    "a ping with a long form of length": Case(frame(PING, b"x", length_bytes=2), ends(PROTOCOL)),
    "a ping with a length of 2^40": Case(frame(PING, b"x", declared=2**40), ends(PROTOCOL)),
    "a pong of 126 bytes": Case(frame(PONG, bytes(126)), ends(PROTOCOL)),
    "a close of 126 bytes": Case(close(1000, b"x" * 124), ends(PROTOCOL)),
    "a pong that nobody asked for": Case(frame(PONG, b"hello"), Answered()),
    "a pong and then a ping": Case(frame(PONG, b"no") + frame(PING, b"yes"), Answered((), (b"yes",))),
    "ten pings in one segment": Case(b"".join(frame(PING, b"%d" % n) for n in range(10)), Answered((), (b"9",))),
}

# ── UTF-8 ──
CASES |= {
    "text beyond ASCII": Case(text(echo("κόσμε 😀 ß")), answered("κόσμε 😀 ß")),
    "a character cut between two parts": Case(in_parts(*[bytes([b]) for b in echo("😀é").encode()]), answered("😀é")),
    "a character cut by a ping": Case(
        frame(TEXT, echo("é").encode()[:14], fin=False) + frame(PING, b"x") + frame(CONTINUATION, echo("é").encode()[14:]),
        answered("é"),
    ),
    "the last code point": Case(text(echo("\U0010ffff")), answered("\U0010ffff")),
    "a noncharacter": Case(text(echo("\ufffe")), answered("\ufffe")),
}
for name, bad in {
    "a byte that never occurs": b"\xff",
    "a lone continuation byte": b"\x80",
    "a character that is cut": b"\xe2\x82",
    "a character of four bytes that is cut": b"\xf0\x9f\x98",
    "an overlong slash": b"\xc0\xaf",
    "an overlong NUL": b"\xe0\x80\x80",
    "a surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond the last code point": b"\xf4\x90\x80\x80",
    "a sequence of five bytes": b"\xf8\x88\x80\x80\x80",
}.items():
    broken = echo("§").encode().replace("§".encode(), bad)
    CASES[f"no UTF-8: {name}"] = Case(text(broken), ends(NOT_UTF8))
    CASES[f"no UTF-8, in parts: {name}"] = Case(in_parts(*[bytes([one]) for one in broken]), ends(NOT_UTF8))
CASES |= {
    "a character that the text's end cuts": Case(text(echo("x").encode() + b"\xc3"), ends(NOT_UTF8)),
    "a character that the last part leaves cut": Case(in_parts(b'42["', b"\xf0\x9f"), ends(NOT_UTF8)),
    "bytes that are no UTF-8, as an attachment": Case(_attached(frame(BINARY, b"\xff\xc0\x80")), _attachment(b"\xff\xc0\x80")),
}

# ── the end ──
CASES["a close without a code"] = Case(frame(CLOSE), ends(1000, 1005))
for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
    CASES[f"a close with {code}"] = Case(close(code, b"bye"), ends(code, 1000))
for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
    CASES[f"a close with {code}, which nobody may send"] = Case(close(code), ends(PROTOCOL))
CASES |= {
    "a close of one byte": Case(frame(CLOSE, b"\x03"), ends(PROTOCOL)),
    "a close with the longest reason": Case(close(1000, b"x" * 123), ends(1000)),
    "a close with a reason beyond ASCII": Case(close(1000, "tschüß".encode()), ends(1000)),
    "a close with a reason that is no UTF-8": Case(close(1000, b"\xff\xfe"), ends(NOT_UTF8, PROTOCOL)),
    "a close with a reason that is cut": Case(close(1000, "ü".encode()[:1]), ends(NOT_UTF8, PROTOCOL)),
    "a text after the close": Case(close(1000) + text(_HELLO), ends(1000)),
    "a ping after the close": Case(close(1000) + frame(PING, b"x"), ends(1000)),
    "garbage after the close": Case(close(1000) + b"\xff" * 40, ends(1000)),
    "two closes": Case(close(1000) + close(1001), ends(1000)),
    "bytes that are no frames": Case(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", ends(PROTOCOL)),
}

# ── segments ──
CASES |= {
    "a text in slices of a byte": Case(text(_HELLO), answered("hello"), crumbs=1),
    "a long text in slices of 7 bytes": Case(text(echo("y" * 300)), answered("y" * 300), crumbs=7),
    "a header of 64 bits in slices of a byte": Case(
        text(echo(_sized(65_536)))[:15], Answered(), crumbs=1
    ),
    "a ping in slices of a byte": Case(frame(PING, b"slow"), Answered((), (b"slow",)), crumbs=1),
    "a close in slices of a byte": Case(close(1000, b"bye"), ends(1000), crumbs=1),
    "parts and a ping in slices of 3 bytes": Case(
        frame(TEXT, _HEAD, fin=False) + frame(PING, b"mid") + frame(CONTINUATION, _TAIL), answered("hello"), crumbs=3
    ),
    "200 texts in one segment": Case(b"".join(text(echo(str(n))) for n in range(200)), answered(*map(str, range(200)))),
    "texts and pings in one segment": Case(
        b"".join(text(echo(str(n))) + frame(PING, b"%d" % n) for n in range(30)), Answered(tuple(echoed(str(n)) for n in range(30)), (b"29",))
    ),
    "a text and a half in one segment": Case(text(echo("one")) + text(echo("two"))[:9], answered("one")),
    "a good text before a bad frame": Case(text(echo("good")) + frame(3, b"x"), ends(PROTOCOL)),
}  # fmt: skip
