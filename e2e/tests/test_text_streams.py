"""Markdown that is drawn while it is written, long texts that stay smooth, and finished ones written again."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from inspection import Inspection
from pages.stream_view import StreamView
from people import People
from person import NARROW, WIDE, Looks, Person

ANSWER = """# How to begin

A **short** answer with `code`, *emphasis* and [a link](https://example.com/docs?a=1&b=2).

1. Install what is locked:

   ```sh
   make install

   make test
   ```

2. Then look at the result:
   - on the left, the rooms
   - on the right, the people

| Part | Cost |
|:-----|-----:|
| page | 80 kB |
| plot | 22 kB |

> Whoever reads this
> is not in a hurry. 慢慢来。

```python
def answer(question: str) -> str:

    return "42"  # of course
```

<img src=x onerror="alert(1)"> and [no link](javascript:alert(1)) do nothing.
"""


def write(person: Person, text: str, *, content_type: str = "text/markdown", pace_ms: int = 5) -> StreamView:
    source = {"kind": "text", "text": text, "pace_ms": pace_ms}
    body = {"client_id": uuid4().hex, "content_type": content_type, "source": source}
    person.rest("POST", f"/rooms/{person.room_id()}/streams", body)
    return person.room.stream()


def drawn(view: StreamView) -> str:
    html: str = view.text.locator(".markdown").evaluate(
        "box => [...box.querySelectorAll('.block')].map(block => block.innerHTML).join('')"
    )
    return html


def test_markdown_is_drawn_as_its_blocks_close(ann: Person, bob: Person, shared_room: str) -> None:
    write(ann, ANSWER)
    view = bob.room.stream()
    title = view.text.get_by_role("heading", name="How to begin")
    expect(title).to_be_visible()
    view.is_live()
    expect(view.text.locator("a")).to_have_attribute("rel", "noopener noreferrer nofollow")
    view.is_over("finished", within_s=40)
    expect(view.text.get_by_role("table")).to_contain_text("22 kB")
    expect(view.text.locator("pre")).to_have_text(["make install\n\nmake test\n", re.compile("of course")])
    expect(view.text.locator("img, script")).to_have_count(0)
    expect(view.text.get_by_role("link")).to_have_count(1)
    live = drawn(view)
    bob.reload()
    again = bob.room.stream()
    expect(again.text.get_by_role("table")).to_be_visible()
    assert drawn(again) == live, "what was seen being written is what is there afterwards"


# How many characters are put on the page, in whatever element; and the longest that it was busy, for whoever is curious.
_WATCH = """log => {
  window.drawn = 0
  window.longest = 0
  const lengths = nodes => [...nodes].reduce((sum, node) => sum + node.textContent.length, 0)
  new MutationObserver(changes => {
    for (const change of changes) window.drawn += lengths(change.addedNodes)
  }).observe(log, { childList: true, subtree: true })
  new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration)
  }).observe({ type: 'longtask' })
}"""


@pytest.mark.parametrize("content_type", ["text/plain", "text/markdown"])
def test_of_a_text_of_200_kb_every_part_is_drawn_once_or_twice(
    ann: Person, bob: Person, shared_room: str, content_type: str
) -> None:
    parts = [f"## Part {n}\n\nSome words with **weight**, {'and more of them ' * 12}.\n\n- one\n- two\n\n" for n in range(800)]
    length = sum(map(len, parts))
    assert length >= 200_000
    bob.room.log.evaluate(_WATCH)
    ann.produce(ann.room_id(), content_type, ["".join(parts[at : at + 8]) for at in range(0, len(parts), 8)])
    view = bob.room.stream()
    view.is_over("finished", within_s=60)
    expect(view.box).to_have_attribute("data-stream-end", str(length))
    expect(view.text).to_contain_text("Part 799")
    drawn_characters = bob.page.evaluate("window.drawn")
    print(f"{content_type}: {drawn_characters / length:.1f} times, busy for {bob.page.evaluate('window.longest')} ms at most")
    assert drawn_characters <= 4 * length


def test_a_finished_text_is_written_again_as_it_was(ann: Person, shared_room: str) -> None:
    text = "once upon a time, and slowly, word after word, to the end"
    view = write(ann, text, content_type="text/plain", pace_ms=60)
    view.is_live()
    expect(view.replay).to_have_count(0)
    view.is_over("finished")
    view.reads(text)
    before = view.box.bounding_box()
    grown = view.record_growth()
    view.replay.click()
    expect(view.replay).to_have_text("Stop replay")
    expect(view.replay).to_be_focused()
    view.box.get_by_role("button", name="4× speed").click()
    expect(view.replay).to_have_text("Replay")
    view.reads(text)
    lengths = grown()
    assert lengths[-1] == len(text)
    assert len(lengths) >= 10, f"it was not written, it was there: {lengths}"
    assert view.box.bounding_box() == before
    view.replay.click()
    view.has_at_least(1)
    view.replay.click()
    view.reads(text)


def test_nothing_is_read_out_that_was_written_before(ann: Person, bob: Person, shared_room: str) -> None:
    view = write(
        ann, "First of all, this. Then that. " + "And it goes on for a while. " * 20, content_type="text/plain", pace_ms=20
    )
    view.has_at_least(60)
    voice = "() => new MutationObserver(() => (window.heard += voice.textContent)).observe(voice, {childList: true, characterData: true, subtree: true})"
    bob.page.add_init_script("window.heard = ''")
    bob.reload()
    bob.page.evaluate("() => { window.voice = document.querySelector('[data-announcer]'); (" + voice + ")() }")
    # Not wait_for_function: it evaluates text in the page, which the page's policy refuses.
    bob.page.evaluate(
        "() => new Promise(resolve => { const look = () => window.heard.includes('goes on') ? resolve() : requestAnimationFrame(look); look() })"
    )
    heard = bob.page.evaluate("window.heard")
    assert "First of all" not in heard
    assert not re.search(r"(^|[.] )\w{1,3}$", heard), f"sentences, not characters: {heard!r}"


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param(Looks(size=size, language=language, still=True), id=f"{size[0]}-{language}")
        for size in (WIDE, NARROW)
        for language in ("en", "zh")
    ],
)
def test_axe_finds_nothing_in_it(people: People, looks: Looks, pytestconfig: pytest.Config, results: Path) -> None:
    person = people.enter("Ann", looks)
    person.rooms.create(f"Answers {uuid4().hex[:6]}")
    write(person, ANSWER).is_over("finished", within_s=40)
    view = write(person, ANSWER * 5, pace_ms=30)
    view.has_at_least(200, within_s=40)
    inspection = Inspection(person, results / "screens" if pytestconfig.getoption("--screens") else None)
    inspection.look("markdown-live")
    # By key: the button moves while the text grows.
    view.stop.press("Enter")
    view.is_over("stopped")
    inspection.look("markdown-stopped")
    view.replay.click()
    expect(view.box.locator("[aria-pressed]")).to_be_visible()
    inspection.look("markdown-replay")
    person.room.log.locator("[data-stream-state]").first.scroll_into_view_if_needed()
    person.page.mouse.move(600, 300)
    person.page.mouse.wheel(0, -3000)
    inspection.look("markdown-finished")
    inspection.found_nothing()
