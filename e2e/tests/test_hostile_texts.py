"""Texts made to be slow cost the reader's page no more than their length, and the blocks around them are still drawn."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, expect

from person import Person

KIB = 1024
PIECE = 32 * KIB
DOUBLED = 2.6
"""Work that is linear takes about twice as long for twice the text, square work four times."""
FLOOR_S = 0.2
"""Below this, what the page does anyway decides."""
RUNS = 3
END = "\n\n## The end\n"


def _repeated(unit: str) -> Callable[[int], str]:
    return lambda length: unit * (length // len(unit))


SHAPES: dict[str, Callable[[int], str]] = {
    "mail addresses": _repeated("a.b@example.com "),
    "names before an at sign": lambda length: _repeated("a.")(length) + "@",
    "an address with brackets": lambda length: "https://example.com/" + ")" * length,
    "lazy lines of a list in a quotation": _repeated("> - a\nb\n"),
    "mixed emphasis": _repeated("_a*"),
    "code spans": _repeated("`a"),
    "references": _repeated("[a][b]"),
    "table cells": lambda length: "|a|b|\n|-|-|\n" + _repeated("|snake_case_name|other_case_name|\n")(length),
}


# By the page itself, in each frame: Playwright's own locators walk through every element.
_DRAWN = """() => new Promise(resolve => {
  const look = () => {
    const headings = document.querySelectorAll('[data-stream-text] :is(h3, h4)')
    if ([...headings].some(heading => heading.textContent === 'The end')) resolve()
    else requestAnimationFrame(look)
  }
  look()
})"""


def _cpu_seconds(devtools: CDPSession) -> float:
    """CPU time of the page's main thread so far, without what the test asked of it."""
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"] - metrics["DevToolsCommandDuration"])


def _cost(reader: Person, room_id: str) -> float:
    """CPU seconds from entering the room until the whole text is drawn."""
    devtools = reader.context.new_cdp_session(reader.page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    reader.page.evaluate("location.hash = '#/'")
    expect(reader.room.log).to_have_count(0)
    before = _cpu_seconds(devtools)
    reader.page.evaluate("id => { location.hash = `#/rooms/${id}` }", room_id)
    reader.page.evaluate(_DRAWN)
    spent = _cpu_seconds(devtools) - before
    devtools.detach()
    return spent


def _room_with(author: Person, reader: Person, name: str, text: str) -> str:
    """The id of a new room that both are in, with one finished stream."""
    room_id: str = author.rest("POST", "/rooms", {"name": name, "kind": "public"})["id"]
    reader.join(room_id)
    author.produce(room_id, "text/markdown", [text[at : at + PIECE] for at in range(0, len(text), PIECE)])
    return room_id


@pytest.mark.timeout(240)
@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_costs_twice_the_time(ann: Person, bob: Person, unique: Callable[[str], str], shape: str) -> None:
    half, whole = (_room_with(ann, bob, unique("Long"), SHAPES[shape](length * KIB) + END) for length in (64, 128))
    costs = []
    for _ in range(RUNS):
        costs.append((_cost(bob, half), _cost(bob, whole)))
        least, most = (min(cost) for cost in zip(*costs, strict=True))
        if most <= max(FLOOR_S, DOUBLED * least):
            return
    pytest.fail(f"CPU seconds for 64 and 128 KiB: {costs}")
