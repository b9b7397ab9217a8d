"""Official clients come back by themselves after a restart, and go on when their address changes."""

from collections.abc import Iterator

import pytest
from hosted import Begin, Hosted
from roster import Host

from people import Person
from relay import Relay, from_addresses
from server import until
from visitors import CONNECTIONS, VISITORS, Story, Visitor

ALL = [(name, transport) for name in VISITORS for transport in CONNECTIONS]
# A gevent server that stops may close a connection between the head and the body of a refusal. python-engineio's asynchronous
# client then fails with an error that it does not catch, and does not try again; the other clients do.
LOST_ON_GEVENT = {("python-async", "polling"), ("python-async", "upgrade")}


@pytest.fixture
def visits(host: Host, begin: Begin, switch: str) -> Iterator["Visits"]:
    """A server of the test's own, with a client of each kind over each transport."""
    kinds = [kind for kind in ALL if host.name != "gevent" or kind not in LOST_ON_GEVENT]
    visiting = Visits(begin(host, fastlane=switch, ping_interval="10", ping_timeout="8").start(), kinds)
    yield visiting
    visiting.close()


class Visits:
    def __init__(self, server: Hosted, kinds: list[tuple[str, str]]) -> None:
        self.server = server
        self.stories: dict[tuple[str, str], Story] = {}
        self._visitors: dict[tuple[str, str], Visitor] = {}
        for name, transport in kinds:
            token = Person.guest(server, f"{name} {transport}").token  # type: ignore[arg-type]
            story = self.stories[name, transport] = Story()
            self._visitors[name, transport] = VISITORS[name](server.url, CONNECTIONS[transport], token, story)
        for story in self.stories.values():
            story.until("session:ready")

    def all_come_back(self, reason: str) -> None:
        for kind, story in self.stories.items():
            ended = story.until("session:ended")
            assert (ended["reason"], ended["reconnect"]) == (reason, True), kind
            story.until("disconnect")
            story.until("session:ready", times=2)

    def close(self) -> None:
        for visitor in self._visitors.values():
            visitor.close()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("switch", ["on", "off"])
def test_every_client_comes_back_after_a_restart(visits: Visits) -> None:
    assert visits.server.stop().status == 0
    visits.server.start()
    visits.all_come_back("server_stopping")


@pytest.mark.timeout(180)
def test_every_client_stays_when_its_address_changes(hosted: Hosted) -> None:
    """A carrier's NAT with two exits: each connection of a client may come from another address."""
    relay = Relay(from_addresses(hosted.port, "127.0.0.1", "127.0.0.2"))
    try:
        for name, visit in VISITORS.items():
            story = Story()
            person = Person.guest(hosted, "Nomad")  # type: ignore[arg-type]
            before = relay.connections
            visitor = visit(relay.url, ["polling"], person.token, story)
            try:
                story.until("session:ready")
                for number in range(5):
                    visitor.send("presence:list", {"room_id": f"r{number}"})
                room_id = person.good("POST", "/rooms", {"name": "On the way", "kind": "private"})["id"]
                for number in range(5):
                    person.good("POST", f"/rooms/{room_id}/messages", {"client_id": f"c{number}", "text": "hello"})
                    assert story.until("message:created", times=number + 1)["message"]["text"] == "hello", name
                # Its polls and what it sends go over connections of their own, which alternate between the addresses.
                until("two connections", lambda before=before: relay.connections >= before + 2)
                assert "disconnect" not in [word for word, _ in story.seen], name
            finally:
                visitor.close()
    finally:
        relay.close()
