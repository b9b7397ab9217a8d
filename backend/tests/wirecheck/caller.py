"""Somebody who tries the wire check: one official client with both namespaces on one transport."""

import threading
from collections.abc import Sequence
from typing import Any

from crosstalk.wirecheck.client import OrderedClient
from server import Server

NAMESPACES = ("/", "/test")
PATIENCE_S = 15.0
GREETING = ("my response", ({"data": "Connected"},))

Event = tuple[str, tuple[Any, ...]]


def the_other(namespace: str) -> str:
    return "/test" if namespace == "/" else "/"


class Caller:
    """Keeps what it hears, in order. An ack comes after every event that was sent before it."""

    def __init__(
        self,
        server: Server,
        *,
        namespaces: Sequence[str] = NAMESPACES,
        transports: list[str] | None = None,
        auth: Any = None,
        origin: str | None = None,
    ) -> None:
        self._heard = threading.Condition()
        self._events: dict[str, list[Event]] = {one: [] for one in namespaces}
        self.left: list[str] = []
        """The namespaces that this caller is in no longer."""
        self.answer: Any = None
        """What it acks a `confirm_me` with."""
        # Its WebSocket would add an origin of its own.
        self.client = OrderedClient(websocket_extra_options={"suppress_origin": True})
        for one in namespaces:
            self.client.on("*", self._recorder(one), namespace=one)
            self.client.on("disconnect", self._leaver(one), namespace=one)
        self.client.connect(
            server.url,
            headers={"Origin": origin} if origin else {},
            namespaces=list(namespaces),
            transports=transports or ["websocket"],
            auth=auth,
            wait_timeout=PATIENCE_S,
        )

    def _recorder(self, namespace: str) -> Any:
        def record(event: str, *arguments: Any) -> Any:
            with self._heard:
                self._events[namespace].append((event, arguments))
                self._heard.notify_all()
            return self.answer if event == "confirm_me" else None

        return record

    def _leaver(self, namespace: str) -> Any:
        def leave(*_reason: str) -> None:
            with self._heard:
                self.left.append(namespace)
                self._heard.notify_all()

        return leave

    def emit(self, event: str, *arguments: Any, namespace: str = "/") -> None:
        self.client.emit(event, arguments, namespace=namespace)

    def ask(self, event: str, *arguments: Any, namespace: str = "/") -> tuple[Any, ...]:
        """The arguments of the ack."""
        acks: list[tuple[Any, ...]] = []
        acked = threading.Event()

        def take(*answer: Any) -> None:
            acks.append(answer)
            acked.set()

        self.client.emit(event, arguments, namespace=namespace, callback=take)
        assert acked.wait(PATIENCE_S), f"{event} in {namespace} was not acked within {PATIENCE_S} s"
        return acks[0]

    def refused(self, event: str, *arguments: Any, namespace: str = "/") -> dict[str, Any]:
        """The error of an event that must be refused."""
        [answer] = self.ask(event, *arguments, namespace=namespace)
        assert answer["ok"] is False, f"{event} was not refused: {answer}"
        error: dict[str, Any] = answer["error"]
        return error

    def whoami(self, namespace: str = "/") -> dict[str, Any]:
        [answer] = self.ask("whoami", namespace=namespace)
        return dict(answer)

    def heard(self, namespace: str = "/", event: str | None = None) -> list[Event]:
        """Everything that was sent to this caller before now, without the greeting."""
        self.whoami(namespace)
        with self._heard:
            events = list(self._events[namespace])
        assert events[0] == GREETING
        return [one for one in events[1:] if event in (None, one[0])]

    def wait_for(self, event: str, *arguments: Any, namespace: str = "/", times: int = 1) -> None:
        def found() -> bool:
            return self._events[namespace].count((event, arguments)) >= times

        with self._heard:
            assert self._heard.wait_for(found, PATIENCE_S), f"no {event} {arguments}; heard {self._events[namespace]}"

    def wait_for_any(self, event: str, *, namespace: str = "/", times: int = 1) -> list[Event]:
        def found() -> list[Event]:
            return [one for one in self._events[namespace] if one[0] == event]

        with self._heard:
            assert self._heard.wait_for(lambda: len(found()) >= times, PATIENCE_S), f"no {times} {event}; heard {found()}"
            return found()

    def wait_until_left(self, *namespaces: str) -> None:
        with self._heard:
            assert self._heard.wait_for(lambda: set(namespaces) <= set(self.left), PATIENCE_S), self.left

    def close(self) -> None:
        if self.client.eio.state == "connected":
            self.client.disconnect()
