import re
from collections.abc import Callable
from contextlib import suppress

from playwright.sync_api import Locator, TimeoutError, expect

from pages.words import Words

# Collects every length that the text is seen to have, frame by frame.
_RECORD = """text => {
  const lengths = [text.textContent.length]
  window.seenLengths = lengths
  new MutationObserver(() => {
    const length = text.textContent.length
    if (length !== lengths.at(-1)) lengths.push(length)
  }).observe(text, { childList: true, characterData: true, subtree: true })
}"""

_CARET = """text => {
  const caret = getComputedStyle(text.lastElementChild ?? text, '::after')
  return caret.content !== 'none' && parseFloat(caret.width) > 0 && caret.display !== 'none'
}"""


class StreamView:
    """A live text in a room, while it is written and after."""

    def __init__(self, box: Locator, words: Words) -> None:
        self.box = box
        self.text = self.box.locator("[data-stream-text]")
        self.receipt = self.box.locator("[data-receipt]")
        self.stop = self.box.get_by_role("button", name=words.stop)
        self.replay = self.box.get_by_role("button", name=words.replay)

    def is_live(self) -> None:
        expect(self.box).to_have_attribute("data-stream-state", "open")

    def is_over(self, state: str, *, within_s: float = 15) -> None:
        expect(self.box).to_have_attribute("data-stream-state", state, timeout=within_s * 1000)

    def has_at_least(self, characters: int, *, within_s: float = 15) -> None:
        expect(self.text).to_have_text(re.compile(rf"^[\s\S]{{{characters},}}$"), timeout=within_s * 1000)

    def reads(self, text: str, *, within_s: float = 15) -> None:
        """Exactly this, every character of it, as soon as it has been revealed."""
        whole = "([box, text]) => box.textContent === text"
        with suppress(TimeoutError):  # what is there instead tells more
            self.text.page.wait_for_function(whole, arg=[self.text.element_handle(), text], timeout=within_s * 1000)
        assert self.shown() == text

    def shown(self) -> str:
        """Exactly what is there: not as it is laid out, but every character of it."""
        return self.text.text_content() or ""

    def has_caret(self) -> bool:
        return bool(self.text.evaluate(_CARET))

    def record_growth(self) -> Callable[[], list[int]]:
        """From now on, every length that the text is seen to have; call it for those up to then."""
        self.text.evaluate(_RECORD)
        return lambda: self.text.page.evaluate("window.seenLengths")
