"""One connection of a row: an official client that records what it hears."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from socketio.exceptions import ConnectionError, SocketIOError

from crosstalk.wirecheck.client.ordered import OrderedClient
from crosstalk.wirecheck.client.outcome import NoConnection, Unlike, same, show, show_arguments

_CLIENT_TRANSPORTS = {"polling": ["polling"], "upgrade": ["polling", "websocket"], "websocket": ["websocket"]}
_CLOSE_S = 2.0
# A failing row says what is wrong; the libraries' own lines would stand between the rows.
_SILENT = logging.getLogger("crosstalk.wirecheck.client")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
PATIENCE_S = 5.0
CONNECT_S = 10.0


@dataclass(frozen=True)
class Heard:
    namespace: str
    event: str
    arguments: tuple[Any, ...]
    at: float


class Connection:
    """`namespace` is the one meant where none is named. What waits raises Unlike, with what came instead."""

    def __init__(self, url: str, origin: str | None, transport: str, namespaces: tuple[str, ...], deadline: float) -> None:
        self._url, self._transport, self._namespaces, self._deadline = url, transport, namespaces, deadline
        self._news = threading.Condition()
        # The straight way, as the diagnosis takes it: no proxy of this machine's environment.
        self._http = requests.Session()
        self._http.trust_env = False
        options: dict[str, Any] = {"http_no_proxy": ["*"]}
        if origin is not None:
            self._http.headers["Origin"] = origin
            options["origin"] = origin
        self.namespace = namespaces[0]
        self.client = OrderedClient(
            http_session=self._http, websocket_extra_options=options, logger=_SILENT, engineio_logger=_SILENT
        )
        self.client.on("*", self._record, namespace="*")
        self.client.on("disconnect", self._record_end, namespace="*")
        self.client.on("connect_error", self._record_refusal, namespace="*")
        self.heard: list[Heard] = []
        self.ended: list[str] = []
        """The namespaces that have been ended."""
        self.refusals: list[Any] = []
        self.answers: dict[str, tuple[Any, ...]] = {}
        """What is acked when the server asks for it, by event."""

    # ── connecting ──

    def connect(self, auth: dict[str, Any] | None = None) -> "Connection":
        """Raises NoConnection, also when the transport is not the one that was asked for."""
        try:
            self.client.connect(
                self._url,
                auth=auth,
                transports=_CLIENT_TRANSPORTS[self._transport],
                namespaces=list(self._namespaces),
                # The client takes a path from this argument only, never from the address.
                socketio_path=f"{urlsplit(self._url).path}/socket.io",
                wait_timeout=max(self._left(CONNECT_S), 0.1),
            )
        except (ConnectionError, OSError, ValueError) as failed:
            told = f"; {show(self.refusals[-1])}" if self.refusals and self.refusals[-1] != str(failed) else ""
            raise NoConnection(f"no connection: {failed}{told}") from failed
        wanted = "polling" if self._transport == "polling" else "websocket"
        if (used := self.client.transport()) != wanted:
            raise NoConnection(f"connected, but the upgrade failed: the client stayed on {used}")
        return self

    def close(self) -> None:
        self.client.eio.disconnect()
        self.client.ended.wait(_CLOSE_S)
        self._http.close()

    def sid(self, namespace: str | None = None) -> str | None:
        sid: str | None = self.client.get_sid(namespace or self.namespace)
        return sid

    # ── saying ──

    def emit(self, event: str, *arguments: Any, namespace: str | None = None) -> None:
        try:
            self.client.emit(event, arguments, namespace=namespace or self.namespace)
        except SocketIOError as ended:
            raise Unlike(f"the connection had ended before `{event}` could be sent") from ended

    def ask(self, event: str, *arguments: Any, namespace: str | None = None, patience: float | None = None) -> tuple[Any, ...]:
        """The arguments of the ack."""
        where = namespace or self.namespace
        answer: list[tuple[Any, ...]] = []

        def take(*came: Any) -> None:
            with self._news:
                answer.append(came)
                self._news.notify_all()

        try:
            self.client.emit(event, arguments, namespace=where, callback=take)
        except SocketIOError as ended:
            raise Unlike(f"the connection had ended before `{event}` could be sent") from ended
        if not self._wait(lambda: answer, where, patience):
            how = "the connection ended" if self._is_over(where) else "it did not come"
            raise Unlike(f"no ack to `{event}`: {how}")
        return answer[0]

    def fence(self, namespace: str | None = None) -> None:
        """Returns when everything has been heard that was sent to this connection before."""
        self.ask("whoami", namespace=namespace)

    # ── hearing ──

    def find(self, event: str, *arguments: Any, namespace: str | None = None) -> list[Heard]:
        """What was heard so far with just these arguments."""
        where = namespace or self.namespace
        with self._news:
            return [
                one for one in self.heard if one.event == event and one.namespace == where and same(one.arguments, arguments)
            ]

    def of(self, event: str, namespace: str | None = None) -> list[Heard]:
        where = namespace or self.namespace
        with self._news:
            return [one for one in self.heard if one.event == event and one.namespace == where]

    def hear(self, event: str, *arguments: Any, namespace: str | None = None, patience: float | None = None) -> Heard:
        """The event with just these arguments; other people's do not count."""
        self._wait(lambda: self.find(event, *arguments, namespace=namespace), namespace or self.namespace, patience)
        if found := self.find(event, *arguments, namespace=namespace):
            return found[0]
        raise Unlike(self._instead(event, namespace))

    def hear_once(self, event: str, *arguments: Any, namespace: str | None = None, patience: float | None = None) -> str:
        """The same, and not a second time. Returns it as text."""
        self.hear(event, *arguments, namespace=namespace, patience=patience)
        self.fence(namespace)
        if (times := len(self.find(event, *arguments, namespace=namespace))) > 1:
            raise Unlike(f"`{event}` came {times} times")
        return f"{event} {show_arguments(arguments)}"

    def hear_many(self, event: str, count: int, patience: float, until: str | None = None) -> list[Heard]:
        """At least so many, or fewer when `until` has come or the time is over."""
        self._wait(lambda: len(self.of(event)) >= count or (until is not None and self.of(until)), self.namespace, patience)
        return self.of(event)

    def hear_end(self, namespace: str | None = None, patience: float | None = None) -> None:
        where = namespace or self.namespace
        if not self._wait(lambda: where in self.ended, where, patience):
            raise Unlike("the connection stayed open")

    def wait_for_end_of_transport(self, patience: float | None = None) -> bool:
        return self.client.ended.wait(self._left(patience))

    def forget(self) -> None:
        with self._news:
            self.heard.clear()

    def never_heard(self, who: str, event: str, *arguments: Any, namespace: str | None = None) -> None:
        self.fence(namespace)
        if self.find(event, *arguments, namespace=namespace):
            raise Unlike(f"{who} heard it too: {event} {show_arguments(arguments)}")

    def _instead(self, event: str, namespace: str | None) -> str:
        if self._is_over(namespace or self.namespace):
            return f"no such `{event}`: the connection ended"
        others = self.of(event, namespace) or self.heard
        if not others:
            return f"no `{event}`: nothing was heard at all"
        last = others[-1]
        return f"no such `{event}`; what came last: {last.event} {show_arguments(last.arguments)}"

    def _is_over(self, namespace: str) -> bool:
        return namespace in self.ended or self.client.ended.is_set()

    def _wait(self, look: Callable[[], Any], namespace: str, patience: float | None) -> bool:
        """Until something is seen, the namespace has ended, or the time is over."""
        with self._news:
            self._news.wait_for(lambda: look() or self._is_over(namespace), self._left(patience))
            return bool(look())

    def _left(self, patience: float | None) -> float:
        """What remains of the patience and of the row's time."""
        return max(0.0, min(PATIENCE_S if patience is None else patience, self._deadline - time.monotonic()))

    # ── the client's handlers ──

    def _record(self, event: str, namespace: str, *arguments: Any) -> tuple[Any, ...]:
        with self._news:
            self.heard.append(Heard(namespace, event, arguments, time.monotonic()))
            self._news.notify_all()
        return self.answers.get(event, ())

    def _record_end(self, namespace: str, _reason: str) -> None:
        with self._news:
            self.ended.append(namespace)
            self._news.notify_all()

    def _record_refusal(self, _namespace: str, *told: Any) -> None:
        self.refusals.append(told[0] if told else None)
