"""A person: a name, a browser of their own, and the page seen through its page objects."""

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, WebError, expect

from pages.account_menu import AccountMenu
from pages.entrance import Entrance
from pages.room import Room
from pages.room_list import RoomList
from pages.status import Status
from pages.unreachable import Unreachable
from pages.wire_check import WireCheck
from pages.words import WORDS, Words
from stack import Stack

WIDE = (1280, 800)
NARROW = (390, 844)

_BEFORE_THE_FIRST_LOAD = """
if (!localStorage.getItem('test.settled')) {
  localStorage.setItem('test.settled', 'yes')
  localStorage.setItem('crosstalk.session', %s)
}
"""

_STORED = """async count => {
  const done = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const database = await done(indexedDB.open('crosstalk-outbox'))
  try {
    return await done(database.transaction('entries').objectStore('entries').count()) === count
  } finally {
    database.close()
  }
}"""


@dataclass(frozen=True)
class Looks:
    """How somebody's browser is set up."""

    size: tuple[int, int] = WIDE
    language: Literal["en", "zh"] = "en"
    colours: Literal["light", "dark"] = "light"
    still: bool = False
    """Whether they asked for little movement."""
    touch: bool = False
    """A phone: pointing is coarse."""


@dataclass
class Witness:
    """What a browser said and asked for while somebody used it."""

    allowed_origins: list[str]
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._heard)
        context.on("weberror", self._failed)
        context.on("request", self._asked)
        context.on("page", lambda page: page.on("websocket", lambda socket: self._went_to(socket.url)))

    def problems(self) -> list[str]:
        unexpected = [said for said in self.complaints if not any(known.search(said) for known in self.expected)]
        return unexpected + [f"asked a foreign host: {address}" for address in self.strangers]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text} ({message.location['url']})")

    def _failed(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")

    def _asked(self, request: Request) -> None:
        self._went_to(request.url)

    def _went_to(self, address: str) -> None:
        self.requests.append(address)
        parts = urlsplit(address)
        if parts.scheme in ("blob", "data"):
            return
        origin = f"{parts.scheme.replace('ws', 'http')}://{parts.netloc}"
        if origin not in self.allowed_origins:
            self.strangers.append(address)


class Tab:
    """One open page, with the objects that name what is on it."""

    def __init__(self, page: Page, stack: Stack, words: Words) -> None:
        self.page = page
        self.stack = stack
        self.words = words
        self.entrance = Entrance(page, words)
        self.rooms = RoomList(page, words)
        self.room = Room(page, words)
        self.status = Status(page, words)
        self.account = AccountMenu(page, words)
        self.unreachable = Unreachable(page, words)
        self.wire_check = WireCheck(page, words)

    def visit(self, address: str = "") -> None:
        """Opens the page: from its own origin, or at a full address."""
        self.page.goto(address or self.stack.page)

    def enter(self, name: str) -> None:
        """Comes in as a guest, through the entrance."""
        self.visit()
        self.entrance.as_guest(name)
        self.status.is_connected()

    def settle(self, name: str) -> None:
        """Opens the page as a guest who has been here before: it finds the session where it keeps it between two loads."""
        session = self.stack.ask("POST", "/guests", {"name": name})
        session["expires_at"] = 1000 * (time.time() + session.pop("expires_in"))
        self.page.add_init_script(_BEFORE_THE_FIRST_LOAD % json.dumps(json.dumps(session)))
        self.visit()
        self.status.is_connected()

    def reload(self) -> None:
        self.page.reload()

    def join(self, room_id: str) -> None:
        """Joins a public room that the page may not list: it lists the oldest fifty, and tests share a server."""
        self.rest("POST", f"/rooms/{room_id}/members", {})
        self.look_at(room_id)

    def look_at(self, room_id: str) -> None:
        """Goes to a room that this person is in."""
        self.page.goto(f"{self.stack.page}/#/rooms/{room_id}")
        expect(self.room.log).to_be_visible()

    def rest(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Asks the API in this person's name, beside the page."""
        session = json.loads(self.page.evaluate("localStorage.getItem('crosstalk.session')"))
        return self.stack.ask(method, path, body, session["access_token"])

    def produce(self, room_id: str, content_type: str, pieces: list[str]) -> None:
        """Writes a live text by REST, piece after piece, and finishes it."""
        opened = self.rest("POST", f"/rooms/{room_id}/streams", {"client_id": uuid4().hex, "content_type": content_type})
        stream, offset = f"/streams/{opened['stream_id']}", 0
        for piece in pieces:
            offset = self.rest("POST", f"{stream}/chunks", {"lease": opened["lease"], "offset": offset, "text": piece})[
                "offset"
            ]
        self.rest("POST", f"{stream}/finish", {"lease": opened["lease"]})

    def has_stored(self, unsent: int) -> None:
        """Waits until so many unsent messages are on disk. They are shown before, and what is only shown ends with the page."""
        expect(self.room.pending).to_have_count(unsent)
        self.page.wait_for_function(_STORED, arg=unsent)

    def room_id(self) -> str:
        """Of the room that is looked at."""
        return urlsplit(self.page.url).fragment.rsplit("/", 1)[-1]


class Person(Tab):
    def __init__(self, browser: Browser, stack: Stack, name: str, looks: Looks, *, snapshots: bool) -> None:
        width, height = looks.size
        self.name = name
        self.looks = looks
        self.witness = Witness([stack.page, stack.insecure_page, stack.api])
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            locale={"en": "en-GB", "zh": "zh-CN"}[looks.language],
            color_scheme=looks.colours,
            reduced_motion="reduce" if looks.still else "no-preference",
            timezone_id="Europe/London",
            has_touch=looks.touch,
            is_mobile=looks.touch,
        )
        self.context.set_default_timeout(15_000)
        self.witness.watch(self.context)
        self.context.tracing.start(snapshots=snapshots, title=name)
        super().__init__(self.context.new_page(), stack, WORDS[looks.language])

    def new_tab(self) -> Tab:
        return Tab(self.context.new_page(), self.stack, self.words)

    def expects_complaints(self, *patterns: str) -> None:
        """What the browser itself will say on its console, and may, in this test."""
        self.witness.expected += [re.compile(pattern) for pattern in patterns]

    def loses_api(self) -> None:
        """What a browser says when it cannot reach a server, or not any more."""
        self.expects_complaints(r"net::ERR_", r"WebSocket connection to '[^']*' failed")

    def go_offline(self) -> None:
        self.loses_api()
        self.context.set_offline(True)

    def go_online(self) -> None:
        self.context.set_offline(False)

    def keep_evidence(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        stem = self.name.lower().replace(" ", "-")
        for number, page in enumerate(self.context.pages):
            try:
                page.screenshot(path=folder / f"{stem}-{number}.png")
                (folder / f"{stem}-{number}.html").write_text(page.content())
            except Error as refused:
                (folder / f"{stem}-{number}.txt").write_text(f"no screenshot: {refused}")
        self.context.tracing.stop(path=folder / f"{stem}-trace.zip")

    def leave(self) -> None:
        self.context.close()
