"""A server a path and test process, watched: whatever a test has done to it, it must have forgotten when the test is over."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from people import Person
from transport.accepted import ACCEPTED
from transport.paths import BESIDE, PATHS, Running, ServedBy
from transport.watch import Watch
from transport.wire import SIDS, Wire

Dial = Callable[..., Wire]
Begin = Callable[..., Running]
Watching = Callable[[Running], Watch]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("crosstalk").addoption(
        "--paths", default="on", help=f"ways to serve live connections to test, of {','.join(PATHS)}"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "path" in metafunc.fixturenames:
        asked_for = metafunc.config.getoption("--paths", default="on").split(",")
        metafunc.parametrize("path", [PATHS[name] for name in asked_for], ids=asked_for, scope="session", indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what a path need not do, and what is about people where there are none."""
    left_out = [one for one in items if _is_left_out(one)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [one for one in items if one not in left_out]
    if config.getoption("long", False):
        for item in items:
            item.add_marker(pytest.mark.timeout(1_800))


def _is_left_out(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    path = callspec.params.get("path") if callspec else None
    if not isinstance(path, ServedBy):
        return False
    case = item.name.replace(f"[{path.name}]", "").replace(f"{path.name}-", "").replace(f"-{path.name}]", "]")
    return (not path.chat and "people" in item.keywords) or case in ACCEPTED.get(path.name, {})


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "people: needs Crosstalk, not just its transport")


@pytest.fixture(scope="session")
def path(request: pytest.FixtureRequest) -> ServedBy:
    """How connections are served."""
    found: ServedBy = request.param
    return found


@pytest.fixture(scope="session")
def server(path: ServedBy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The shared server of a path. Nothing that any test does to it may be an error of its own."""
    with _running(path, tmp_path_factory.mktemp(path.name), **BESIDE) as started:
        yield started
        faults = [
            line for line in started.log().splitlines() if "Traceback" in line or "internal error" in line or "Error:" in line
        ]
        assert not faults, "\n".join(faults[:20])
        assert not [sid for sid in SIDS if sid in started.log()], "a session id is in the log"


@pytest.fixture
def begin(path: ServedBy, tmp_path: Path) -> Iterator[Begin]:
    """A server of a test's own: `begin(queue_bytes="65536")`."""
    begun: list[Running] = []

    def start(**settings: str) -> Running:
        home = tmp_path / f"server-{len(begun)}"
        home.mkdir()
        begun.append(path.begin(home, **BESIDE | settings))
        return begun[-1]

    yield start
    for one in begun:
        one.close()


@contextmanager
def _running(path: ServedBy, home: Path, **settings: str) -> Iterator[Running]:
    started = path.begin(home, **settings)
    try:
        yield started
    finally:
        started.close()


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Opens WebSockets that end with the test: `dial(server).enter()`."""
    wires: list[Wire] = []

    def open_one(server: Running, **how: object) -> Wire:
        wires.append(Wire(server.port, **how))  # type: ignore[arg-type]
        return wires[-1]

    yield open_one
    for one in wires:
        one.close()


@pytest.fixture
def watching(path: ServedBy) -> Iterator[Watching]:
    """Watches a server of a test's own: somebody healthy is beside the test, who must notice nothing."""
    watches: list[Watch] = []

    def begin(server: Running) -> Watch:
        watches.append(Watch(server, loop=path.loop))
        return watches[-1]

    yield begin
    try:
        for one in watches:
            one.check()
    finally:
        for one in watches:
            one.neighbour.leave()


@pytest.fixture
def watch(server: Running, watching: Watching) -> Watch:
    """Watches the shared server."""
    return watching(server)


@pytest.fixture
def people() -> Iterator[list[Person]]:
    """Who is put in here leaves when the test ends."""
    present: list[Person] = []
    yield present
    for person in present:
        person.leave_the_building()


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("long", False))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Chance that can be played again: a test that fails says its seed."""
    seed = request.config.getoption("seed", None)
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    request.node.user_properties.append(("seed", seed))
    print(f"the seed is {seed}: pytest -c backend/pyproject.toml '{request.node.nodeid}' --seed {seed}")
    return random.Random(seed)
