"""Text piece by piece."""

from itertools import pairwise

from crosstalk.wirecheck.client.connection import Connection
from crosstalk.wirecheck.client.desk import Desk
from crosstalk.wirecheck.client.outcome import Unlike, row, show
from crosstalk.wirecheck.client.rows.events import expect_ack

_TEXT = "Piece by piece: 你好, 🙂👩🏽‍🚀!"
_PACE_MS = 50
HELD_BACK = "something holds them back"
"""Stands in what came when pieces did not come one by one; the diagnosis looks for it."""
# Two hundred different characters, so that one out of its place is seen; a quarter of them outside the BMP.
_LONG = "".join(chr(code) for start, count in ((0x4E00, 150), (0x1F600, 50)) for code in range(start, start + count))


def _typed(line: Connection, text: str, patience: float) -> list[float]:
    """Waits for the whole text; returns when each piece came."""
    pieces = line.hear_many("new_char", len(text), patience, until="stream_end")
    came = [one.arguments[0] if len(one.arguments) == 1 else one.arguments for one in pieces]
    if came != list(text):
        wrong = next((at for at, (is_, want) in enumerate(zip(came, text, strict=False)) if is_ != want), len(came))
        raise Unlike(
            f"{len(came)} of {len(text)} pieces; the first wrong one is number {wrong + 1}: {show(came[wrong : wrong + 3])}"
        )
    line.hear("stream_end", len(text))
    line.fence()
    if len(line.of("new_char")) != len(text) or len(line.of("stream_end")) != 1:
        raise Unlike(f"more came after the end: {len(line.of('new_char'))} pieces, {len(line.of('stream_end'))} ends")
    return [one.at for one in pieces]


@row(
    "typewriter",
    f"new_char for each character, whole emoji among them, one every {_PACE_MS} ms and not all at the end; stream_end",
)
def typewriter(desk: Desk) -> str:
    line = desk.open()
    expect_ack(line, (), "start_stream", {"text": _TEXT, "pace_ms": _PACE_MS})
    at = _typed(line, _TEXT, 12)
    took = (at[-1] - at[0]) * 1000
    planned = (len(_TEXT) - 1) * _PACE_MS
    moments = 1 + sum(later - earlier > _PACE_MS / 2000 for earlier, later in pairwise(at))
    if took < planned / 2 or moments < len(_TEXT) / 4:
        raise Unlike(f"{len(at)} pieces at {moments} moments within {took:.0f} ms, planned were {planned} ms: {HELD_BACK}")
    return f"{len(at)} pieces in {took:.0f} ms"


@row(
    "start_stream, default",
    "without arguments a text of the server's own begins; stop_stream answers how much was sent, no stream_end",
)
def default_stream(desk: Desk) -> str:
    line = desk.open()
    expect_ack(line, (), "start_stream")
    pieces = line.hear_many("new_char", 3, 5)
    if len(pieces) < 3:
        raise Unlike(f"{len(pieces)} pieces within 5 s")
    if odd := [one.arguments for one in pieces if len(one.arguments) != 1 or not _is_one_character(one.arguments[0])]:
        raise Unlike(f"new_char brought {show(odd[0])}")
    [sent] = line.ask("stop_stream") or (None,)
    line.fence()
    came = len(line.of("new_char"))
    if sent != came or line.of("stream_end"):
        raise Unlike(f"stop_stream answered {show(sent)}, {came} pieces had come, {len(line.of('stream_end'))} stream_end")
    return f"stopped after {came}"


@row("stop_stream, none", "ack: 0 when nothing is running")
def stop_nothing(desk: Desk) -> str:
    line = desk.open()
    expect_ack(line, (0,), "stop_stream")
    return "0"


@row("start_stream twice", "another start_stream ends the one before: its rest never comes, nor its stream_end")
def start_twice(desk: Desk) -> str:
    line = desk.open()
    line.ask("start_stream", {"text": "a" * 500, "pace_ms": 20})
    line.hear("new_char", "a")
    expect_ack(line, (), "start_stream", {"text": "bcd", "pace_ms": 20})
    line.hear("stream_end", 3)
    line.fence()
    text = "".join(str(one.arguments[0]) for one in line.of("new_char"))
    if text.lstrip("a") != "bcd" or len(line.of("stream_end")) != 1:
        raise Unlike(f"the text was {show(text)}, with {len(line.of('stream_end'))} stream_end")
    return f"{len(text) - 3} of the first, then all of the second"


@row("two streams", "two clients' streams do not mix")
def two_streams(desk: Desk) -> str:
    texts = ("0123456789", "abcdefghij")
    lines = (desk.open(), desk.open())
    for line, text in zip(lines, texts, strict=True):
        line.emit("start_stream", {"text": text, "pace_ms": 10})
    for line, text in zip(lines, texts, strict=True):
        _typed(line, text, 10)
    return "each got its own"


@row("200 in order", "200 events from a background task, as fast as they go: all of them, in order, none twice")
def two_hundred(desk: Desk) -> str:
    line = desk.open()
    for pace in (0, 5):
        line.ask("start_stream", {"text": _LONG, "pace_ms": pace})
        _typed(line, _LONG, 12)
        line.forget()
    return "200 at pace 0 and 200 at pace 5 ms"


def _is_one_character(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and not "\ud800" <= value <= "\udfff"
