"""What every end-to-end test stands on: a stack of its own worker, and people who come in through the page."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from person import Looks, Person
from playwright.sync_api import Browser, expect
from stack import Stack

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

_failed = pytest.StashKey[bool]()

# A loaded machine is slow, not wrong: nothing here waits that long when all is well.
expect.set_options(timeout=15_000)
TEST_S = 120


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--page", type=Path, default=ROOT / "frontend/dist", help="the built page (frontend/dist)")
    parser.addoption("--results", type=Path, default=HERE / "results", help="where evidence of failures is kept")
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
    return {**browser_type_launch_args, "executable_path": found.stdout.strip(), "args": sandbox}


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


class People:
    """Everybody who takes part in one test."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self._browser = browser
        self._stack = stack
        self.all: list[Person] = []

    def arrive(self, name: str, looks: Looks | None = None) -> Person:
        """Somebody with a browser that shows nothing yet."""
        person = Person(self._browser, self._stack, name, looks or Looks())
        self.all.append(person)
        return person

    def enter(self, name: str, looks: Looks | None = None) -> Person:
        """Somebody who has come in as a guest."""
        person = self.arrive(name, looks)
        person.enter(name)
        return person

    def problems(self) -> list[str]:
        return [f"{person.name}: {problem}" for person in self.all for problem in person.witness.problems()]


@pytest.fixture
def people(browser: Browser, stack: Stack, results: Path, request: pytest.FixtureRequest) -> Iterator[People]:
    began = stack.log.stat().st_size
    people = People(browser, stack)
    yield people
    if request.node.stash.get(_failed, False):
        folder = results / re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
        for person in people.all:
            person.keep_evidence(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "api.log").write_bytes(stack.log.read_bytes()[began:])
    for person in people.all:
        person.leave()


@pytest.fixture
def ann(people: People) -> Person:
    return people.enter("Ann")


@pytest.fixture
def bob(people: People) -> Person:
    return people.enter("Bob")


@pytest.fixture
def unique() -> Callable[[str], str]:
    """A name that nothing else in this worker's database has."""
    return lambda name: f"{name} {uuid4().hex[:8]}"


@pytest.fixture
def shared_room(ann: Person, bob: Person, unique: Callable[[str], str]) -> str:
    """A public room in which Ann and Bob are, and both look at; Ann owns it."""
    name = unique("Garden")
    ann.rooms.create(name)
    bob.reload()
    bob.rooms.join(name)
    return name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(TEST_S))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Iterator[None]:
    yield
    people = item.funcargs.get("people")
    if isinstance(people, People) and (problems := people.problems()):
        pytest.fail("the browsers had something to say:\n" + "\n".join(problems), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report
