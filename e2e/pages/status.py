from typing import Literal

from playwright.sync_api import Page, expect

from pages.words import Words


class Status:
    """Whether the page is connected, over what, and how far behind it is."""

    def __init__(self, page: Page, words: Words) -> None:
        self._page = page
        self.box = page.locator("[data-status]")
        self.button = self.box.get_by_role("button", name=words.connection)
        self.details = page.get_by_role("dialog", name=words.connection)
        self.banner = page.locator("[data-banner]")
        self._choices = {
            "auto": words.automatic,
            "polling": words.polling_only,
            "websocket": words.websocket_only,
        }

    def is_connected(self, *, within_s: float = 15) -> None:
        expect(self.box).to_have_attribute("data-phase", "online", timeout=within_s * 1000)

    def is_offline(self) -> None:
        expect(self.box).not_to_have_attribute("data-phase", "online")

    def is_whole(self) -> None:
        """Nothing is missing here, and nothing waits to be sent."""
        self.is_connected()
        expect(self.box).to_have_attribute("data-behind", "0")
        expect(self.box).to_have_attribute("data-unsent", "0")

    def is_over(self, transport: Literal["polling", "websocket"]) -> None:
        expect(self.box).to_have_attribute("data-transport", transport)

    def open(self) -> None:
        self.button.click()
        expect(self.details).to_be_visible()

    def close(self) -> None:
        self._page.keyboard.press("Escape")
        expect(self.details).not_to_be_visible()

    def choose(self, transport: Literal["auto", "polling", "websocket"]) -> None:
        """Chooses how to connect; the page makes a new connection at once."""
        self.open()
        self.details.get_by_role("radio", name=self._choices[transport]).click()
        self.is_connected()
