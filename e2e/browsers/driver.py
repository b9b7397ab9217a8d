"""Two browsers that Playwright does not drive as they are installed: Firefox over WebDriver BiDi, WebKitGTK over WebDriver."""

import base64
import itertools
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import websocket

START_S = 60.0
ANSWER_S = 60.0


class Browser(Protocol):
    name: str

    def open(self, address: str) -> None: ...
    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; promises are awaited."""
        ...

    def press(self, keys: str) -> None:
        """Presses keys one after the other in what has the focus. WebDriver's code points stand for special keys."""
        ...

    def screenshot(self, to: Path) -> None: ...


ENTER = "\ue007"
ARROW_UP = "\ue013"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(*command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A browser or driver below a display of its own."""
    running = subprocess.Popen(
        ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 1280x900x24", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        try:
            running.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait(timeout=10)


class Firefox:
    """Speaks WebDriver BiDi (https://w3c.github.io/webdriver-bidi) over one WebSocket."""

    name = "Firefox ESR"

    def __init__(self, port: int) -> None:
        self._numbers = itertools.count(1)
        self._socket = _connected(f"ws://127.0.0.1:{port}/session")
        self._ask("session.new", capabilities={})
        self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, address: str) -> None:
        # An address that differs in its fragment alone would not load the page again.
        for url in ("about:blank", address):
            self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, script: str) -> Any:
        answer = self._ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({script}) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise AssertionError(f"{script}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    def press(self, keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("input.performActions", context=self._context, actions=[{"type": "key", "id": "keys", "actions": actions}])

    def screenshot(self, to: Path) -> None:
        to.write_bytes(base64.b64decode(self._ask("browsingContext.captureScreenshot", context=self._context)["data"]))

    def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") != number:
                continue
            if answer["type"] == "error":
                raise AssertionError(f"{method}: {answer['message']}")
            return answer["result"]


def _connected(address: str) -> websocket.WebSocket:
    deadline = time.monotonic() + START_S
    while True:
        try:
            return websocket.create_connection(address, timeout=ANSWER_S, suppress_origin=True)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@contextmanager
def firefox(binary: str) -> Iterator[Firefox]:
    port = free_port()
    with tempfile.TemporaryDirectory() as profile:
        preferences = {"remote.active-protocols": 1, "app.update.enabled": False}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
        Path(profile, "user.js").write_text("".join(lines))
        with process(binary, "--no-remote", "--profile", profile, "--remote-debugging-port", str(port), "about:blank"):
            yield Firefox(port)


class WebKit:
    """Speaks WebDriver (https://www.w3.org/TR/webdriver2) to WebKitWebDriver, which starts WebKitGTK's own small browser."""

    name = "WebKitGTK"

    def __init__(self, port: int, binary: str) -> None:
        self._address = f"http://127.0.0.1:{port}"
        options = {"binary": binary, "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        deadline = time.monotonic() + START_S
        while True:
            try:
                self._session = self._ask("POST", "/session", wanted)["sessionId"]
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        self._ask("POST", f"/session/{self._session}/timeouts", {"script": int(ANSWER_S * 1000)})

    def open(self, address: str) -> None:
        for url in ("about:blank", address):
            self._ask("POST", f"/session/{self._session}/url", {"url": url})

    def run(self, script: str) -> Any:
        body = (
            "const done = arguments[arguments.length - 1];"
            f"(async () => JSON.stringify(await ({script}) ?? null))().then(done, (error) => done('!' + error))"
        )
        answer = self._ask("POST", f"/session/{self._session}/execute/async", {"script": body, "args": []})
        if str(answer).startswith("!"):
            raise AssertionError(f"{script}: {answer[1:]}")
        return json.loads(answer)

    def press(self, keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", f"/session/{self._session}/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def screenshot(self, to: Path) -> None:
        to.write_bytes(base64.b64decode(self._ask("GET", f"/session/{self._session}/screenshot")))

    def close(self) -> None:
        self._ask("DELETE", f"/session/{self._session}")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S + 10) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{method} {path}: {refused.read().decode()[:300]}") from refused


@contextmanager
def webkit(driver: str, binary: str) -> Iterator[WebKit]:
    port = free_port()
    with process(driver, f"--port={port}"):
        browser = WebKit(port, binary)
        try:
            yield browser
        finally:
            browser.close()
