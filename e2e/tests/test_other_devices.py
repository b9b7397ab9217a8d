"""The page of `crosstalk run` on other devices: by a name and an address that are not localhost, over plain HTTP."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, expect

from people import gathered

NAME = "chat.test"


@dataclass
class Site:
    """What People and Person need of a Stack."""

    page: str
    api: str
    log: Path

    @property
    def insecure_page(self) -> str:
        """The page has one address here."""
        return self.page


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    with closing(socket.socket()) as one, closing(socket.socket()) as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, built_page: Path, ports: tuple[int, int]) -> Iterator[Path]:
    """`crosstalk run` for every address. Returns the folder, which has the log of the terminal."""
    folder = tmp_path_factory.mktemp("run")
    shutil.copytree(built_page, folder / "frontend/dist")
    page_port, port = ports
    settings = {
        "PAGE_HOST": "0.0.0.0", "PAGE_PORT": str(page_port), "PORT": str(port), "ALLOWED_ORIGINS": f"http://{NAME}:{page_port}",
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CROSSTALK_", "MAKE"))}
    with (folder / "terminal").open("wb") as terminal:
        process = subprocess.Popen(
            [sys.executable, "-m", "crosstalk", "run"],
            cwd=folder,
            env=environment | {f"CROSSTALK_{name}": value for name, value in settings.items()},
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 60
        while "Ctrl-C stops both" not in (folder / "terminal").read_text():
            assert process.poll() is None, (folder / "terminal").read_text()
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.05)
        yield folder
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.fixture(scope="module")
def elsewhere(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """A browser for which the names are those of this machine."""
    known = f"MAP {NAME} 127.0.0.1, MAP unlisted.test 127.0.0.1"
    arguments = [*browser_type_launch_args.get("args", []), f"--host-resolver-rules={known}"]
    browser = browser_type.launch(**{**browser_type_launch_args, "args": arguments})
    yield browser
    browser.close()


def test_a_listed_name_and_an_address_of_the_machine_chat_and_another_name_is_told(
    elsewhere: Browser, running: Path, ports: tuple[int, int], request: pytest.FixtureRequest, results: Path
) -> None:
    page_port, port = ports
    for host in (NAME, "127.0.0.1"):
        site: Any = Site(
            f"http://{host}:{page_port}", f"http://{host if host == NAME else 'localhost'}:{port}", running / "terminal"
        )
        with gathered(elsewhere, site, request.node, results) as people:
            ann = people.enter("Ann")
            assert ann.page.evaluate("isSecureContext") == (host != NAME)
            ann.rooms.create(f"Room of {host}")
            ann.room.say("hello from here")
            ann.room.shows("hello from here")
            assert people.problems() == []
    unlisted: Any = Site(f"http://unlisted.test:{page_port}", f"http://unlisted.test:{port}", running / "terminal")
    with gathered(elsewhere, unlisted, request.node, results) as people:
        bob = people.arrive("Bob")
        bob.visit()
        expect(bob.unreachable.alert).to_contain_text("unlisted.test")
        assert f"refused the origin http://unlisted.test:{page_port}" in (running / "terminal").read_text()
