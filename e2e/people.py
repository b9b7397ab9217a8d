"""Everybody who takes part in a test, and what is kept of them when it fails."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from person import Looks, Person
from stack import Stack

FAILED = pytest.StashKey[bool]()


class People:
    def __init__(self, browser: Browser, stack: Stack, *, snapshots: bool) -> None:
        self._browser = browser
        self._stack = stack
        self._snapshots = snapshots
        self._all: list[Person] = []
        self._log_began = stack.log.stat().st_size

    def arrive(self, name: str, looks: Looks | None = None) -> Person:
        """Somebody with a browser that shows nothing yet."""
        person = Person(self._browser, self._stack, name, looks or Looks(), snapshots=self._snapshots)
        self._all.append(person)
        return person

    def enter(self, name: str, looks: Looks | None = None) -> Person:
        """Somebody who has come in as a guest."""
        person = self.arrive(name, looks)
        person.enter(name)
        return person

    def settle(self, name: str) -> Person:
        """A guest who has been here before, for tests that are not about coming in."""
        person = self.arrive(name)
        person.settle(name)
        return person

    def problems(self) -> list[str]:
        return [f"{person.name}: {problem}" for person in self._all for problem in person.witness.problems()]

    def keep_evidence(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for person in self._all:
            person.keep_evidence(folder)
        (folder / "api.log").write_bytes(self._stack.log.read_bytes()[self._log_began :])

    def leave(self) -> None:
        for person in self._all:
            person.leave()


@contextmanager
def gathered(browser: Browser, stack: Stack, test: pytest.Item, results: Path) -> Iterator[People]:
    """People for one test. When it has failed: their traces and screenshots, and the server's log of that time."""
    people = People(browser, stack, snapshots=test.config.getoption("--snapshots"))
    yield people
    if test.stash.get(FAILED, False):
        people.keep_evidence(results / re.sub(r"[^\w-]+", "-", test.name).strip("-"))
    people.leave()
