"""Frames, packets and payloads that a seed makes up: right ones, nearly right ones, and rubbish."""

import json
import random
from collections.abc import Callable

from transport.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame, text

GOOD = (
    '42["my event",1]', '427["my event",{"a":[1,"2",null]}]', '42["message","hello"]', '42["broadcast","x"]', '40', '40/test,', "41/test,",
    '42/test,3["my event","é😀"]', '42["confirm",[]]', "431[]", '42["unknown",1]', '425["unknown"]', "3", '42["my_event",1,2,3]',
    '40/nowhere,{"token":"x"}', '40{"refuse":"no"}', '42["join",{"username":"a","room":"b"}]', '421["whoami"]', "3probe", '42/nowhere,["x"]',
)  # fmt: skip
TOKENS = (
    "0", "1", "2", "3", "4", "5", "6", "40", "41", "42", "43", "44", "45", "46", "/", ",", "/test", "/chat", "[", "]", "{", "}", '"', "\\", ":",
    "-", "1-", "99-", "9" * 30, "NaN", "1e999", "-0", "null", "true", '"my event"', '"connect"', '"disconnect"', '{"_placeholder":true,"num":0}',
    '{"_placeholder":true,"num":-1}', "\0", "\ud7ff", "😀", "\x1e", " ", "\n", "[[[[", "]]]]", '"\\ud800"', '"\\u0000"', "b", "?", "x" * 200,
)  # fmt: skip
BINARY_PACKET = '451-["my event",{"_placeholder":true,"num":0}]'


class Noise:
    """One seed's. `script()` is what one connection sends, bit by bit."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._kinds: tuple[Callable[[], bytes], ...] = (
            self._good, self._good, self._good, self._mutated_packet, self._tokens, self._odd_frame, self._mutated_bytes, self._rubbish,
            self._parts, self._attachment, self._control, self._close,
        )  # fmt: skip

    def script(self, longest: int) -> list[bytes]:
        return [self._rng.choice(self._kinds)() for _ in range(self._rng.randint(1, longest))]

    def body(self) -> bytes:
        """A polling request's."""
        packets = [self._rng.choice((self._packet, self._broken_packet, self._line))() for _ in range(self._rng.randint(0, 6))]
        body = "\x1e".join(packets).encode("utf-8", "surrogatepass")
        return self._bent(body) if self._rng.random() < 0.2 else body

    # ── packets ──

    def _packet(self) -> str:
        return self._rng.choice(GOOD)

    def _line(self) -> str:
        return "".join(self._rng.choices(TOKENS, k=self._rng.randint(0, 8)))

    def _broken_packet(self) -> str:
        packet = list(self._packet())
        for _ in range(self._rng.randint(1, 3)):
            at = self._rng.randrange(len(packet) + 1)
            how = self._rng.randrange(4)
            if how == 0:
                packet.insert(at, self._rng.choice(TOKENS))
            elif how == 1 and packet:
                del packet[at - 1]
            elif how == 2:
                del packet[at:]
            else:
                packet[at:at] = packet[: self._rng.randint(0, 9)]
        return "".join(packet)

    # ── frames ──

    def _good(self) -> bytes:
        return text(self._packet())

    def _mutated_packet(self) -> bytes:
        return text(self._broken_packet())

    def _tokens(self) -> bytes:
        return text(self._line())

    def _rubbish(self) -> bytes:
        return self._rng.randbytes(self._rng.randint(1, 60))

    def _mutated_bytes(self) -> bytes:
        return self._bent(text(self._packet(), key=self._rng.randbytes(4)))

    def _bent(self, content: bytes) -> bytes:
        bent = bytearray(content or b"4")
        for _ in range(self._rng.randint(1, 4)):
            bent[self._rng.randrange(len(bent))] ^= 1 << self._rng.randrange(8)
        return bytes(bent)

    def _odd_frame(self) -> bytes:
        content = self._rng.choice((self._packet().encode(), self._rng.randbytes(self._rng.randint(0, 300)), b""))
        return frame(
            self._rng.randrange(16),
            content,
            fin=self._rng.random() < 0.8,
            rsv=self._rng.choice((0, 0, 0, 0, 1, 2, 4)),
            key=self._rng.choice((b"abcd", bytes(4), self._rng.randbytes(4), None)),
            declared=self._rng.choice((None, None, None, None, 2**40, 2**63, 126, 65_536)),
        )

    def _parts(self) -> bytes:
        content = self._packet().encode()
        cuts = sorted(self._rng.choices(range(len(content) + 1), k=self._rng.randint(1, 4)))
        pieces = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
        frames = [frame(TEXT if n == 0 else CONTINUATION, piece, fin=n == len(pieces) - 1) for n, piece in enumerate(pieces)]
        if self._rng.random() < 0.5:
            frames.insert(self._rng.randrange(len(frames)), frame(PING, b"mid"))
        if self._rng.random() < 0.2:
            self._rng.shuffle(frames)
        return b"".join(frames)

    def _attachment(self) -> bytes:
        count = self._rng.choice((1, 1, 1, 1, 0, 2))
        return text(BINARY_PACKET) + b"".join(
            frame(BINARY, self._rng.randbytes(self._rng.randint(0, 99))) for _ in range(count)
        )

    def _control(self) -> bytes:
        return frame(self._rng.choice((PING, PING, PONG)), self._rng.randbytes(self._rng.choice((0, 1, 60, 125, 126, 200))))

    def _close(self) -> bytes:
        if self._rng.random() < 0.7:
            return self._good()
        return self._rng.choice(
            (close(self._rng.randrange(65_536)), frame(CLOSE, self._rng.randbytes(self._rng.randint(0, 130))))
        )


def readable(script: list[bytes]) -> str:
    """For the report of a failure."""
    return json.dumps([one.hex() for one in script])
