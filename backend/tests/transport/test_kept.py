"""What is kept of each client for as long as it is there: little, and so that nobody notices."""

import threading
from typing import Any

import pytest
from engineio import packet as stock
from engineio.packet import Packet

from fastlane import clock as clocks
from fastlane.clock import Clock
from fastlane.kept import Environs, kept
from fastlane.outbox import POLL_PACKETS, Outbox
from fastlane.rooms import Rooms
from fastlane.server import Server


class Time:
    """A clock's time, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(clocks, "now", time)
    return time


@pytest.fixture
def server() -> Server:
    server = Server(async_mode="threading", client_manager=Rooms())
    server.manager.initialize()
    return server


def test_a_request_that_was_folded_is_the_same_dict_from_the_first_time_it_is_asked_for() -> None:
    environs, environ = Environs(), {"PATH_INFO": "/", "wsgi.version": (1, 0)}
    environs["a"] = environ
    environs.fold("a")
    found = environs.get("a")
    assert found == environ
    found["saved_session"] = "Ann's"
    assert environs["a"] is found
    environs.fold("a")
    assert environs["a"] == environ | {"saved_session": "Ann's"}
    del environs["a"]
    environs.fold("a")
    assert environs.get("a") is None
    assert "a" not in environs


def test_requests_of_the_same_sort_share_their_names() -> None:
    environs = Environs()
    for number in range(100):
        environs[f"like {number}"] = {"PATH_INFO": "/", "REMOTE_PORT": str(number)}
        environs[f"unlike {number}"] = {f"HTTP_X_{number}": ""}
        environs.fold(f"like {number}")
        environs.fold(f"unlike {number}")
    assert [environs[f"like {number}"]["REMOTE_PORT"] for number in range(100)] == [str(number) for number in range(100)]
    assert all(f"HTTP_X_{number}" in environs[f"unlike {number}"] for number in range(100))


def test_headers_that_many_send_are_kept_once_and_the_body_and_the_connection_not_at_all() -> None:
    sent = {"HTTP_USER_AGENT": "a browser", "HTTP_COOKIE": "x" * 1_000, "wsgi.version": (1, 0), "gunicorn.socket": object()}

    def again() -> dict[str, Any]:
        own = {name[:5] + name[5:]: value[:3] + value[3:] if isinstance(value, str) else value for name, value in sent.items()}
        return kept(own, None)

    one, other = again(), again()
    assert one == other
    assert one["HTTP_USER_AGENT"] is other["HTTP_USER_AGENT"]
    assert one["HTTP_COOKIE"] == sent["HTTP_COOKIE"]
    assert "gunicorn.socket" not in one
    assert one["wsgi.input"].read() == b""


def test_everybody_is_in_the_room_of_their_own_id(server: Server) -> None:
    manager = server.manager
    ann, bob = (manager.connect(manager.pre_connect(name, "/"), "/") for name in ("eio-ann", "eio-bob"))
    manager.enter_room(ann, "/", "tea")
    manager.enter_room(bob, "/", "tea")
    assert manager.get_rooms(ann, "/") == [ann, "tea"]
    assert dict(manager.get_participants("/", ann)) == {ann: "eio-ann"}
    assert dict(manager.get_participants("/", [bob, "tea", "coffee"])) == {ann: "eio-ann", bob: "eio-bob"}
    assert dict(manager.get_participants("/", None)) == {ann: "eio-ann", bob: "eio-bob"}
    with pytest.raises(ValueError, match="sid room"):
        manager.enter_room(ann, "/", bob)
    with pytest.raises(ValueError, match="sid room"):
        manager.close_room(bob, "/")
    manager.enter_room(ann, "/", ann)
    assert manager.pre_connect("eio-ann", "/") is None, "a client is in a namespace once"
    manager.disconnect(ann, "/")
    assert manager.get_rooms(ann, "/") == []
    assert dict(manager.get_participants("/", ann)) == {}
    assert dict(manager.get_participants("/", "tea")) == {bob: "eio-bob"}


def test_who_has_nothing_to_hear_has_an_empty_box_of_their_own() -> None:
    one, other = Outbox(threading.Lock()), Outbox(threading.Lock())
    one.put(Packet(stock.MESSAGE, "a"))
    assert (len(one), one.bytes, len(other)) == (1, 1, 0)
    assert [packet.data for packet in one.take(5)] == ["a"]
    one.put(Packet(stock.MESSAGE, "b"))
    one.clear()
    one.put(Packet(stock.MESSAGE, "c"))
    assert ([packet.data for packet in one.take(5)], one.bytes, len(other)) == (["c"], 0, 0)


def test_far_deadlines_are_kept_together_and_none_comes_early(time: Time) -> None:
    clock, called = Clock(), []
    for number in range(100):
        clock.after(5 + number / 1_000, lambda number=number: called.append((number, time.now)))
    clock.after(0.5, lambda: called.append((-1, time.now)))
    time.now += 0.5
    assert clock.run() == pytest.approx(4.5, abs=0.05)
    assert called == [(-1, 1000.5)]
    for _ in range(500):
        time.now += 0.01
        clock.run()
    assert [number for number, _ in called] == [-1, *range(100)]
    assert all(0 <= at - 1005 - number / 1_000 < 0.05 for number, at in called[1:])


def test_a_deadline_that_fails_takes_no_other_with_it(time: Time) -> None:
    clock, called = Clock(), []

    def fail() -> None:
        called.append("failed")
        raise RuntimeError("on purpose")

    for call in (lambda: called.append("before"), fail, lambda: called.append("behind")):
        clock.after(5, call)
    time.now += 6
    with pytest.raises(RuntimeError):
        clock.run()
    clock.run()
    assert called == ["before", "failed", "behind"]


def test_an_answer_to_a_poll_that_comes_soon_after_another_waits_for_more_until_it_is_full() -> None:
    outbox = Outbox(threading.Lock())
    outbox.put(Packet(stock.MESSAGE, "first"))
    assert outbox.due_in(POLL_PACKETS) == 0, "nobody has been answered for long"
    outbox.take(POLL_PACKETS)
    outbox.put(Packet(stock.MESSAGE, "second"))
    assert 0 < outbox.due_in(POLL_PACKETS) < 1
    for number in range(POLL_PACKETS - 1):
        outbox.put(Packet(stock.MESSAGE, str(number)))
    assert outbox.due_in(POLL_PACKETS) == 0
