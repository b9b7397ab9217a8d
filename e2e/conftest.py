"""What every end-to-end test stands on: a stack of its own worker, and people who come in through the page."""

import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from people import FAILED, People, gathered
from person import Person
from stack import INSECURE_HOST, ROOT, Stack

HERE = Path(__file__).resolve().parent

# A loaded machine is slow, not wrong: nothing here waits that long when all is well.
expect.set_options(timeout=15_000)
TEST_S = 120


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--page", type=Path, default=ROOT / "frontend/dist", help="the built page (frontend/dist)")
    parser.addoption("--results", type=Path, default=HERE / "results", help="emptied first; evidence of failures goes there")
    parser.addoption("--snapshots", action="store_true", help="traces of failures show the page at every step; costs time")
    parser.addoption("--screens", action="store_true", help="keep a picture of every screen that is inspected")
    parser.addoption("--write-screenshot", action="store_true", help="put the picture for the README into docs/images")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(config.getoption("--results"), ignore_errors=True)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium that the project finds, or makes sure of, in the same way everywhere."""
    found = subprocess.run([ROOT / "scripts/chromium.sh"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    # Chromium's sandbox does not work for root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    hosts = f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1"
    return {**browser_type_launch_args, "executable_path": found.stdout.strip(), "args": [*sandbox, hosts]}


@pytest.fixture(scope="session")
def results(pytestconfig: pytest.Config) -> Path:
    folder: Path = pytestconfig.getoption("--results")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def built_page(pytestconfig: pytest.Config) -> Path:
    page: Path = pytestconfig.getoption("--page")
    if not (page / "index.html").exists():
        pytest.exit(f"there is no built page in {page}: say `make test-e2e`", returncode=1)
    return page


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, built_page: Path) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), built_page) as stack:
        yield stack


@pytest.fixture
def people(browser: Browser, stack: Stack, results: Path, request: pytest.FixtureRequest) -> Iterator[People]:
    with gathered(browser, stack, request.node, results) as people:
        yield people


@pytest.fixture
def ann(people: People) -> Person:
    return people.settle("Ann")


@pytest.fixture
def bob(people: People) -> Person:
    return people.settle("Bob")


@pytest.fixture
def unique() -> Callable[[str], str]:
    """A name that nothing else in this worker's database has."""
    return lambda name: f"{name} {uuid4().hex[:8]}"


@pytest.fixture
def shared_room(ann: Person, bob: Person, unique: Callable[[str], str]) -> str:
    """A public room in which Ann and Bob are, and both look at; Ann owns it."""
    name = unique("Garden")
    room_id = ann.rest("POST", "/rooms", {"name": name, "kind": "public"})["id"]
    ann.look_at(room_id)
    bob.join(room_id)
    return name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(TEST_S))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Iterator[None]:
    yield
    everybody = [given for given in item.funcargs.values() if isinstance(given, People)]
    if problems := [problem for people in everybody for problem in people.problems()]:
        pytest.fail("the browsers had something to say:\n" + "\n".join(problems), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report
