"""The database: snapshots to read from, and transactions to write in, which `core/writer.py` commits in groups.

A thread that has many commands to run need not wait for each commit: it runs them inside `deferring`, and calls `settle` when
it has no more.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from sqlalchemy import BigInteger, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from crosstalk.core.actor import Actor
from crosstalk.core.announcer import Announcer
from crosstalk.core.errors import unavailable
from crosstalk.core.openings import Openings, prepare
from crosstalk.core.private_files import make_file, make_folder
from crosstalk.core.quotas import Usage
from crosstalk.core.readers import Readers
from crosstalk.core.statements import Cursor, Row, Statement
from crosstalk.core.storage_failures import StorageFailures, identity_of, moved_error, storage_error
from crosstalk.core.writer import BUSY_TIMEOUT_MS, GroupWriter
from crosstalk.core.writer import Tx as Tx

# Writers wait so long, at most, for readers whose snapshots still need the log.
ERASE_TIMEOUT_MS = 20


class Base(DeclarativeBase):
    """The base of all table rows."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger}


class Database:
    """One database file."""

    def __init__(self, url: str) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        make_folder(path.parent)
        # SQLite gives its -wal and -shm files the mode of this one.
        make_file(path)
        self._path, self._file = path, identity_of(path)
        self.url = url
        self.failures = StorageFailures()
        self.engine = create_engine(
            url,
            pool_size=16,
            max_overflow=48,
            hide_parameters=True,
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        )
        prepare(self.engine)
        self.announcer = Announcer()
        self.usage = Usage(Path(path).parent)
        writing = self.engine.execution_options(writes=True)
        self.readers = Readers(self.engine)
        self._openings = Openings(self.engine)
        self.writer = GroupWriter(writing, self._begin_anew, self.announcer, self.failures, self.check_file)

    def _begin_anew(self) -> None:
        self.readers.let_go()
        self._openings.begin_anew()

    @property
    def is_gone(self) -> bool:
        """Whether the file was deleted or replaced since it was opened. What is written then is lost when the process ends."""
        return identity_of(self._path) != self._file

    def check_file(self) -> None:
        """Raises OperationalError when the file is gone. SQLite itself notices that in rollback mode only."""
        if self.is_gone:
            raise moved_error(self._path)

    def probe(self) -> None:
        """Raises when the file cannot be opened and written."""
        with self.engine.execution_options(writes=True).begin():
            pass

    def erase(self) -> bool:
        """Removes from the files what was deleted or replaced; False when that must be tried again.

        `secure_delete` overwrites it in the pages, and the pages as they were stay in the write-ahead log until the log is
        truncated. Most of the log is copied beside the writers; they wait only for the rest.
        """
        with self.engine.connect() as connection, closing(Cursor(connection)) as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            cursor.execute(f"PRAGMA busy_timeout={ERASE_TIMEOUT_MS}")
            try:
                with self.writer.paused():
                    [(busy, *_)] = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    if not busy:
                        self.writer.erasure_due = False
            finally:
                cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        return not busy

    def rewrite(self) -> None:
        """Writes the file anew, without what pages of earlier versions may still hold of deleted texts. Needs as much disk again.

        Nothing else may use the database meanwhile.
        """
        try:
            with self.engine.connect() as connection, closing(Cursor(connection)) as cursor:
                cursor.execute("VACUUM")
            self.erase()
        except OperationalError as error:
            # Everything is there and works without it.
            self.failures.note(error)

    def close(self) -> None:
        self.writer.close()
        self.announcer.stop()
        self.readers.let_go()
        self.engine.dispose()


_database: Database | None = None
_inside = threading.local()


def open_database(url: str) -> Database:
    """Opens the database of this process."""
    global _database
    close_database()
    _database = Database(url)
    return _database


def close_database() -> None:
    global _database
    if _database is not None:
        _database.close()
        _database = None


def database() -> Database:
    if _database is None:
        raise unavailable("The server is starting or stopping. Retry in a moment.")
    return _database


def spend(tx: Tx, actor: Actor, size: int) -> None:
    """Counts bytes that a transaction stores for the actor. Raises what `Usage.spend` raises."""
    undo = database().usage.spend(actor, size)
    if undo is not None:
        tx.if_lost(undo)


class transaction:
    """A write transaction. When the block ends without an exception its changes are on disk, or `unavailable` is raised.

    Keep it short: the others are waiting. A transaction inside a transaction is a programming error.
    """

    def __enter__(self) -> Tx:
        if getattr(_inside, "transaction", False):
            raise RuntimeError("a transaction inside a transaction")
        self._writer = database().writer
        self._deferral: deferring | None = getattr(_inside, "deferral", None)
        self._tx = self._writer.begin()
        _inside.transaction = True
        return self._tx

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        _inside.transaction = False
        self._writer.finish(self._tx, error, deferred=self._deferral is not None)
        if isinstance(error, OperationalError):
            raise storage_error(error) from error
        if error is None and self._deferral is not None:
            self._deferral.tx = self._tx
        elif error is None:
            self._tx.wait()


class deferring:
    """A transaction inside ends before it is on disk; `tx.then` tells when it is. The caller calls `settle` soon."""

    tx: Tx | None = None
    """The last transaction inside."""

    def __enter__(self) -> Self:
        _inside.deferral = self
        return self

    def __exit__(self, *_: object) -> None:
        _inside.deferral = None


def settle() -> bool:
    """Brings to the disk what has been deferred, by whomever. False when there was nothing."""
    return _database is not None and _database.writer.settle()


def erase() -> None:
    """Removes deleted texts from the files when there are any, as far as that is possible now."""
    if not database().writer.erasure_due:
        return
    try:
        database().erase()
    except OperationalError as error:
        database().failures.note(error)


@contextmanager
def reading() -> Iterator[Session]:
    """A snapshot to read from, which never waits for writers."""
    try:
        with Session(database().engine) as session:
            yield session
    except OperationalError as error:
        database().failures.note(error)
        raise storage_error(error) from error


@contextmanager
def snapshot() -> Iterator[Cursor]:
    """The same past the ORM: what statements run on."""
    try:
        with database().readers.lend() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                cursor.execute("COMMIT")
    except OperationalError as error:
        database().failures.note(error)
        raise storage_error(error) from error


def find(statement: Statement, **values: Any) -> list[Row]:
    """What one statement finds, in a snapshot of its own."""
    try:
        with database().readers.lend() as cursor:
            return cursor.answer(statement, values)
    except OperationalError as error:
        database().failures.note(error)
        raise storage_error(error) from error
