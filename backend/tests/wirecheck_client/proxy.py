"""A proxy with a fault. One request a connection, so that each request meets it; after a 101 the bytes go both ways."""

import itertools
import select
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

from listening import free_listener

QUIET_S = 0.3
OnRequest = Callable[[str], "str | bytes"]
"""What becomes of a request's head: another head, or bytes that answer it."""


def answer(status: str, body: str = "", *headers: str) -> bytes:
    """A whole HTTP answer."""
    raw = body.encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + raw


def without(head: str, *names: str) -> str:
    """The head without these headers."""
    return "\r\n".join(line for line in head.split("\r\n") if line.partition(":")[0].lower() not in names)


def with_header(head: str, header: str) -> str:
    return head.replace("\r\n", f"\r\n{header}\r\n", 1)


class Proxy:
    """Before one or more servers, in turn. `hold` keeps back what the server says until it has been quiet for a while."""

    def __init__(
        self,
        ports: Sequence[int] = (),
        *,
        on_request: OnRequest = lambda head: head,
        on_answer: Callable[[str], str] = lambda head: head,
        choose: Callable[[str], int | None] = lambda _head: None,
        hold: bool = False,
    ) -> None:
        self._turns = itertools.cycle(ports)
        self._on_request, self._on_answer, self._choose, self._hold = on_request, on_answer, choose, hold
        self._listener = free_listener()
        self._listener.settimeout(0.1)
        self._closing = threading.Event()
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()

    def _accept(self) -> None:
        with self._listener:
            while not self._closing.is_set():
                with suppress(TimeoutError):
                    client, _ = self._listener.accept()
                    threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # Either side may hang up at any moment.
        with client, suppress(OSError):
            head, rest = _read_head(client)
            if not head:
                return
            if "upgrade: websocket" not in head.lower():
                head = with_header(without(head, "connection"), "Connection: close")
            edited = self._on_request(head)
            if isinstance(edited, bytes):
                _read_body(client, head, rest)
                client.sendall(edited)
                return
            port = self._choose(head) or next(self._turns)
            with socket.create_connection(("127.0.0.1", port)) as server:
                server.sendall(edited.encode("latin-1") + rest)
                threading.Thread(target=_pass_on, args=(client, server), daemon=True).start()
                answered, rest = _read_head(server)
                client.sendall(self._on_answer(answered).encode("latin-1") + rest)
                self._bring(server, client)

    def _bring(self, server: socket.socket, client: socket.socket) -> None:
        held = b""
        while True:
            if held and not select.select([server], [], [], QUIET_S)[0]:
                client.sendall(held)
                held = b""
            some = server.recv(65536)
            held += some
            if not self._hold or not some:
                client.sendall(held)
                held = b""
            if not some:
                return


def _read_head(peer: socket.socket) -> tuple[str, bytes]:
    """The head with the empty line that ends it, and what came after."""
    came = b""
    while b"\r\n\r\n" not in came:
        some = peer.recv(65536)
        if not some:
            return "", b""
        came += some
    head, _, rest = came.partition(b"\r\n\r\n")
    return head.decode("latin-1") + "\r\n\r\n", rest


def _read_body(peer: socket.socket, head: str, came: bytes) -> None:
    """Reads what was announced: who hangs up before is not understood by every client."""
    announced = [line.partition(":")[2] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
    missing = int(announced[0]) - len(came) if announced else 0
    while missing > 0 and (some := peer.recv(65536)):
        missing -= len(some)


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError):
        while some := client.recv(65536):
            server.sendall(some)
        server.shutdown(socket.SHUT_WR)
