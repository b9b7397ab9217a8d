from typing import Literal

from playwright.sync_api import Page, expect

from pages.words import Words


class Entrance:
    """Where one says who one is."""

    def __init__(self, page: Page, words: Words) -> None:
        self._words = words
        self._ways = {
            "guest": page.get_by_role("radio", name=words.guest),
            "sign-in": page.get_by_role("radio", name=words.sign_in),
            "sign-up": page.get_by_role("radio", name=words.sign_up),
        }
        self.name = page.get_by_role("textbox", name=words.your_name)
        self.password = page.get_by_label(words.password, exact=True)
        self.show_password = page.get_by_role("button", name=words.show_password)
        self.enter = page.get_by_role("button", name=words.enter_as_guest)
        self._buttons = {
            "sign-in": page.get_by_role("button", name=words.sign_in),
            "sign-up": page.get_by_role("button", name=words.sign_up),
        }
        self.notice = page.get_by_role("note")

    def choose(self, way: Literal["guest", "sign-in", "sign-up"]) -> None:
        self._ways[way].check()

    def as_guest(self, name: str) -> None:
        self.name.fill(name)
        self.enter.click()

    def with_account(self, way: Literal["sign-in", "sign-up"], name: str, password: str) -> None:
        self.choose(way)
        self.name.fill(name)
        self.password.fill(password)
        self._buttons[way].click()

    def is_shown(self) -> None:
        expect(self._ways["guest"]).to_be_visible()
