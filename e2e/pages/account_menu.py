from playwright.sync_api import Page, expect

from pages.words import Words


class AccountMenu:
    """Who I am, how the page looks to me, and the way out."""

    def __init__(self, page: Page, words: Words) -> None:
        self._page = page
        self._words = words
        self.button = page.get_by_role("button", name=words.account)
        self.menu = page.get_by_role("dialog", name=words.account)

    def open(self) -> None:
        self.button.click()
        expect(self.menu).to_be_visible()

    def sign_out(self) -> None:
        self.open()
        self.menu.get_by_role("button", name=self._words.sign_out).click()
