"""Where a row is played: the server's address, the transport, and the connections that the row opens."""

import secrets
import time
from contextlib import ExitStack
from typing import Any

from crosstalk.wirecheck.client.asking import Answer, Unreachable, ask
from crosstalk.wirecheck.client.connection import Connection
from crosstalk.wirecheck.client.outcome import NAMESPACES, NoConnection, Unlike


class Desk:
    """One for each play of a row; all its connections are closed with it."""

    def __init__(self, url: str, origin: str | None, transport: str, namespace: str, seconds: float) -> None:
        self.url, self.origin, self.transport, self.namespace = url, origin, transport, namespace
        self.other = NAMESPACES[1] if namespace == NAMESPACES[0] else NAMESPACES[0]
        # The namespaces are public: what a row looks for nobody else says.
        self.token = f"wc-{secrets.token_hex(6)}"
        self._deadline = time.monotonic() + seconds
        self._opened = ExitStack()

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def open(self, *namespaces: str, auth: dict[str, Any] | None = None) -> Connection:
        """A connection to the row's namespace, or to these."""
        return self._prepare(namespaces or (self.namespace,)).connect(auth)

    def open_both(self) -> Connection:
        return self.open(self.namespace, self.other)

    def be_refused(self, auth: dict[str, Any]) -> Any:
        """What the client was told when the server refused it."""
        connection = self._prepare((self.namespace,))
        try:
            connection.connect(auth)
        except NoConnection:
            if connection.refusals and connection.client.failed_namespaces:
                return connection.refusals[-1]
            raise
        raise Unlike("the connection was accepted")

    def ask(self, path: str, *, method: str = "GET", body: bytes | None = None) -> Answer:
        """REST, from the page's origin."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            return ask(self.url, path, method=method, origin=self.origin, headers=headers, body=body)
        except Unreachable as unreachable:
            raise NoConnection(f"no answer from {path}: {unreachable}") from unreachable

    def _prepare(self, namespaces: tuple[str, ...]) -> Connection:
        connection = Connection(self.url, self.origin, self.transport, namespaces, self._deadline)
        self._opened.callback(connection.close)
        return connection
