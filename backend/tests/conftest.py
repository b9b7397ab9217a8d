"""One server a test process for the many tests that leave it as it was; `serve` starts another with settings of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from people import Person
from server import Server

Serve = Callable[..., Server]
Meet = Callable[..., Person]


def pytest_addoption(parser: pytest.Parser) -> None:
    """For tests/faults and tests/transport."""
    group = parser.getgroup("crosstalk")
    group.addoption("--long", action="store_true", default=False, help="the full numbers, and the tables in docs/")
    group.addoption("--seed", type=int, default=None, help="play again what failed under this seed")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The shared server, rate limits off. Nothing that any test does may be an internal error."""
    started = Server(tmp_path_factory.mktemp("server")).start()
    yield started
    started.close()
    assert "internal error" not in started.log(), started.log()
    assert "failed" not in started.log(), started.log()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server for one test: `serve(stream_lease_s="0.5")`."""
    with _serving(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def serve_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """The same for all tests of a file, which leave it as it was."""
    with _serving(tmp_path_factory.mktemp("servers")) as start:
        yield start


@contextmanager
def _serving(home: Path) -> Iterator[Serve]:
    servers: list[Server] = []

    def start(*, wrapper: tuple[str, ...] = (), executed: bool = False, **settings: str) -> Server:
        own = home / f"server-{len(servers)}"
        own.mkdir()
        servers.append(Server(own, wrapper=wrapper, executed=executed, **settings))
        return servers[-1].start()

    try:
        yield start
    finally:
        for one in servers:
            one.close()


@pytest.fixture
def meet() -> Iterator[Meet]:
    """Brings in a person; `live=False` without a live connection."""
    people: list[Person] = []

    def bring(server: Server, name: str, *, live: bool = True, transports: list[str] | None = None) -> Person:
        person = Person.guest(server, name)
        people.append(person)
        if live:
            person.connect(transports)
        return person

    yield bring
    for person in people:
        person.leave_the_building()


@pytest.fixture
def ann(server: Server, meet: Meet) -> Person:
    return meet(server, "Ann")


@pytest.fixture
def bob(server: Server, meet: Meet) -> Person:
    return meet(server, "Bob")


@pytest.fixture
def room_id(ann: Person, bob: Person) -> str:
    """A room of Ann's with Bob in it; its seq is 2."""
    room_id = ann.open_room()
    bob.join(room_id)
    bob.wait_for("member:joined", room_id=room_id, seq=2)
    return room_id


@pytest.fixture
def cleo(server: Server, meet: Meet) -> Person:
    """Signed in, not connected, in no room."""
    return meet(server, "Cleo", live=False)
