"""The options, and a trial for each scenario: its seed, its size, its server, and its line in the table."""

import asyncio
import os
import platform
import random
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from faults.report import Row, write
from faults.stage import Stage
from faults.stores import drop_override
from server import Server

Size = TypeVar("Size")
ROWS: list[Row] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "scenario(name): the scenario's name in docs/reliability.md")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Longer than the patience of a trial, which says what did not come; and servers start slowly on a busy machine.
    seconds = 1_800 if config.getoption("long", False) else 150
    for item in items:
        if "trial" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(seconds))


class Trial:
    """One scenario under one seed, short or long."""

    def __init__(self, row: Row, long: bool, home: Path) -> None:
        self.row = row
        self.long = long
        self.home = home
        self.rng = random.Random(f"{row.seed} {row.scenario}")
        self._hands = ThreadPoolExecutor(1, "stage hand")
        self._servers: list[Server] = []

    def size(self, short: Size, long: Size) -> Size:
        return long if self.long else short

    def bar(self, what: str, seconds: float, most: float, *, unit: str = "s") -> None:
        """A time that is bounded. Only the long form, which has the machine to itself, fails when it was longer."""
        shown, bound = (f"{1000 * one:.0f} ms" if unit == "ms" else f"{one:.2f} s" for one in (seconds, most))
        self.row.times[what] = f"{shown} (at most {bound})"
        if self.long and seconds > most:
            self.row.too_slow.append(f"{what}: {shown}, at most {bound}")

    def serve(self, *, executed: bool = False, **settings: str) -> Server:
        home = self.home / f"server-{len(self._servers)}"
        home.mkdir()
        server = Server(home, executed=executed, **settings)
        self._servers.append(server)
        self._hands.submit(server.start).result()
        return server

    def serve_without_override(self) -> Server:
        """A server for which the rights of a file count, also when root runs the tests."""
        self._hands.submit(drop_override).result()
        return self.serve(executed=True)

    def play(
        self, scenario: Callable[[Stage], Coroutine[Any, Any, None]], server: Server | None = None, **settings: str
    ) -> None:
        """Runs a scenario, on a server of its own unless one is given."""
        own = server or self.serve(**settings)

        async def whole() -> None:
            async with Stage(own, self._hands, self.rng, self.size(45.0, 600.0)) as stage:
                await scenario(stage)

        asyncio.run(whole())
        assert not self.row.too_slow, "; ".join(self.row.too_slow)

    def close(self) -> None:
        for server in self._servers:
            server.close()
        self._hands.shutdown()


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that notices soon who is silent, for the scenarios that leave it running."""
    started = Server(tmp_path_factory.mktemp("live-server"), ping_interval="1", ping_timeout="1.5").start()
    yield started
    started.close()


@pytest.fixture
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    """The trial of a test marked with `scenario`."""
    config = request.config
    seed = config.getoption("seed", None)
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    long = bool(config.getoption("long", False))
    mark = request.node.get_closest_marker("scenario")
    name = mark.args[0] if mark else request.node.name
    callspec = getattr(request.node, "callspec", None)
    scenario = f"{name}: {callspec.id}" if callspec else name
    row = Row(scenario, seed, f"make test-faults K={request.path.stem}")
    request.node.trial_row = row
    one = Trial(row, long, tmp_path)
    yield one
    one.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    row: Row | None = getattr(item, "trial_row", None)
    if row is not None and call.when == "call":
        replay = f"--seed {row.seed}" + (" --long" if item.config.getoption("long", False) else "")
        if report.failed:
            report.sections.append(("to play it again", f"pytest -c backend/pyproject.toml {item.nodeid} {replay}"))
        if report.failed:
            row.outcome = f"{row.outcome}, **too slow**" if row.too_slow else "**FAILED**"
        row.outcome = row.outcome or "as promised"
        ROWS.append(row)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if ROWS and session.config.getoption("long", False) and not hasattr(session.config, "workerinput"):
        machine = (
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, Linux {platform.release()}"
        )
        write(ROWS, f"Machine: {machine}; others used it too, its load was {os.getloadavg()[2]:.0f}.")
