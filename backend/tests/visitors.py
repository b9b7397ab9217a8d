"""Official clients as they are after installation, with reconnection on: what each of them lives through is a list of words."""

import asyncio
import json
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import socketio

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
NAMESPACE = "/chat"
CONNECTIONS = {"polling": ["polling"], "upgrade": ["polling", "websocket"], "websocket": ["websocket"]}


class Visitor(Protocol):
    """One client in `/chat`."""

    def send(self, event: str, payload: object) -> None: ...

    def close(self) -> None: ...


class Story:
    """What happened to a client: `connect`, `disconnect`, and events with their payloads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.seen: list[tuple[str, Any]] = []

    def add(self, word: str, payload: Any = None) -> None:
        with self._changed:
            self.seen.append((word, payload))
            self._changed.notify_all()

    def count(self, word: str) -> int:
        with self._changed:
            return len(self._of(word))

    def until(self, word: str, times: int = 1) -> Any:
        """The payload of the nth such word."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._of(word)) >= times, PATIENCE_S)
            found = self._of(word)
        assert len(found) >= times, f"{word} came {len(found)} of {times} times: {[one for one, _ in self.seen]}"
        return found[times - 1]

    def _of(self, word: str) -> list[Any]:
        return [payload for one, payload in self.seen if one == word]


def _listen(client: Any, story: Story) -> None:
    client.on("connect", lambda: story.add("connect"), namespace=NAMESPACE)
    client.on("disconnect", lambda *_: story.add("disconnect"), namespace=NAMESPACE)
    client.on("*", lambda event, *arguments: story.add(event, arguments[0] if arguments else None), namespace=NAMESPACE)


# With the default pauses: with shorter ones, python-engineio's asynchronous client may close the HTTP session of its next attempt.
_OPTIONS = {"handle_sigint": False}


class PythonVisitor:
    """`socketio.Client`."""

    def __init__(self, url: str, transports: list[str], token: str, story: Story) -> None:
        self._client = socketio.Client(**_OPTIONS)
        _listen(self._client, story)
        self._client.connect(url, namespaces=[NAMESPACE], transports=transports, auth={"token": token}, wait_timeout=15)

    def send(self, event: str, payload: object) -> None:
        self._client.emit(event, payload, namespace=NAMESPACE)

    def close(self) -> None:
        self._client.shutdown()
        if self._client.eio.state == "connected":
            self._client.eio.disconnect(abort=True)


class AsyncVisitor:
    """`socketio.AsyncClient`, with an event loop in a thread."""

    def __init__(self, url: str, transports: list[str], token: str, story: Story) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._client = socketio.AsyncClient(**_OPTIONS)
        _listen(self._client, story)
        self._run(
            self._client.connect(url, namespaces=[NAMESPACE], transports=transports, auth={"token": token}, wait_timeout=15)
        )

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def send(self, event: str, payload: object) -> None:
        self._run(self._client.emit(event, payload, namespace=NAMESPACE))

    def close(self) -> None:
        self._run(self._client.shutdown())
        self._loop.call_soon_threadsafe(self._loop.stop)


class NpmVisitor:
    """socket.io-client, in Node."""

    def __init__(self, url: str, transports: list[str], token: str, story: Story) -> None:
        script = Path(__file__).with_name("npm_visitor.cjs")
        command = ["node", str(script), f"{url}{NAMESPACE}", ",".join(transports), json.dumps({"token": token})]
        self._process = subprocess.Popen(
            [str(ROOT / "scripts" / "with-node.sh"), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._story = story
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        story.until("connect")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._story.add(*json.loads(line))

    def send(self, event: str, payload: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps([event, payload])}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)


VISITORS: dict[str, Callable[[str, list[str], str, Story], Visitor]] = {
    "npm": NpmVisitor,
    "python": PythonVisitor,
    "python-async": AsyncVisitor,
}
