"""One running server for each that is asked for (`--servers threads,gevent`, default all), and the table of what they did."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import table
from clients import CLIENTS, TRANSPORTS, Playing
from hosted import Begin, Hosted
from misfits import MISFITS
from origin_variants import ALLOWED_ORIGINS
from roster import BY_NAME, Host, asked_for

from people import Person

ASKED_FOR = pytest.StashKey[list[Host]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--servers", default="all", help="names of the servers to test, with commas between; default all")
    parser.addoption("--write-table", action="store_true", help="write what came out into docs/deploy.md")


def pytest_configure(config: pytest.Config) -> None:
    try:
        config.stash[ASKED_FOR] = asked_for(config.getoption("--servers", default="all"))
    except KeyError as unknown:
        raise pytest.UsageError(f"--servers: there is no {unknown}; there are {', '.join(BY_NAME)}") from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    hosts = metafunc.config.stash[ASKED_FOR]
    if "host" in metafunc.fixturenames:
        # One worker process tests one server: it is started once.
        params = [pytest.param(host, id=host.name, marks=pytest.mark.xdist_group(host.name)) for host in hosts]
        metafunc.parametrize("host", params, scope="session")
    if "misfit" in metafunc.fixturenames:
        there = {host.name for host in hosts}
        fitting = {name: one for name, one in MISFITS.items() if one.environment in there}
        metafunc.parametrize("misfit", fitting.values(), ids=fitting)


@pytest.fixture(autouse=True)
def _say_what_was_tested(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    """For the table, which is written by another process than the one that tests."""
    if "host" in request.fixturenames:
        for name, value in request.node.callspec.params.items():
            record_property(name, value.name if isinstance(value, Host) else value)


@pytest.fixture(scope="session")
def hosted(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    """The server, running."""
    started = Hosted(host, tmp_path_factory.mktemp(host.name), allowed_origins=ALLOWED_ORIGINS)
    try:
        yield started.start()
    finally:
        started.close()


@pytest.fixture(scope="session")
def playing(hosted: Hosted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    """The wire check under way: both clients over every transport at once, since most of it is waiting.

    The Python client's rows do not mind each other on one server. Those of the page take a broadcast that they hear for
    their own, so each transport gets a server to itself.
    """
    alone = [Hosted(hosted.host, tmp_path_factory.mktemp(f"{hosted.host.name}-{each}")) for each in TRANSPORTS]
    try:
        with ThreadPoolExecutor(6) as pool:
            servers = {"python": [hosted] * 3, "npm": list(pool.map(Hosted.start, alone))}
            yield {
                (client, each): pool.submit(play, server.url, each)
                for client, play in CLIENTS.items()
                for each, server in zip(TRANSPORTS, servers[client], strict=True)
            }
    finally:
        for one in alone:
            one.close()


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """A server of one test's own, not started yet: `begin(host, rate_limits="off")`."""
    begun: list[Hosted] = []

    def prepare(host: Host, **more: Any) -> Hosted:
        begun.append(Hosted(host, tmp_path, **more))
        return begun[-1]

    yield prepare
    for one in begun:
        one.close()


@pytest.fixture
def people() -> Iterator[list[Person]]:
    """Who is put in here leaves when the test ends."""
    present: list[Person] = []
    yield present
    for person in present:
        person.leave_the_building()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # With several worker processes, the one that started them hears of everything.
    table.keep(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--write-table", default=False) and not hasattr(session.config, "workerinput"):
        table.write()
