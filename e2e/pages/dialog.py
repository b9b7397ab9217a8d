from playwright.sync_api import Page, expect

from pages.words import Words


class Dialog:
    """Any dialog, known by its title."""

    def __init__(self, page: Page, words: Words, title: str) -> None:
        self.box = page.get_by_role("dialog", name=title)
        self.cross = self.box.get_by_role("button", name=words.close)

    def is_open(self) -> None:
        expect(self.box).to_be_visible()

    def is_closed(self) -> None:
        expect(self.box).to_have_count(0)

    def close(self) -> None:
        self.cross.click()
        self.is_closed()
