import re
from collections.abc import Callable
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from pages.words import Words

Transport = Literal["polling", "websocket", "upgrade"]

_RECORD = """text => {
  const lengths = [[...text.textContent].length]
  window.seenLengths = lengths
  new MutationObserver(() => {
    const length = [...text.textContent].length
    if (length !== lengths.at(-1)) lengths.push(length)
  }).observe(text, { childList: true, characterData: true, subtree: true })
}"""

_CARET = "text => getComputedStyle(text, '::after').content !== 'none'"


class WireCheck:
    """Where a frontend team proves its client, its proxy and its origin."""

    def __init__(self, page: Page, words: Words) -> None:
        self._page = page
        self.link = page.get_by_role("link", name=words.wire_check)
        self.title = page.get_by_role("heading", level=1, name=words.wire_check)
        self.line = page.locator("[data-line]")
        self.why = page.locator("[data-why]")
        self._transports: dict[Transport, Locator] = {
            "polling": page.get_by_role("radio", name=words.polling, exact=True),
            "websocket": page.get_by_role("radio", name="WebSocket", exact=True),
            "upgrade": page.get_by_role("radio", name=words.upgrade, exact=True),
        }
        self.rows = page.locator("[data-rows]")
        self.run_all = self.rows.get_by_role("button", name=words.run_all)
        self.summary = self.rows.locator("[data-summary]")
        self._panes = {pane: page.get_by_role("radio", name=name, exact=True) for pane, name in words.panes.items()}
        self.text = page.get_by_role("textbox", name=words.stream_text)
        self.pace = page.get_by_role("slider", name=words.pace)
        self.start = page.get_by_role("button", name=words.start, exact=True)
        self.stop = page.get_by_role("button", name=words.stop, exact=True)
        self.written = page.locator("[data-typewriter]")
        self.console = page.get_by_role("form", name=words.console)
        self.namespace = self.console.get_by_label(words.namespace)
        self.event = self.console.get_by_label(words.event, exact=True)
        self.arguments = self.console.get_by_role("textbox", name=words.arguments, exact=True)
        self.kind = self.console.get_by_role("combobox", name=words.arguments, exact=True)
        self.ack = self.console.get_by_role("checkbox", name=words.ask_for_ack)
        self.send = self.console.get_by_role("button", name=words.send)
        self.fault = self.console.get_by_role("alert")
        self.log = page.locator("[data-log]")
        self.entries = self.log.get_by_role("option")
        self.filter = self.log.get_by_role("searchbox")
        self.pause = self.log.get_by_role("button", name=words.pause)
        self.resume = self.log.get_by_role("button", name=words.resume)
        self.clear = self.log.get_by_role("button", name=words.clear)
        self.copy = self.log.get_by_role("button", name=words.copy_shown)
        self.entry = self.log.locator("[data-entry]")

    def choose(self, transport: Transport) -> None:
        self._transports[transport].check()

    def go_to(self, pane: Literal["rows", "console", "typewriter"]) -> None:
        """On a narrow screen, where one part is shown at a time."""
        self._panes[pane].check()

    def is_connected_over(self, transport: Literal["polling", "websocket"]) -> None:
        expect(self.line).to_have_attribute("data-phase", "connected")
        expect(self.line).to_have_attribute("data-transport", transport)

    def run(self, *, within_s: float = 90) -> list[str]:
        """Runs all rows, and returns what is told of those that failed."""
        self.run_all.click()
        expect(self.rows).to_have_attribute("data-busy", "false", timeout=within_s * 1000)
        details = self.rows.locator("[data-detail]")
        return details.all_inner_texts()

    def cell(self, row: str) -> Locator:
        """One row in one namespace, `/test my event: bytes`."""
        return self.rows.locator(f'[data-cell="{row}"]')

    def detail(self, row: str) -> Locator:
        return self.rows.locator(f'[data-detail="{row}"]')

    def emit(self, event: str, arguments: str, *, namespace: str = "/", ack: bool = True) -> None:
        self.namespace.fill(namespace)
        self.event.fill(event)
        self.arguments.fill(arguments)
        self.ack.set_checked(ack)
        self.send.click()

    def shows(self, direction: Literal["in", "out", "note"], event: str, text: str) -> Locator:
        """The entry of the log that is about this event and has this in it."""
        found = self.entries.and_(self._page.locator(f'[data-direction="{direction}"][data-event="{event}"]'))
        found = found.filter(has_text=re.compile(re.escape(text)))
        expect(found.last).to_be_visible()
        return found

    def record_growth(self) -> Callable[[], list[int]]:
        """From now on, every number of characters that is seen; call it for those up to then."""
        self.written.evaluate(_RECORD)
        return lambda: self._page.evaluate("window.seenLengths")

    def has_caret(self) -> bool:
        return bool(self.written.evaluate(_CARET))
