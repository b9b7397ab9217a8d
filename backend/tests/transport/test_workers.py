"""The pool that handles what clients sent: one thread as long as that keeps up, others when it does not."""

import threading
import time
from collections.abc import Iterator

import pytest

from fastlane import workers as pool
from fastlane.clock import Clock
from fastlane.inbox import TURN, Inbox
from fastlane.workers import STUCK_S, Workers
from server import until

MOST = 4


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that goes."""
    clock, over = Clock(), threading.Event()

    def run() -> None:
        while not over.wait(0.002):
            clock.run()

    thread = threading.Thread(target=run)
    thread.start()
    yield clock
    over.set()
    thread.join()


class Handled:
    """What was handled, and by whom; a message "wait" takes until it is let go."""

    def __init__(self, clock: Clock) -> None:
        self.workers = Workers(MOST, clock)
        self.messages: list[str | bytes] = []
        self.threads: set[str] = set()
        self.waiting = 0
        self.let_go = threading.Event()

    def inbox(self) -> Inbox:
        return Inbox(self.workers, self, threading.Lock())

    def has_room(self) -> None: ...

    def handle(self, message: str | bytes) -> None:
        self.threads.add(threading.current_thread().name)
        if message == "wait":
            self.waiting += 1
            assert self.let_go.wait(10)
        if message == "fail":
            raise RuntimeError("on purpose")
        self.messages.append(message)


@pytest.fixture
def handled(clock: Clock) -> Iterator[Handled]:
    handled = Handled(clock)
    yield handled
    handled.let_go.set()


@pytest.fixture
def nobody_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that gives a thread no time for a while is not taken for something slow."""
    monkeypatch.setattr(pool, "STUCK_S", 60.0)


@pytest.mark.usefixtures("nobody_is_slow")
def test_one_thread_serves_everybody_while_it_keeps_up(handled: Handled) -> None:
    inboxes = [handled.inbox() for _ in range(20)]
    for number in range(200):
        inboxes[number % 20].put(str(number))
        if number % 50 == 49:
            until("all is handled", lambda most=number + 1: len(handled.messages) == most)
    assert sorted(map(int, handled.messages)) == list(range(200))
    assert handled.threads == {"fastlane-1"}


def test_others_come_to_help_when_it_is_stuck(handled: Handled) -> None:
    handled.inbox().put("wait")
    until("the first is stuck", lambda: handled.waiting == 1)
    for number in range(3):
        handled.inbox().put(str(number))
    until("the others are handled", lambda: len(handled.messages) == 3)
    assert handled.threads > {"fastlane-1"}
    handled.let_go.set()
    until("it too", lambda: len(handled.messages) == 4)


def test_no_more_help_than_there_may_be_and_nothing_is_forgotten(handled: Handled) -> None:
    for _ in range(MOST + 2):
        handled.inbox().put("wait")
    until("all are stuck", lambda: handled.waiting == MOST)
    time.sleep(STUCK_S * 10)
    assert handled.waiting == MOST
    assert len(handled.threads) == MOST
    handled.let_go.set()
    until("all is handled", lambda: len(handled.messages) == MOST + 2)


def test_each_inbox_keeps_its_order_whoever_helps(handled: Handled) -> None:
    inbox = handled.inbox()
    inbox.put("wait")
    for number in range(50):
        inbox.put(str(number))
    handled.inbox().put("other")
    until("the other is handled", lambda: handled.messages == ["other"])
    handled.let_go.set()
    until("all is handled", lambda: len(handled.messages) == 52)
    assert handled.messages[2:] == [str(number) for number in range(50)]


@pytest.mark.usefixtures("nobody_is_slow")
def test_who_has_much_to_say_lets_the_others_go_on_in_between(handled: Handled) -> None:
    much = handled.inbox()
    much.put("wait")
    for number in range(3 * TURN):
        much.put(str(number))
    handled.inbox().put("other")
    until("it is handled", lambda: handled.waiting == 1)
    handled.let_go.set()
    until("all is handled", lambda: len(handled.messages) == 3 * TURN + 2)
    assert handled.messages.index("other") == TURN
    handled.messages.remove("other")
    assert handled.messages == ["wait", *map(str, range(3 * TURN))]


def test_what_was_deferred_is_done_when_nobody_waits_any_more(handled: Handled) -> None:
    settled: list[int] = []
    handled.workers.settle = lambda: settled.append(len(handled.messages))
    handled.inbox().put("first")
    until("it is settled", lambda: settled == [1])
    with (inbox := handled.inbox()).handled_here():
        inbox.put("second")
        assert handled.messages == ["first"]
    assert settled == [1, 2]


@pytest.mark.usefixtures("nobody_is_slow")
def test_a_message_that_fails_takes_no_worker_with_it(handled: Handled) -> None:
    settled: list[int] = []
    handled.workers.settle = lambda: settled.append(len(handled.messages))
    handled.inbox().put("fail")
    until("it is over", lambda: settled == [0])
    handled.inbox().put("next")
    until("the next is handled", lambda: handled.messages == ["next"])
    assert handled.threads == {"fastlane-1"}
