"""Coming, being refused, going; and what must not reach a handler."""

import json
import threading
from typing import Any

import pytest
import socketio.exceptions

from conftest import Serve
from raw import RawPolling, RawSocket
from rest import ask
from server import PAGE, Server
from wirecheck.caller import Caller, the_other
from wirecheck.conftest import Call, Dial

RESERVED = ["connect", "disconnect", "connect_error", "disconnecting", "newListener", "removeListener"]


def packet(kind: str, namespace: str, content: Any = None) -> str:
    """A Socket.IO packet as it stands on the wire."""
    place = "" if namespace == "/" else f"{namespace},"
    return f"4{kind}{place}{'' if content is None else json.dumps(content, separators=(',', ':'))}"


@pytest.mark.parametrize("auth", [None, {}, {"token": "x"}, {"any": ["thing", {"deep": None}]}, {"refuse": None}], ids=repr)
def test_everybody_is_greeted(call: Call, transports: list[str], auth: Any) -> None:
    ann = call(transports=transports, auth=auth)
    assert ann.heard("/") == ann.heard("/test") == []  # the greeting is looked at in there


def test_the_greeting_comes_after_the_word_that_the_connection_stands(dial: Dial, namespace: str) -> None:
    raw = dial()
    raw.send(packet("0", namespace))
    assert raw.receive().startswith(packet("0", namespace) + "{")
    assert raw.receive() == packet("2", namespace, ["my response", {"data": "Connected"}])


@pytest.mark.seed("S9")
def test_a_refused_client_reads_the_reason(server: Server, namespace: str, transports: list[str]) -> None:
    seen: list[Any] = []
    client = socketio.Client(reconnection=False, handle_sigint=False)
    client.on("connect_error", seen.append, namespace=namespace)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(server.url, namespaces=[namespace], transports=transports, auth={"refuse": "not today, 你好"})
    assert seen == [{"message": "not today, 你好"}]


def test_a_refusal_in_one_namespace_leaves_the_other(dial: Dial, namespace: str) -> None:
    raw = dial()
    other = the_other(namespace)
    raw.send(packet("0", other))
    raw.until(packet("2", other, ["my response", {"data": "Connected"}]))
    raw.send(packet("0", namespace, {"refuse": "no"}))
    assert raw.receive() == packet("4", namespace, {"message": "no"})
    raw.send(packet("2", other, ["my event", 2]))
    assert raw.receive() == packet("2", other, ["my response", 2])
    raw.send(packet("0", namespace, {"refuse": False}))
    raw.until(packet("2", namespace, ["my response", {"data": "Connected"}]))


def test_an_event_in_a_namespace_that_refused_the_client_ends_the_connection(dial: Dial, namespace: str) -> None:
    raw = dial()
    other = the_other(namespace)
    raw.send(packet("0", other))
    raw.until(packet("2", other, ["my response", {"data": "Connected"}]))
    raw.send(packet("0", namespace, {"refuse": "no"}))
    assert raw.receive() == packet("4", namespace, {"message": "no"})
    raw.send(packet("2", namespace, ["my event", 1]))
    assert raw.receive() == "1"


@pytest.mark.parametrize("reason", ["\\u0000", "\\ud800"])
def test_a_reason_that_no_client_could_be_sent_is_a_refusal_as_well(dial: Dial, reason: str) -> None:
    raw = dial()
    raw.send('40{"refuse":"' + reason + '"}')
    assert raw.receive().startswith('44{"message":"refuse contains')


def test_whoami_knows_how_one_is_connected(call: Call, server: Server, namespace: str) -> None:
    for transport in ("polling", "websocket"):
        ann = call(transports=[transport], origin=PAGE)
        me = ann.whoami(namespace)
        assert me.keys() == {"sid", "rooms", "transport", "origin", "server", "async_mode"}
        assert (me["transport"], me["origin"], me["rooms"]) == (transport, PAGE, [me["sid"]])
        assert call(transports=[transport]).whoami(namespace)["origin"] is None
        assert me["async_mode"] in ("threading", "gevent", "eventlet", "gevent_uwsgi")
        name, version = me["server"].rsplit(" ", 1)
        assert name in ("gunicorn", "werkzeug", "gevent pywsgi", "eventlet", "uWSGI")
        assert version[0].isdigit()


def test_who_asks_to_be_disconnected_leaves_one_namespace_and_stays_in_the_other(ann: Caller, namespace: str) -> None:
    ann.emit("start_stream", {"text": "x" * 1_000, "pace_ms": 1}, namespace=namespace)
    ann.emit("disconnect_me", namespace=namespace)
    ann.wait_until_left(namespace)
    other = the_other(namespace)
    assert ann.ask("my event", "here", namespace=other) == ("one", 2)
    assert ann.refused("cross", 1, namespace=other)["code"] == "not_found"
    assert ann.left == [namespace]


def test_the_transport_ends_with_its_last_namespace(dial: Dial, namespace: str) -> None:
    raw = dial()
    other = the_other(namespace)
    for one in (namespace, other):
        raw.send(packet("0", one))
        raw.until(packet("2", one, ["my response", {"data": "Connected"}]))
    raw.send(packet("2", namespace, ["disconnect_me"]))
    assert raw.receive() == packet("1", namespace)
    raw.send(packet("2", other, ["disconnect_me"]))
    assert raw.receive() == packet("1", other)
    assert raw.close_code() in (1000, 1005)


def test_who_left_may_come_again_on_the_same_transport(dial: Dial, namespace: str) -> None:
    raw = dial()
    for one in (the_other(namespace), namespace):
        raw.send(packet("0", one))
        raw.until(packet("2", one, ["my response", {"data": "Connected"}]))
    for way_out in (packet("1", namespace), packet("2", namespace, ["disconnect_me"])):
        raw.send(packet("2", namespace, ["join", {"username": "x", "room": "left behind"}]))
        raw.send(way_out)
        raw.send(packet("0", namespace))
        raw.until(packet("2", namespace, ["my response", {"data": "Connected"}]))
        place = "" if namespace == "/" else f"{namespace},"
        raw.send(f'42{place}7["whoami"]')
        assert "left behind" not in raw.until(f"43{place}7[")


@pytest.mark.parametrize("event", RESERVED)
@pytest.mark.seed("S5c")
def test_a_reserved_name_reaches_no_handler_and_costs_the_connection(
    dial: Dial, ann: Caller, namespace: str, event: str
) -> None:
    raw = dial()
    raw.send(packet("0", namespace))
    raw.until(packet("2", namespace, ["my response", {"data": "Connected"}]))
    raw.send(packet("2", namespace, [event, {"refuse": "x"}]))
    assert raw.close_code() == 4400
    assert sum("my response" in str(frame) for frame in raw.frames) == 1  # the greeting
    assert ann.heard(namespace) == []


def test_half_a_surrogate_pair_is_refused_and_an_ack_number_of_nobody_is_harmless(dial: Dial, ann: Caller) -> None:
    raw = dial()
    raw.send("40")
    raw.until('42["my response"')
    raw.send('427["broadcast","\\ud83d"]')
    assert "half of a surrogate pair" in raw.until("437[")
    for number in (0, 1, 99):
        raw.send(f'43{number}["x"]')
    raw.send('428["confirm",1]')
    raw.until('421["confirm_me",1]')
    assert ann.heard() == []


def test_a_polling_client_is_served_by_hand_as_well(server: Server, namespace: str) -> None:
    raw = RawPolling(server)
    assert raw.post(packet("0", namespace)).status == 200
    raw.until(packet("2", namespace, ["my response", {"data": "Connected"}]))
    assert raw.post(packet("2", namespace, ["start_stream", {"text": "abc", "pace_ms": 0}])).status == 200
    for one in "abc":
        assert raw.until(packet("2", namespace, ["new_char"])[:-1]) == packet("2", namespace, ["new_char", one])
    raw.until(packet("2", namespace, ["stream_end", 3]))
    assert raw.post(packet("2", namespace, ["disconnect_me"])).status == 200
    raw.until(packet("1", namespace))


@pytest.mark.seed("S9")
def test_people_who_come_and_go_do_not_disturb_a_broadcast(call: Call, namespace: str) -> None:
    ann, bob = call(), call()
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            passing = call(namespaces=[namespace])
            passing.emit("join", {"username": "x", "room": "revolving door"}, namespace=namespace)
            passing.emit("disconnect_me", namespace=namespace)

    traffic = [threading.Thread(target=come_and_go) for _ in range(4)]
    for one in traffic:
        one.start()
    try:
        for number in range(100):
            assert ann.ask("broadcast", number, namespace=namespace) == ()
            assert ann.ask("join", {"username": "x", "room": f"{number % 7}"}, namespace=namespace) == ({"ok": True},)
            ann.ask("leave", {"username": "x", "room": f"{number % 7}"}, namespace=namespace)
    finally:
        stop.set()
        for one in traffic:
            one.join()
    for who in (ann, bob):
        who.wait_for("my response", 99, namespace=namespace)
        assert who.heard(namespace, "my response") == [("my response", (number,)) for number in range(100)]


def test_no_session_id_is_in_the_log(server: Server, ann: Caller, namespace: str) -> None:
    sid = ann.whoami(namespace)["sid"]
    ann.refused("my_event", namespace=namespace)
    ann.emit("disconnect_me", namespace=namespace)
    ann.wait_until_left(namespace)
    assert sid not in server.log() + server.errors()


@pytest.mark.parametrize(
    "settings", [{"wirecheck": "off"}, {"env": "production", "rate_limits": "on"}], ids=["off", "production"]
)
def test_it_is_off_when_it_is_told_to_be_and_in_production(serve: Serve, settings: dict[str, str]) -> None:
    server = serve(**settings)
    for namespace in ("/", "/test"):
        raw = RawSocket(server).open()
        raw.send("40" if namespace == "/" else f"40{namespace},")
        assert "Invalid namespace" in raw.until("44")
    assert ask(server.port, "GET", "/wirecheck").status == 404
    assert ask(server.port, "POST", "/wirecheck/emit", {"event": "x"}).status == 404
