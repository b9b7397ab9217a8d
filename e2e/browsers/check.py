"""The page in Firefox and WebKitGTK, against a real API: `make test-browsers`. Prints a line for each thing that works.

The end-to-end tests run in Chromium. This checks what engines do differently: input methods, plain-http origins (no secure
context), live text, and the CSS that the page relies on.
"""

import json
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any
from uuid import uuid4

from browsers.driver import ARROW_UP, ENTER, Browser, firefox, webkit
from crosstalk.launch.page_server import PageServer
from crosstalk.launch.ports import bind
from stack import ROOT, Stack

PAGE = ROOT / "frontend/dist"
RESULTS = ROOT / "e2e/results/browsers"
WITHIN_S = 40.0
MARKDOWN = "# Title\n\nSome **bold** text and `code`.\n\n- one\n- two\n\nThe end.\n"

ROOM_FIELD = "document.querySelector('main form textarea')"
TEXTS = "[...document.querySelectorAll('[data-text]')].map((one) => one.textContent.trim())"


class Check:
    def __init__(self, browser: Browser, page: str, api: str) -> None:
        self._browser = browser
        self._page = page
        self._api = api
        self._token = ""

    def run(self) -> None:
        self._enters()
        self._joins()
        self._sends_and_receives()
        self._composes()
        self._keeps_a_draft()
        self._edits()
        self._shows_live_text()
        self._looks_right()
        self._changes_language()

    def _enters(self) -> None:
        self._browser.open(self._page)
        self._until("the entrance is there", "document.querySelector('input[type=text], input:not([type])') !== null")
        self._browser.run("void document.querySelector('input[type=text], input:not([type])').focus()")
        self._browser.press(f"Ann{ENTER}")
        self._until("connected", "document.querySelector('[data-status]')?.dataset.phase === 'online'")
        secure = self._browser.run("[isSecureContext, typeof crypto.randomUUID]")
        self._works(f"entered as a guest (secure context, crypto.randomUUID: {secure})")

    def _joins(self) -> None:
        self._token = self._rest("POST", "/guests", {"name": "Bob"})["access_token"]
        self._room = self._rest("POST", "/rooms", {"name": f"Room {uuid4().hex[:8]}", "kind": "public"})["id"]
        self._browser.run(f"void (location.hash = '#/rooms/{self._room}')")
        self._until("the room can be joined", "document.querySelector('main button') !== null")
        join = "[...document.querySelectorAll('main button')].find((one) => /^Join/.test(one.textContent.trim()))"
        self._until("the room can be joined", f"{join} !== undefined")
        self._browser.run(f"void {join}.click()")
        self._until("the room is open", f"{ROOM_FIELD} !== null")
        self._works("joined a room")

    def _sends_and_receives(self) -> None:
        self._types(f"hello{ENTER}")
        sent = "document.querySelector('article[data-state=sent] [data-text]')?.textContent.trim()"
        self._until("the message is sent", f"{sent} === 'hello'")
        self._says("hello Ann")
        self._until("a message arrives live", f"{TEXTS}.at(-1) === 'hello Ann'")
        self._works("sent a message, received one live")

    def _composes(self) -> None:
        """The Enter that ends a composition sends nothing, in either order of the events."""
        self._types("ni hao")
        for order in ("WebKit", "Chromium"):
            self._browser.run(
                f"""(() => {{
                  const field = {ROOM_FIELD}
                  const key = (isComposing) => field.dispatchEvent(new KeyboardEvent('keydown', {{
                    key: 'Enter', keyCode: 229, isComposing, bubbles: true, cancelable: true }}))
                  field.dispatchEvent(new CompositionEvent('compositionstart', {{ bubbles: true }}))
                  if ('{order}' === 'Chromium') key(true)
                  field.dispatchEvent(new CompositionEvent('compositionend', {{ bubbles: true, data: 'x' }}))
                  if ('{order}' === 'WebKit') key(false)
                }})()"""
            )
        left = self._browser.run(f"{ROOM_FIELD}.value")
        assert left == "ni hao", f"an Enter that ended a composition was taken for the page's: {left!r} is left"
        self._works("the Enter of an input method sends nothing")

    def _keeps_a_draft(self) -> None:
        self._browser.open(f"{self._page}/#/rooms/{self._room}")
        self._until("the draft is there after a reload", f"{ROOM_FIELD}?.value === 'ni hao'")
        self._until("the room is whole again", f"{TEXTS}.length === 2")
        self._types(ENTER)
        sent = "[...document.querySelectorAll('article')].at(-1)?.dataset.state === 'sent'"
        self._until("the draft is sent", f"{TEXTS}.at(-1) === 'ni hao' && {sent}")
        self._until("the draft is gone", f"{ROOM_FIELD}.value === ''")
        self._works("a draft survives a reload")

    def _edits(self) -> None:
        self._types(ARROW_UP)
        field = "document.querySelector('article textarea')"
        self._until("the editor is open", f"{field} !== null")
        self._browser.press(f"!{ENTER}")
        self._until("the message is edited", f"{TEXTS}.at(-1) === 'ni hao!' && {field} === null")
        self._works("edited a message")

    def _shows_live_text(self) -> None:
        opened = self._rest("POST", f"/rooms/{self._room}/streams", {"client_id": uuid4().hex, "content_type": "text/markdown"})
        stream, lease, offset = opened["stream_id"], opened["lease"], 0
        whole = "document.querySelector('[data-stream-text]')"
        for piece in (MARKDOWN[:20], MARKDOWN[20:50], MARKDOWN[50:]):
            body = {"lease": lease, "offset": offset, "text": piece}
            offset = self._rest("POST", f"/streams/{stream}/chunks", body)["offset"]
            last = json.dumps(piece.strip().split("\n")[-1].strip("*`- ")[-4:])
            self._until("the text grows", f"{whole}?.textContent.includes({last})")
        assert self._browser.run("document.querySelector('[data-stream-state]').dataset.streamState") == "open"
        self._rest("POST", f"/streams/{stream}/finish", {"lease": lease})
        drawn = "['h3', 'strong', 'code', 'ul li + li'].every((one) => " + whole + ".querySelector(one) !== null)"
        self._until("the Markdown is drawn", drawn)
        self._works("watched a text being written, and drawn from Markdown")

    def _looks_right(self) -> None:
        known = self._browser.run(
            "Object.fromEntries(Object.entries({'light-dark': ['color', 'light-dark(red, blue)'], oklch: ['color', 'oklch(0.5 0 0)'],"
            " 'field-sizing': ['field-sizing', 'content'], 'anchor positioning': ['anchor-name', '--a']})"
            ".map(([name, [property, value]]) => [name, CSS.supports(property, value)]))"
        )
        colours = self._browser.run(
            "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.querySelector('main')))"
        )
        ink, paper = colours
        assert paper not in (ink, "rgba(0, 0, 0, 0)"), f"the page has no colours: {colours}"
        low = self._browser.run(f"{ROOM_FIELD}.offsetHeight")
        self._browser.run(
            f"(() => {{ const field = {ROOM_FIELD}; field.value = 'a\\nb\\nc\\nd'; "
            "field.dispatchEvent(new Event('input', { bubbles: true })) })()"
        )
        self._until("the field grows with its text", f"{ROOM_FIELD}.offsetHeight > {low} * 2")
        self._browser.run(
            f"(() => {{ const field = {ROOM_FIELD}; field.value = ''; "
            "field.dispatchEvent(new Event('input', { bubbles: true })) })()"
        )
        self._until("and shrinks again", f"{ROOM_FIELD}.offsetHeight === {low}")
        self._browser.run("void document.querySelector('[data-status] button').click()")
        box = "document.querySelector('[popover]:popover-open')?.getBoundingClientRect()"
        self._until("the connection's details are open", f"{box}?.height > 50")
        at = self._browser.run(box)
        size = self._browser.run("[innerWidth, innerHeight]")
        inside = 0 <= at["left"] < at["right"] <= size[0] and 0 <= at["top"] < at["bottom"] <= size[1]
        assert inside, f"the panel is not in the window: {at} of {size}"
        self._browser.run("void document.querySelector('[popover]:popover-open').hidePopover()")
        wide = self._browser.run("document.documentElement.scrollWidth <= innerWidth")
        assert wide, "the page is wider than its window"
        self._works(f"the field grows, panels open in the window, colours are there (CSS: {known})")

    def _changes_language(self) -> None:
        self._browser.run("void localStorage.setItem('crosstalk.language', 'zh')")
        self._browser.open(f"{self._page}/#/rooms/{self._room}")
        self._until("the page is in Chinese", "document.documentElement.lang === 'zh-Hans'")
        self._works("the Chinese texts load")

    def _types(self, keys: str) -> None:
        self._browser.run(f"void {ROOM_FIELD}.focus()")
        self._browser.press(keys)

    def _says(self, text: str) -> None:
        self._rest("POST", f"/rooms/{self._room}/messages", {"client_id": uuid4().hex, "text": text})

    def _until(self, what: str, condition: str) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not self._browser.run(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                raise AssertionError(f"never: {what} ({condition})")
            time.sleep(0.1)

    def _works(self, what: str) -> None:
        print(f"  ok  {what}", flush=True)

    def _rest(self, method: str, path: str, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        if not self._token:
            del headers["Authorization"]
        request = urllib.request.Request(f"{self._api}/api{path}", json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")


def own_address() -> str:
    """An address of this machine that is not loopback: a page from there has no secure context."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: it only asks which address would be used.
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def found(*names: str) -> str:
    for name in names:
        # Debian keeps MiniBrowser out of the path.
        paths = [shutil.which(name), *map(str, sorted(Path("/usr/lib").glob(f"*/webkit2gtk-4.*/{name}"), reverse=True))]
        for path in filter(None, paths):
            return path
    sys.exit(f"crosstalk: none of {', '.join(names)} is installed; `make test-browsers` installs them on Debian")


def checked(browser: Browser, stack: Stack, origins: list[str]) -> bool:
    for page in origins:
        print(f"{browser.name}, {page}", flush=True)
        host = page.split("//")[1].split(":")[0]
        api = stack.api.replace("localhost", host)
        stack.name_api(api)
        try:
            Check(browser, page, api).run()
        except AssertionError as failure:
            RESULTS.mkdir(parents=True, exist_ok=True)
            browser.screenshot(RESULTS / f"{browser.name}.png")
            print(f"  FAILED  {failure}", flush=True)
            return False
    return True


def main() -> int:
    sockets = [bind(host, 0, "CROSSTALK_PAGE_PORT") for host in ("127.0.0.1", own_address())]
    hosts = ("localhost", own_address())
    origins = [f"http://{host}:{bound.getsockname()[1]}" for host, bound in zip(hosts, sockets, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), PAGE, host="0.0.0.0", allowed_origins=",".join(origins))
        for bound in sockets:
            server = PageServer(bound, stack.page_files)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        with stack:
            with firefox(found("firefox-esr", "firefox")) as one:
                passed = checked(one, stack, origins)
            with webkit(found("WebKitWebDriver"), found("MiniBrowser")) as other:
                passed = checked(other, stack, origins) and passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
