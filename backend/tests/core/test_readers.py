"""Readers are lent, kept, and let go when the file is opened anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from crosstalk.core.openings import prepare
from crosstalk.core.readers import MOST_IDLE, Readers


class Opened:
    """How many connections of an engine have been opened."""

    def __init__(self, engine: Engine) -> None:
        self.ever = 0
        event.listen(engine, "connect", self._another)

    def _another(self, *_: object) -> None:
        self.ever += 1


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}", pool_size=16)
    prepare(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE things (name TEXT)")
        connection.exec_driver_sql("INSERT INTO things VALUES ('first')")
    engine.dispose()
    yield engine
    engine.dispose()


@pytest.fixture
def opened(engine: Engine) -> Opened:
    return Opened(engine)


@pytest.fixture
def readers(engine: Engine, opened: Opened) -> Readers:
    return Readers(engine)


def names(readers: Readers) -> list[str]:
    with readers.lend() as cursor:
        return [name for (name,) in cursor.execute("SELECT name FROM things")]


def test_one_after_the_other_uses_the_same_connection_and_sees_what_is_new(
    engine: Engine, opened: Opened, readers: Readers
) -> None:
    assert names(readers) == ["first"]
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO things VALUES ('second')")
    ever = opened.ever
    assert names(readers) == ["first", "second"]
    assert opened.ever == ever


def test_two_at_once_have_one_each(readers: Readers) -> None:
    with readers.lend() as one, readers.lend() as other:
        assert one is not other
        one.execute("BEGIN")
        assert one.execute("SELECT count(*) FROM things") == other.execute("SELECT count(*) FROM things")
        one.execute("COMMIT")
    with readers.lend() as again:
        assert again in (one, other)


def test_one_that_failed_is_not_lent_again(readers: Readers) -> None:
    with pytest.raises(OperationalError), readers.lend() as broken:
        broken.execute("SELECT nothing FROM nowhere")
    with readers.lend() as next_one:
        assert next_one is not broken


def test_a_fault_of_the_caller_costs_no_connection(opened: Opened, readers: Readers) -> None:
    names(readers)
    with pytest.raises(LookupError), readers.lend():
        raise LookupError
    ever = opened.ever
    assert names(readers) == ["first"]
    assert opened.ever == ever


def test_letting_go_gives_back_the_idle_at_once_and_the_lent_afterwards(engine: Engine, readers: Readers) -> None:
    names(readers)
    with readers.lend() as lent:
        with readers.lend() as idle:
            pass
        readers.let_go()
        assert engine.pool.checkedout() == 1  # type: ignore[attr-defined]
        assert lent.execute("SELECT name FROM things") == [("first",)]
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    with readers.lend() as fresh:
        assert fresh not in (lent, idle)


def test_no_more_are_kept_than_may_be_idle(engine: Engine, readers: Readers) -> None:
    lent = [readers.lend() for _ in range(MOST_IDLE + 3)]
    for one in lent:
        one.__enter__()
    for one in lent:
        one.__exit__(None, None, None)
    assert engine.pool.checkedout() == MOST_IDLE  # type: ignore[attr-defined]
