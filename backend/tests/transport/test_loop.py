"""The loop by itself: who posts, and when it wakes."""

import threading

import pytest

from fastlane import loop as module
from fastlane.loop import Loop
from fastlane.stats import Stats
from server import until


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    """One that nothing wakes but who posts."""
    monkeypatch.setattr(module, "_LAG_EVERY_S", 3_600.0)
    loop = Loop(Stats(), queue_bytes=1_000, queue_frames=10)
    loop.start()
    return loop


def test_what_is_posted_is_done_in_its_order_whoever_posts(loop: Loop) -> None:
    done: list[int] = []
    for number in range(100):
        loop.call(lambda number=number: done.append(number))
    until("all is done", lambda: len(done) == 100)
    assert done == list(range(100))


def test_what_is_posted_together_waits_for_the_last_of_it(loop: Loop) -> None:
    done: list[str] = []
    until("it sleeps", lambda: loop._asleep)
    with loop.together():
        loop.call(lambda: done.append("first"))
        loop.call(lambda: done.append("second"))
        assert loop._asleep, "nobody rang"
        assert done == []
    until("both are done", lambda: done == ["first", "second"])


def test_others_are_not_kept_waiting(loop: Loop) -> None:
    done: list[str] = []
    until("it sleeps", lambda: loop._asleep)
    with loop.together():
        loop.call(lambda: done.append("mine"))
        other = threading.Thread(target=loop.call, args=(lambda: done.append("another's"),))
        other.start()
        other.join()
        until("all is done", lambda: done == ["mine", "another's"])


def test_it_wakes_also_when_the_poster_fails(loop: Loop) -> None:
    done: list[str] = []
    until("it sleeps", lambda: loop._asleep)

    def fail() -> None:
        with loop.together():
            loop.call(lambda: done.append("posted"))
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError):
        fail()
    until("it is done", lambda: done == ["posted"])
    loop.call(lambda: done.append("later"))
    until("later ones too", lambda: done == ["posted", "later"])
