from playwright.sync_api import Page

from pages.words import Words


class Unreachable:
    """What is told instead of the entrance when the API cannot be used from here."""

    def __init__(self, page: Page, words: Words) -> None:
        self.alert = page.get_by_role("alert")
        self.title = self.alert.get_by_role("heading", name=words.unreachable)
        self.try_again = self.alert.get_by_role("button", name=words.try_again)
