"""Transactions that share a commit: each for itself, all together on the disk, announced in the order of the commits."""

import queue
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as database_event
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from crosstalk.core import announcer, db, live, operations, writer
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import EVENT_NAMES, EVENTS, Event, event
from server import until


class Noted(Event):
    number: int


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["queue.SimpleQueue[int]"]:
    """An empty database of this process; what is published from it goes into this queue."""
    event("test:noted")(Noted)
    database = db.open_database(f"sqlite:///{tmp_path}/test.db")
    heard: queue.SimpleQueue[int] = queue.SimpleQueue()

    class Ears:
        def together(self) -> AbstractContextManager[None]:
            return nullcontext()

        def patience(self) -> float:
            return 0.0

        def publish(self, _topics: Any, _name: str, payload: dict[str, Any]) -> None:
            heard.put(payload["number"])

    monkeypatch.setattr(live, "clients", Ears())
    with db.transaction() as tx:
        tx.session.execute(text("CREATE TABLE notes (number INTEGER PRIMARY KEY)"))
    database.announcer.start()
    yield heard
    db.close_database()
    del EVENTS["test:noted"], EVENT_NAMES[Noted]


def note(tx: db.Tx, number: int) -> None:
    tx.session.execute(text("INSERT INTO notes VALUES (:number)"), {"number": number})
    tx.announce(Noted(number=number), to="everyone")


def stored() -> list[int]:
    with db.reading() as session:
        return list(session.scalars(text("SELECT number FROM notes ORDER BY number")))


class Bother(Exception):
    pass


def test_a_transaction_is_stored_and_then_announced(heard: "queue.SimpleQueue[int]") -> None:
    with db.transaction() as tx:
        note(tx, 1)
        assert stored() == [], "nobody sees it before"
        assert heard.empty()
    assert stored() == [1]
    assert heard.get(timeout=5) == 1


def test_what_fails_leaves_nothing_and_announces_nothing(heard: "queue.SimpleQueue[int]") -> None:
    def fail() -> None:
        with db.transaction() as tx:
            note(tx, 1)
            raise Bother

    with pytest.raises(Bother):
        fail()
    with db.transaction() as tx:
        note(tx, 2)
    assert stored() == [2]
    assert heard.get(timeout=5) == 2
    assert heard.empty()


def test_a_transaction_inside_a_transaction_is_refused_and_the_outer_one_can_go_on(heard: "queue.SimpleQueue[int]") -> None:
    with db.transaction() as tx:
        note(tx, 1)
        with pytest.raises(RuntimeError, match="inside"), db.transaction():
            pytest.fail("it was let in")
    assert stored() == [1]
    with db.transaction() as tx:
        note(tx, 2)
    assert stored() == [1, 2]


def count_commits() -> list[int]:
    commits: list[int] = []
    database_event.listen(db.database().engine, "commit", lambda _connection: commits.append(1))
    return commits


def run_together(bodies: list[Any]) -> list[BaseException | None]:
    """Runs the bodies in transactions that all wait for the first one's turn to end."""
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with db.transaction() as tx:
            inside.set()
            assert go_on.wait(10)
            bodies[0](tx)

    def other(body: Any) -> None:
        with db.transaction() as tx:
            body(tx)

    with ThreadPoolExecutor(len(bodies)) as pool:
        futures = [pool.submit(first)]
        assert inside.wait(10)
        futures += [pool.submit(other, body) for body in bodies[1:]]
        writer = db.database().writer
        until("all are waiting", lambda: writer._waiting == len(bodies) - 1)
        go_on.set()
        return [future.exception() for future in futures]


def test_who_waits_shares_the_commit_of_the_last(heard: "queue.SimpleQueue[int]") -> None:
    commits = count_commits()
    assert run_together([lambda tx, n=number: note(tx, n) for number in range(20)]) == [None] * 20
    assert stored() == list(range(20))
    assert len(commits) == 1
    assert sorted(heard.get(timeout=5) for _ in range(20)) == list(range(20))


def test_one_that_fails_in_a_group_takes_nobody_with_it(heard: "queue.SimpleQueue[int]") -> None:
    def body(number: int) -> Any:
        def run(tx: db.Tx) -> None:
            note(tx, number)
            if number % 3 == 0:
                raise Bother

        return run

    outcome = run_together([body(number) for number in range(12)])
    assert [type(one) for one in outcome] == [Bother if number % 3 == 0 else type(None) for number in range(12)]
    assert stored() == [number for number in range(12) if number % 3]
    assert sorted(heard.get(timeout=5) for _ in range(8)) == stored()
    assert heard.empty()


def test_a_broken_constraint_costs_only_its_own_transaction(heard: "queue.SimpleQueue[int]") -> None:
    outcome = run_together([lambda tx, n=number: note(tx, n // 2) for number in range(6)])
    assert sum(one is not None for one in outcome) == 3
    assert stored() == [0, 1, 2]


def test_announcements_go_out_in_the_order_of_the_commits(heard: "queue.SimpleQueue[int]") -> None:
    numbers = iter(range(200))

    def write(_: int) -> None:
        with db.transaction() as tx:
            note(tx, next(numbers))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(200)))
    assert [heard.get(timeout=5) for _ in range(200)] == list(range(200))


def test_when_the_commit_fails_nobody_is_told_done_and_nothing_is_announced(heard: "queue.SimpleQueue[int]") -> None:
    failures = [1]

    def fail(_connection: Any) -> None:
        if failures:
            failures.pop()
            raise OperationalError("COMMIT", {}, Exception("the disk is full"))

    database_event.listen(db.database().engine, "commit", fail)
    outcome = run_together([lambda tx, n=number: note(tx, n) for number in range(5)])
    assert all(isinstance(one, CrosstalkError) and one.code == "unavailable" for one in outcome), outcome
    assert all(one.more["retry_after"] > 0 for one in outcome if isinstance(one, CrosstalkError))
    assert stored() == []
    with db.transaction() as tx:
        note(tx, 7)
    assert stored() == [7], "the next one finds a good connection"
    assert heard.get(timeout=5) == 7
    assert heard.empty()


def test_when_another_process_holds_the_database_it_is_unavailable_and_later_good_again(
    heard: "queue.SimpleQueue[int]", tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CrosstalkError) as refused, db.transaction() as tx:
            note(tx, 1)
        assert refused.value.code == "unavailable"
        other.execute("ROLLBACK")
    with db.transaction() as tx:
        note(tx, 2)
    assert stored() == [2]


def test_while_the_database_is_out_of_order_one_tries_and_the_others_do_not_wait_in_a_row(
    heard: "queue.SimpleQueue[int]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(number: int) -> None:
        with db.transaction() as tx:
            note(tx, number)

    with ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CrosstalkError):
            write(1)
        monkeypatch.setattr(writer, "RETRY_TIMEOUT_MS", 60_000)
        trying = pool.submit(write, 2)
        until("one tries", lambda: db.database().writer._turn.locked())
        for number in range(3, 6):
            with pytest.raises(CrosstalkError) as refused:
                write(number)
            assert refused.value.code == "unavailable"
        assert not trying.done()
        other.execute("ROLLBACK")
        trying.result(30)
    write(6)
    assert stored() == [2, 6]


def test_a_listener_that_fails_costs_nobody_the_event(heard: "queue.SimpleQueue[int]", monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_event: Any) -> None:
        raise Bother

    listeners = [operations.Listener(Noted, fail, before) for before in (True, False)]
    monkeypatch.setattr(announcer, "LISTENERS", listeners)
    for number in (1, 2):
        with db.transaction() as tx:
            note(tx, number)
    assert [heard.get(timeout=5), heard.get(timeout=5)] == [1, 2]


# ── deferred ──


def deferred(number: int) -> tuple[db.Tx, list[BaseException | None]]:
    """A deferred transaction, and what it told when it was settled."""
    told: list[BaseException | None] = []
    with db.deferring() as deferral, db.transaction() as tx:
        note(tx, number)
    assert deferral.tx is tx
    tx.then(told.append)
    return tx, told


@pytest.fixture
def patient(heard: "queue.SimpleQueue[int]", monkeypatch: pytest.MonkeyPatch) -> "queue.SimpleQueue[int]":
    """Deferred transactions wait as long as they are let."""
    monkeypatch.setattr(writer, "DEFER_S", 3600.0)
    return heard


def test_deferred_transactions_are_stored_announced_and_told_together(patient: "queue.SimpleQueue[int]") -> None:
    commits = count_commits()
    told = [deferred(number)[1] for number in range(20)]
    assert stored() == []
    assert told == [[]] * 20
    assert patient.empty()
    db.settle()
    assert stored() == list(range(20))
    assert told == [[None]] * 20
    assert [patient.get(timeout=5) for _ in range(20)] == list(range(20))
    assert len(commits) == 1
    db.settle()
    assert len(commits) == 1, "there was nothing more"


def test_who_asks_late_is_told_at_once_and_once(patient: "queue.SimpleQueue[int]") -> None:
    tx, told = deferred(1)
    db.settle()
    late: list[BaseException | None] = []
    tx.then(late.append)
    assert (told, late) == ([None], [])
    with db.deferring(), db.transaction() as unasked:
        note(unasked, 2)
    db.settle()
    unasked.then(late.append)
    assert late == [None]


def test_who_does_not_defer_takes_the_deferred_with_it(patient: "queue.SimpleQueue[int]") -> None:
    told = deferred(1)[1]
    with db.transaction() as tx:
        note(tx, 2)
    assert stored() == [1, 2]
    assert told == [None]


def test_a_group_is_not_deferred_for_long(heard: "queue.SimpleQueue[int]", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "DEFER_S", 0.0)
    assert deferred(1)[1] == [None]
    assert stored() == [1]


def test_what_fails_inside_is_not_deferred(patient: "queue.SimpleQueue[int]") -> None:
    told = deferred(1)[1]

    def fail() -> None:
        with db.deferring(), db.transaction() as tx:
            note(tx, 2)
            raise Bother

    with pytest.raises(Bother):
        fail()
    db.settle()
    assert stored() == [1]
    assert told == [None]


def test_one_that_fails_alone_leaves_the_file_to_others(patient: "queue.SimpleQueue[int]", tmp_path: Path) -> None:
    def fail() -> None:
        with db.deferring(), db.transaction() as tx:
            note(tx, 1)
            raise Bother

    with pytest.raises(Bother):
        fail()
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


def test_when_the_commit_fails_the_deferred_are_told_so(patient: "queue.SimpleQueue[int]") -> None:
    def fail(_connection: Any) -> None:
        raise OperationalError("COMMIT", {}, Exception("the disk is full"))

    database_event.listen(db.database().engine, "commit", fail)
    told = [deferred(number)[1] for number in range(3)]
    db.settle()
    database_event.remove(db.database().engine, "commit", fail)
    assert all(isinstance(one, CrosstalkError) and one.code == "unavailable" for (one,) in told), told
    assert stored() == []
    assert patient.empty()


def test_a_teller_that_fails_costs_the_others_nothing(patient: "queue.SimpleQueue[int]") -> None:
    def fail(_error: BaseException | None) -> None:
        raise Bother

    with db.deferring(), db.transaction() as tx:
        note(tx, 1)
    tx.then(fail)
    told = deferred(2)[1]
    db.settle()
    assert told == [None]
    assert stored() == [1, 2]


def test_the_deferred_are_stored_when_the_database_is_closed(patient: "queue.SimpleQueue[int]", tmp_path: Path) -> None:
    told = deferred(1)[1]
    db.close_database()
    assert told == [None]
    with closing(sqlite3.connect(tmp_path / "test.db")) as file:
        assert file.execute("SELECT number FROM notes").fetchall() == [(1,)]
