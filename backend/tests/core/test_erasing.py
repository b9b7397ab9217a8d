"""Erasing from the files beside readers and writers."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from crosstalk.core import db

SECRET = "the-rook-is-under-the-stairs"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[db.Database]:
    opened = db.open_database(f"sqlite:///{tmp_path}/test.db")
    opened.announcer.start()
    with db.transaction() as tx:
        tx.session.execute(text("CREATE TABLE notes (number INTEGER PRIMARY KEY, note TEXT)"))
    yield opened
    db.close_database()


def log_of(database: db.Database) -> Path:
    return Path(f"{database.url.removeprefix('sqlite:///')}-wal")


def write(number: int, note: str) -> None:
    with db.transaction() as tx:
        tx.session.execute(text("INSERT INTO notes VALUES (:number, :note)"), {"number": number, "note": note})


def delete(number: int) -> None:
    with db.transaction() as tx:
        tx.session.execute(text("DELETE FROM notes WHERE number = :number"), {"number": number})
        tx.erases = True


def test_secure_delete_is_on_for_every_connection(database: db.Database) -> None:
    with db.transaction() as tx:
        assert tx.cursor.execute("PRAGMA secure_delete")[0][0] == 1
    with db.snapshot() as cursor:
        assert cursor.execute("PRAGMA secure_delete")[0][0] == 1
    with db.reading() as session:
        assert session.scalar(text("PRAGMA secure_delete")) == 1


def test_nothing_is_done_until_something_was_deleted(database: db.Database) -> None:
    db.erase()
    assert not database.writer.erasure_due
    write(1, SECRET)
    size = log_of(database).stat().st_size
    assert size > 0
    db.erase()
    assert log_of(database).stat().st_size == size
    delete(1)
    db.erase()
    assert log_of(database).stat().st_size == 0
    assert not database.writer.erasure_due


def test_a_transaction_that_fails_erases_nothing(database: db.Database) -> None:
    db.erase()

    def fail() -> None:
        with db.transaction() as tx:
            tx.erases = True
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not database.writer.erasure_due


def test_a_reader_puts_it_off_and_stops_no_writer(database: db.Database) -> None:
    write(1, SECRET)
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT note FROM notes").fetchall() == [(SECRET,)]
        delete(1)
        db.erase()
        assert database.writer.erasure_due, "the reader's snapshot still needs it"
        write(2, "x")
        assert reader.execute("SELECT note FROM notes").fetchall() == [(SECRET,)]
        reader.execute("COMMIT")
    db.erase()
    assert not database.writer.erasure_due
    assert log_of(database).stat().st_size == 0
    assert SECRET.encode() not in Path(database.url.removeprefix("sqlite:///")).read_bytes()


def test_a_write_lock_of_another_process_puts_it_off(database: db.Database) -> None:
    write(1, SECRET)
    delete(1)
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        db.erase()
        assert database.writer.erasure_due
        other.execute("ROLLBACK")
    db.erase()
    assert not database.writer.erasure_due


def test_writers_and_erasures_beside_each_other_lose_nothing(database: db.Database) -> None:
    threads = [
        threading.Thread(target=lambda first=first: [write(number, "x" * 500) for number in range(first, first + 100)])
        for first in range(0, 400, 100)
    ]
    for one in threads:
        one.start()
    erasures = 0
    while any(one.is_alive() for one in threads):
        database.erase()
        erasures += 1
    for one in threads:
        one.join()
    assert erasures > 0
    with db.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM notes")) == 400


def test_what_earlier_versions_left_in_free_pages_goes_when_the_file_is_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("PRAGMA secure_delete=OFF")
        old.execute("CREATE TABLE notes (number INTEGER PRIMARY KEY, note TEXT)")
        old.executemany("INSERT INTO notes VALUES (?, ?)", [(number, f"{SECRET}-{number}") for number in range(200)])
        old.execute("DELETE FROM notes WHERE number > 0")
    assert f"{SECRET}-150".encode() in path.read_bytes()
    database = db.open_database(f"sqlite:///{path}")
    database.rewrite()
    db.close_database()
    content = path.read_bytes()
    assert f"{SECRET}-0".encode() in content
    assert f"{SECRET}-150".encode() not in content
    assert os.listdir(tmp_path) == ["old.db"]
