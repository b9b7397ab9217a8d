"""The client of the rows and of our tests: in order, and no end overlooked."""

import contextlib
import threading

import pytest
import socketio
from proxy import Proxy, answer
from stand_in import StandIn

from crosstalk.wirecheck.client import OrderedClient

TRANSPORTS = (["polling"], ["polling", "websocket"], ["websocket"])
OPENED = '0{"sid":"x","upgrades":[],"pingInterval":9000,"pingTimeout":9000,"maxPayload":1000}'
CONNECTED, DISCONNECTED, CLOSED = '40/test,{"sid":"y"}\x1e', "41/test,\x1e", "1\x1e"


@pytest.mark.parametrize("transports", TRANSPORTS, ids="-".join)
def test_events_are_handled_in_the_order_in_which_they_came(transports: list[str]) -> None:
    heard: list[int] = []
    done = threading.Event()
    client = OrderedClient()
    client.on("number", heard.append, namespace="/test")
    client.on("done", lambda: done.set(), namespace="/test")

    def count(here: StandIn, namespace: str, sid: str, _count: int) -> None:
        for number in range(_count):
            here.emit("number", number, to=sid, namespace=namespace)
        here.emit("done", to=sid, namespace=namespace)

    # A stock server answers a poll with all it has, and the client takes sixteen packets of one answer.
    numbers = 12 if transports == ["polling"] else 500
    with StandIn(count=count) as here:
        client.connect(here.url, transports=transports, namespaces=["/test"], wait_timeout=5)
        client.emit("count", numbers, namespace="/test")
        assert done.wait(10)
        client.disconnect()
    assert heard == list(range(numbers))


@pytest.mark.parametrize("transports", TRANSPORTS, ids="-".join)
def test_a_handler_may_emit(transports: list[str]) -> None:
    heard: list[str] = []
    done = threading.Event()
    client = OrderedClient()

    def again(text: str) -> None:
        heard.append(text)
        if len(heard) == 3:
            done.set()
        else:
            client.emit("message", f"{text}!", namespace="/test")

    client.on("message", again, namespace="/test")
    with StandIn() as here:
        client.connect(here.url, transports=transports, namespaces=["/test"], wait_timeout=5)
        client.emit("message", "hello", namespace="/test")
        assert done.wait(5)
        client.disconnect()
    assert heard == ["hello", "hello!", "hello!!"]


@pytest.mark.parametrize(("packets", "told"), [(CONNECTED + DISCONNECTED, True), (CONNECTED + CLOSED, True), (CLOSED, False)])
def test_what_ends_at_once_is_not_taken_for_connected(packets: str, told: bool) -> None:
    def say(head: str) -> bytes:
        if "sid=" not in head:
            return answer("200 OK", OPENED)
        return answer("200 OK", "ok" if head.startswith("POST") else packets.removesuffix("\x1e"))

    client = OrderedClient()
    gone = threading.Event()
    client.on("disconnect", lambda *_: gone.set(), namespace="/test")
    with Proxy(on_request=say) as here, contextlib.suppress(socketio.exceptions.ConnectionError):
        client.connect(here.url, transports=["polling"], namespaces=["/test"], wait_timeout=5)
    assert client.ended.wait(5)
    assert gone.is_set() == told
    assert not client.connected
    assert client.namespaces == {}


def test_an_end_of_the_transport_while_connecting_ends_the_waiting() -> None:
    def lose_the_session(head: str) -> bytes:
        return answer("400 Bad Request", "Invalid session") if "sid=" in head else answer("200 OK", OPENED)

    client = OrderedClient()
    returned = threading.Event()

    def connect() -> None:
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect(here.url, transports=["polling"], namespaces=["/test"], wait_timeout=30)
        returned.set()

    with Proxy(on_request=lose_the_session) as here:
        threading.Thread(target=connect, daemon=True).start()
        assert returned.wait(5)
    assert client.ended.is_set()
    assert not client.connected


def test_a_client_can_come_back() -> None:
    client = OrderedClient()
    with StandIn() as here:
        for _ in range(2):
            client.connect(here.url, transports=["websocket"], namespaces=["/test"], wait_timeout=5)
            assert client.call("my event", "x", namespace="/test", timeout=5) == ("one", 2)
            client.disconnect()
            assert client.ended.wait(5)
            assert not client.connected
