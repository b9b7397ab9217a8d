"""A TCP proxy between clients and a server: the test chooses how each connection goes on."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class Relay:
    """Listens on a port of its own. `dial(number)` opens the connection to the server for the nth client connection."""

    def __init__(self, dial: Callable[[int], socket.socket]) -> None:
        self._dial = dial
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def _accept(self) -> None:
        with suppress(OSError):  # the listener has been closed
            while True:
                client, _ = self._listener.accept()
                number, self.connections = self.connections, self.connections + 1
                threading.Thread(target=self._carry, args=(client, number), daemon=True).start()

    def _carry(self, client: socket.socket, number: int) -> None:
        try:
            server = self._dial(number)
        except OSError:
            client.close()
            return
        there = threading.Thread(target=_pump, args=(client, server), daemon=True)
        there.start()
        _pump(server, client)
        there.join()
        client.close()
        server.close()

    def close(self) -> None:
        # `close` alone would leave the thread in `accept`.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def from_addresses(port: int, *addresses: str) -> Callable[[int], socket.socket]:
    """Connects to a port of this machine from each address in turn, as two exits of one network do."""
    return lambda number: socket.create_connection(("127.0.0.1", port), 15, (addresses[number % len(addresses)], 0))


def to_unix_socket(path: str) -> Callable[[int], socket.socket]:
    def dial(_number: int) -> socket.socket:
        raw = socket.socket(socket.AF_UNIX)
        raw.connect(path)
        return raw

    return dial
