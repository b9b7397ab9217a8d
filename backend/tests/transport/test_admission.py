"""Which sessions are accepted: bounds for the process, for each network and for each user, and room for clients with a token."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from fastlane import admission
from fastlane.admission import Admission
from fastlane.refusals import Refusal
from people import Person
from rest import ask
from server import until
from transport.conftest import Begin, Dial
from transport.paths import Running
from transport.wire import Refused, Wire

OPEN = "/socket.io/?EIO=4&transport=polling"


class Process:
    """An `Admission` with a clock that the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int, **bounds: int) -> None:
        self.sockets: dict[str, Any] = {}
        self.admission = Admission(
            self.sockets, network=bounds.get("network"), waiting=bounds.get("waiting"), patience=bounds.get("patience", 10)
        )
        self.most = most
        self.time = 0.0
        monkeypatch.setattr(admission, "now", lambda: self.time)

    def open(self, sid: str, network: str = "n", *, joined: int = 0) -> Any:
        """The id of the session that was ended for it. Raises Refusal."""
        session: Any = SimpleNamespace(sid=sid, network=network, joined=joined)
        evicted = self.admission.admit(session, self.most)
        if evicted is None:
            return None
        self.admission.forget(evicted)
        return evicted.sid

    def authenticate(self, sid: str) -> None:
        self.admission.authenticated(self.sockets[sid])

    def close(self, sid: str) -> None:
        self.admission.forget(self.sockets[sid])


def test_a_full_process_ends_its_oldest_waiting_session_for_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(monkeypatch, 3)
    for sid in "abc":
        assert process.open(sid) is None
    process.authenticate("a")
    assert [process.open(sid) for sid in "def"] == ["b", "c", "d"]
    assert set(process.sockets) == {"a", "e", "f"}


def test_authenticated_sessions_are_never_ended_and_the_next_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(monkeypatch, 2)
    for sid in "ab":
        process.open(sid)
        process.authenticate(sid)
    with pytest.raises(Refusal) as refused:
        process.open("c")
    assert (refused.value.status[:3], refused.value.reason) == ("503", "connections")
    process.close("a")
    assert process.open("c") is None


def test_the_last_tenth_is_for_clients_that_authenticate_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(monkeypatch, 20)
    for number in range(18):
        assert process.open(f"old{number}") is None
    assert process.open("young") is None, "nobody has waited for long"
    process.time = admission.RESERVE_S + 0.1
    assert process.open("next") == "old0"
    assert len(process.sockets) == 19


def test_a_session_in_an_open_namespace_keeps_its_place_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(monkeypatch, 2)
    process.open("visitor", joined=1)
    process.open("silent")
    assert process.open("new") == "silent"
    process.authenticate("new")
    with pytest.raises(Refusal):
        process.open("later")
    process.time = 10.1
    assert process.open("later") == "visitor"


def test_a_process_that_accepts_nothing_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(monkeypatch, 5)
    process.open("a")
    process.most = 0
    with pytest.raises(Refusal):
        process.open("b")
    assert set(process.sockets) == {"a"}


def test_a_network_has_so_many_sessions_and_fewer_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(monkeypatch, 100, network=3, waiting=2)
    process.open("a")
    process.open("b")
    with pytest.raises(Refusal) as refused:
        process.open("c")
    assert (refused.value.status[:3], refused.value.reason) == ("429", "network_waiting")
    assert process.open("elsewhere", "another") is None
    process.authenticate("a")
    process.open("c")
    process.authenticate("b")
    with pytest.raises(Refusal) as refused:
        process.open("d")
    assert refused.value.reason == "network_connections"
    assert ("Retry-After", "5") in refused.value.headers
    process.close("a")
    assert process.open("d") is None


def test_sessions_without_a_network_are_counted_for_the_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(monkeypatch, 100, network=1, waiting=1)
    for number in range(50):
        assert process.open(str(number), "") is None


def test_nothing_is_kept_of_a_network_without_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(monkeypatch, 100)
    for number in range(10):
        process.open(str(number), f"n{number}")
        process.close(str(number))
    assert not process.admission._networks
    assert not process.admission._waiting


# ── through a server ──


@pytest.mark.people
def test_sockets_without_a_token_keep_nobody_out(begin: Begin, dial: Dial, people: list[Person]) -> None:
    server = begin(max_connections="10")
    people.append(Person.guest(server, "Ann"))  # type: ignore[arg-type]
    silent = [dial(server).open() for _ in range(10)]
    for _ in range(3):
        people[0].connect()
    assert people[0].lines[-1].command("session:resume", epoch="e", rooms={}) == {"rooms": {}}
    assert silent[0].ending(5) == 1006, "the oldest made room"
    assert 'crosstalk_cuts_total{reason="evicted"}' in ask(server.port, "GET", "/metrics").raw.decode()


@pytest.mark.people
def test_the_connections_of_a_network_are_bounded(begin: Begin, dial: Dial) -> None:
    server = begin(trusted_proxies="1", network_connections="3", network_waiting="2")

    def opened(address: str) -> int:
        return ask(server.port, "GET", OPEN, headers=[("X-Forwarded-For", address)]).status

    assert [opened("203.0.113.7") for _ in range(3)] == [200, 200, 429]
    assert opened("203.0.113.8") == 200
    assert [opened(f"2001:db8::{number}") for number in range(3)] == [200, 200, 429], "a /64 is one network"
    assert opened("2001:db8:1::1") == 200
    with pytest.raises(Refused) as refused:
        dial(server, x_forwarded_for="203.0.113.7")
    assert refused.value.status == 429
    assert int(refused.value.headers["retry-after"]) >= 1
    assert [opened("127.0.0.1") for _ in range(10)] == [200] * 10, "a proxy on the same machine that is not configured"
    assert 'crosstalk_refusals_total{reason="network_waiting"} 3.0' in ask(server.port, "GET", "/metrics").raw.decode()


@pytest.mark.people
def test_the_connections_of_a_user_are_bounded(begin: Begin, dial: Dial) -> None:
    server = begin(user_connections="3")
    ann, bob = Person.guest(server, "Ann"), Person.guest(server, "Bob")  # type: ignore[arg-type]
    wires = [dial(server).enter("/chat", {"token": ann.token}) for _ in range(3)]
    refused = _refusal(dial(server).open(), ann.token)
    assert refused["message"] == "rate_limited"
    assert refused["data"]["code"] == "rate_limited"
    assert "3 connections" in refused["data"]["message"]
    assert refused["data"]["retry_after"] > 0
    dial(server).enter("/chat", {"token": bob.token})
    wires[0].close()

    def is_let_in() -> bool:
        wire = dial(server).open()
        wire.say(f"40/chat,{json.dumps({'token': ann.token})}")
        return wire.until("4").startswith("40")

    until("there is a place again", is_let_in)
    assert 'crosstalk_connects_refused_total{bound="number"}' in ask(server.port, "GET", "/metrics").raw.decode()


@pytest.mark.people
def test_a_user_connects_so_often_and_no_more(begin: Begin, dial: Dial) -> None:
    server = begin(rate_limits="on")
    ann = Person.guest(server, "Ann")  # type: ignore[arg-type]
    wire = dial(server).open()
    for _ in range(60):
        wire.say(f"40/chat,{json.dumps({'token': ann.token})}", "41/chat,")
    answers = [_refusal(wire, ann.token) for _ in range(3)]
    assert {one["data"]["code"] for one in answers} == {"rate_limited"}
    lines = [line for line in server.log().splitlines() if '"connect"' in line]
    assert len(lines) == 1, "one line, however often it is refused"
    assert ann.token not in server.log()


@pytest.mark.people
def test_the_bound_is_announced(server: Running, dial: Dial, people: list[Person]) -> None:
    people.append(Person.guest(server, "Ann"))  # type: ignore[arg-type]
    people[0].connect()
    assert people[0].line.wait_for("session:ready")["limits"]["connections"] == 20


def _refusal(wire: Wire, token: str) -> dict[str, Any]:
    wire.say(f"40/chat,{json.dumps({'token': token})}")
    found: dict[str, Any] = json.loads(wire.until("44/chat,").removeprefix("44/chat,"))
    return found
