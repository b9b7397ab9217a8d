"""The page of the guide "Build your own page" and the program of the README, over many tokens, a killed server and a dead network.

An access token lives for three seconds here, so that a minute stands for hours.
"""

import itertools
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest
from browsing import browser_type_launch_args, expect
from playwright.sync_api import Browser, Page, Request
from snippets import ADDRESS, ROOT, Workplace

from conftest import Serve
from rest import ask
from server import Server, until

__all__ = ["browser_type_launch_args"]
TOKEN_S = 3
PATIENCE_S = 60.0


class Files(SimpleHTTPRequestHandler):
    """`python3 -m http.server`, as the guide says, without a line for each request."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The origin of a page in a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=folder)) as host:
        threading.Thread(target=host.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://localhost:{host.server_port}"
        finally:
            host.shutdown()


class Bob:
    """Writes to the lobby over REST, with a fresh token for each message."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._session = ask(server.port, "POST", "/api/guests", {"name": "Bob"}).body
        ask(server.port, "POST", "/api/rooms/lobby/members", {}, token=self._session["access_token"])

    def says(self, *texts: str) -> None:
        for text in texts:
            sent = ask(
                self._server.port,
                "POST",
                "/api/rooms/lobby/messages",
                {"client_id": text.replace(" ", "-"), "text": text},
                token=self._token(),
            )
            assert sent.status == 201

    def log(self) -> list[str]:
        """What the server has, in its order."""
        page = ask(self._server.port, "GET", "/api/rooms/lobby/messages?limit=200", token=self._token()).body
        return [f"{one['author']['name']}: {one['text']}" for one in page["messages"]]

    def _token(self) -> str:
        refresh = {"refresh_token": self._session["refresh_token"]}
        self._session = ask(self._server.port, "POST", "/api/sessions/refresh", refresh).body
        token: str = self._session["access_token"]
        return token


class Program:
    """hello.mjs, and the lines that it has written."""

    def __init__(self, workplace: Workplace) -> None:
        self._process = subprocess.Popen(
            ["node", "hello.mjs"], cwd=workplace.folder, env=workplace.environment(), stdout=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        assert self._process.stdout is not None
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()

    def _read(self, output: IO[str]) -> None:
        self.lines.extend(line.rstrip("\n") for line in output)

    def prints(self, line: str) -> bool:
        """Whether it has written a line, now or within a second."""
        deadline = time.monotonic() + 1
        while line not in self.lines and time.monotonic() < deadline:
            time.sleep(0.02)
        return line in self.lines

    def close(self) -> None:
        assert self._process.poll() is None, "it runs until it is stopped"
        self._process.kill()
        self._process.wait(10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "page"
    made.mkdir()
    return made


@pytest.mark.timeout(240)
def test_every_message_is_shown_once_and_in_order_for_as_long_as_the_page_is_open(
    serve: Serve, browser: Browser, folder: Path, tmp_path: Path
) -> None:
    with served(folder) as origin, browser.new_context() as context:
        server = serve(allowed_origins=origin, access_token_s=str(TOKEN_S))
        here = {ADDRESS: server.url}
        Workplace(folder, ROOT / "docs/guides/own-page.md", replaced=here)
        readme = tmp_path / "readme"
        readme.mkdir()
        bob, page = Bob(server), context.new_page()
        thrown: list[str] = []
        refreshed: list[Request] = []
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.on("request", lambda one: refreshed.append(one) if one.url.endswith("/sessions/refresh") else None)
        enter(page, origin)
        program = Program(Workplace(readme, ROOT / "README.md", replaced=here))
        numbers = itertools.count()

        def says(text: str) -> None:
            page.get_by_label("Message").fill(text)
            page.get_by_role("button", name="Send").click()

        def talk() -> None:
            number = next(numbers)
            bob.says(f"b{number}", f"c{number}")
            says(f"a{number}")
            expect(page.get_by_text(f"Ann: a{number}", exact=True)).to_be_visible()

        def refreshes(count: int) -> None:
            until(f"{count} more refreshes", partial(_more, page, refreshed, len(refreshed) + count), PATIENCE_S)

        def program_listens() -> None:
            # It does not catch up: a message sent while it connects is lost to it, and a later one is not.
            def hears() -> bool:
                text = f"d{next(numbers)}"
                bob.says(text)
                return program.prints(f"Bob: {text}")

            until("hello.mjs prints what Bob says", hears, PATIENCE_S)

        program_listens()
        talk()
        refreshes(2)
        talk()

        server.kill()
        expect(page.get_by_role("status")).to_have_text("Reconnecting…")
        says("while the server is down")
        expect(page.get_by_text("while the server is down (sending…)")).to_be_visible()
        server.start()
        expect(page.get_by_role("status")).to_have_text("Online")
        expect(page.get_by_text("Ann: while the server is down", exact=True)).to_be_visible()
        talk()

        context.set_offline(True)
        expect(page.get_by_role("status")).to_have_text("Reconnecting…")
        says("without a network")
        bob.says("missed 1", "missed 2")
        context.set_offline(False)
        expect(page.get_by_role("status")).to_have_text("Online")
        expect(page.get_by_text("Ann: without a network", exact=True)).to_be_visible()

        refreshes(2)
        talk()
        page.reload()
        expect(page.get_by_role("status")).to_have_text("Online")
        talk()

        program_listens()

        expect(page.get_by_role("listitem")).to_have_text(bob.log())
        assert len(set(bob.log())) == len(bob.log())
        assert len(refreshed) >= 5
        assert thrown == []
        program.close()


def enter(page: Page, origin: str) -> None:
    page.goto(origin)
    page.get_by_label("Your name").fill("Ann")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("status")).to_have_text("Online")


def _more(page: Page, refreshed: list[Request], count: int) -> bool:
    page.wait_for_timeout(50)  # lets Playwright report requests
    return len(refreshed) >= count
