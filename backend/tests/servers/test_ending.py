"""SIGTERM with clients of every kind connected: they are told, it ends in time and in order, and nothing is left."""

import socket
import threading
from contextlib import ExitStack, closing

import pytest
import socketio
from clients import TRANSPORTS
from hosted import Begin
from roster import Host

from people import Person
from server import until

CONNECTIONS = {"polling": ["polling"], "upgrade": ["polling", "websocket"], "websocket": ["websocket"]}


@pytest.mark.timeout(60)
def test_its_clients_are_told_and_nothing_is_left(host: Host, begin: Begin, people: list[Person]) -> None:
    server = begin(host).start()
    strangers = {transport: Stranger(server.url, CONNECTIONS[transport]) for transport in TRANSPORTS}
    for name in TRANSPORTS:
        people.append(Person.guest(server, name.title()))
        people[-1].connect(CONNECTIONS[name])
    with ExitStack() as idle:
        _mute_websocket(server.port, idle)
        _mute_request(server.port, idle)
        ending = server.stop()
    assert ending.status == 0
    for person in people:
        assert person.wait_for("session:ended") == person.wait_for("session:ended", reason="server_stopping")
    for transport, stranger in strangers.items():
        assert stranger.gone.wait(5), f"the stranger over {transport} was not disconnected"
    until("its processes are gone", lambda: not server.has_processes(), 5)
    assert not server.is_listening()
    assert "Traceback" not in server.log(), server.log()
    # A server that ended in order can be followed at once, on the same port and with the same database.
    server.start()
    assert Person.guest(server, "Cleo").get("/rooms") is not None
    for transport, stranger in strangers.items():
        assert stranger.back.wait(15), f"the stranger over {transport} did not come back"
        stranger.client.shutdown()


class Stranger:
    """A client of the wire check, as it is after installation but for shorter pauses."""

    def __init__(self, url: str, transports: list[str]) -> None:
        self.gone = threading.Event()
        self.back = threading.Event()
        self.client = socketio.Client(handle_sigint=False, reconnection_delay=0.1, reconnection_delay_max=0.5)
        self.client.on("disconnect", lambda *_: self.gone.set())
        self.client.on("connect", lambda: self.gone.is_set() and self.back.set())
        self.client.connect(url, transports=transports, wait_timeout=15)


def _mute_websocket(port: int, idle: ExitStack) -> None:
    """One that never reads, and so never answers a close frame."""
    wire = idle.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
    wire.sendall(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert b" 101 " in wire.recv(4096).split(b"\r\n")[0]


def _mute_request(port: int, idle: ExitStack) -> None:
    """One that has begun a request and does not go on."""
    wire = idle.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
    wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
