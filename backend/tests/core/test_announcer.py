"""Events go out in the order of their commits, and those that come while others are on their way go out together."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from crosstalk.core import announcer as module
from crosstalk.core import live
from crosstalk.core.announcer import Announcement, Announcer
from crosstalk.core.operations import Event


class Happened(Event):
    number: int

    @classmethod
    def name(cls) -> str:
        return "test:happened"


class Hearing:
    """A port to clients that is on its way with something until it is told to go on."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.asked = threading.Event()
        self.free = threading.Event()

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def patience(self) -> float:
        self.asked.set()
        return 0.0 if self.free.is_set() else 0.001

    def publish(self, topics: Sequence[str], event: str, payload: dict[str, Any]) -> None:
        self.heard.append(payload["number"])


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> Hearing:
    one = Hearing()
    monkeypatch.setattr(live, "clients", one)
    return one


@pytest.fixture
def announcer() -> Iterator[Announcer]:
    one = Announcer()
    one.start()
    yield one
    one.stop()


def _announcement(number: int) -> Announcement:
    return Announcement(Happened(number=number), ["everyone"])


def test_what_comes_while_others_are_on_their_way_waits_and_goes_out_in_its_order(
    announcer: Announcer, hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAIT_S", 60)
    announcer.put([_announcement(1), _announcement(2)])
    assert hearing.asked.wait(10)
    announcer.put([_announcement(3)])
    announcer.put([_announcement(4)])
    assert hearing.heard == []
    hearing.free.set()
    announcer.stop()
    assert hearing.heard == [1, 2, 3, 4]


def test_nothing_waits_for_ever(announcer: Announcer, hearing: Hearing) -> None:
    announcer.put([_announcement(1)])
    announcer.stop()
    assert hearing.asked.is_set()
    assert not hearing.free.is_set()
    assert hearing.heard == [1]


def test_what_was_put_before_the_end_is_delivered_and_nothing_after_it(announcer: Announcer, hearing: Hearing) -> None:
    for number in range(5):
        announcer.put([_announcement(number)])
    announcer.stop()
    announcer.put([_announcement(5)])
    assert hearing.heard == [0, 1, 2, 3, 4]
