from typing import Literal

from playwright.sync_api import Locator, Page, expect

from pages.dialog import Dialog
from pages.words import Words


class RoomList:
    """My rooms, the public ones, and the way to a new one."""

    def __init__(self, page: Page, words: Words) -> None:
        self._page = page
        self._words = words
        self.mine = page.get_by_role("list", name=words.my_rooms)
        self.public = page.get_by_role("list", name=words.public_rooms)
        self.new_room = page.get_by_role("button", name=words.new_room)
        self.join_lobby = page.get_by_role("button", name=words.join_lobby)
        self.accept = page.get_by_role("button", name=words.accept_invitation)
        self.creation = Dialog(page, words, words.new_room)

    def link(self, name: str) -> Locator:
        """A room of mine; its name goes on with what is unread."""
        return self.mine.get_by_role("link").filter(has_text=name)

    def unread(self, name: str) -> Locator:
        return self.link(name).locator("[data-unread]")

    def public_link(self, name: str) -> Locator:
        return self.public.get_by_role("link").filter(has_text=name)

    def create(self, name: str, kind: Literal["public", "private"] = "public") -> None:
        self.new_room.click()
        self.creation.box.get_by_role("textbox", name=self._words.room_name).fill(name)
        if kind == "private":
            self.creation.box.get_by_role("radio", name=self._words.invited_people).check()
        self.creation.box.get_by_role("button", name=self._words.create_room).click()
        self._shows(name)

    def join(self, name: str) -> None:
        self.public.get_by_role("button", name=self._words.join.format(name)).click()
        self._shows(name)

    def join_here(self, name: str) -> None:
        """Joins the room whose address was opened."""
        self._page.get_by_role("main").get_by_role("button", name=self._words.join.format(name)).click()
        self._shows(name)

    def open(self, name: str) -> None:
        self.link(name).click()
        self._shows(name)

    def _shows(self, name: str) -> None:
        expect(self._page.get_by_role("heading", level=1, name=name)).to_be_visible()
        expect(self._page.get_by_role("log", name=self._words.messages_in.format(name))).to_be_visible()
