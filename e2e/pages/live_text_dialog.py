from playwright.sync_api import Page, expect

from pages.dialog import Dialog
from pages.words import Words


class LiveTextDialog(Dialog):
    """A text is pasted here, to be written before everybody's eyes."""

    def __init__(self, page: Page, words: Words) -> None:
        super().__init__(page, words, words.live_text)
        self.text = self.box.get_by_role("textbox", name=words.text)
        self.pace = self.box.get_by_role("slider", name=words.pace)
        self.plain = self.box.get_by_role("radio").first
        self.markdown = self.box.get_by_role("radio", name="Markdown")
        self.start = self.box.get_by_role("button", name=words.start_writing)

    def write(self, text: str, speed: int, *, markdown: bool = False) -> None:
        """Starts a live text; `speed` from 0, five seconds a character, to 100, five milliseconds."""
        (self.markdown if markdown else self.plain).check()
        self.text.fill(text)
        self.pace.fill(str(speed))
        expect(self.pace).to_have_value(str(speed))
        self.start.click()
        self.is_closed()
