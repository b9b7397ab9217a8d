"""The database: read snapshots, and write transactions that are committed in groups.

SQLite has one writer. Transactions take turns on one connection, each in a savepoint of its own; whoever finds nobody
waiting when it is done commits for all who went before. So what many clients send at once costs one fsync, and nobody
is told "done" before the disk has it. After the commit the announcements go out in the order of the commits.

A thread that has many commands to run need not wait for each: it runs them inside `deferring`, and calls `settle` when it
has no more.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import structlog
from sqlalchemy import BigInteger, Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from crosstalk.core.announcer import Announcement, Announcer
from crosstalk.core.errors import unavailable
from crosstalk.core.failpoints import failpoint
from crosstalk.core.openings import Openings, prepare
from crosstalk.core.operations import Event
from crosstalk.core.readers import Readers
from crosstalk.core.statements import Cursor, Row, Statement

GROUP_LIMIT = 256
# A deferred transaction waits no longer for others to share its commit.
DEFER_S = 0.01
BUSY_TIMEOUT_MS, RETRY_TIMEOUT_MS = 1_000, 250
# Of the one connection that writes: new messages land all over the indexes, and SQLite's 2 MB are soon too small for those.
WRITER_CACHE_KIB = 16_384
log = structlog.get_logger("db")


class Base(DeclarativeBase):
    """The base of all table rows."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger}


class Tx:
    """A write transaction, in a savepoint of its own: what to work with, and what to announce once it is stored."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        """Past the ORM, in this transaction."""
        self._session: Session | None = None
        self.announcements: list[Announcement] = []
        self._unsettled = threading.Lock()
        self._unsettled.acquire()
        self._error: BaseException | None = None
        self._untold = threading.Lock()
        self._tell: Callable[[BaseException | None], object] | None = None
        cursor.execute("SAVEPOINT turn")

    @property
    def session(self) -> Session:
        """The ORM, in this transaction."""
        if self._session is None:
            connection = self.cursor.connection
            self._session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
            self._session.connection()
        return self._session

    def run(self, statement: Statement, **values: Any) -> Row | None:
        """Past the ORM: the first row of what a statement answers, or None."""
        return next(iter(self.cursor.answer(statement, values)), None)

    def keep(self) -> None:
        if self._session is not None:
            self._session.commit()
            self._session.close()
        self.cursor.execute("RELEASE turn")

    def take_back(self) -> None:
        if self._session is not None:
            self._session.rollback()
            self._session.close()
        self.cursor.execute("ROLLBACK TO turn")
        self.cursor.execute("RELEASE turn")

    def give_up(self) -> None:
        """The connection is not to be used any more."""
        if self._session is not None:
            self._session.invalidate()
            self._session.close()

    def announce(self, event: Event, to: Sequence[str] | str) -> None:
        """Publishes the event after the commit, and never without it."""
        self.announcements.append(Announcement(event, [to] if isinstance(to, str) else to))

    def settle(self, error: BaseException | None) -> None:
        self._error = None if error is None else _storage_error(error)
        self._unsettled.release()
        self._tell_once()

    def wait(self) -> None:
        """Returns when the transaction is on disk. Raises `unavailable` when it could not be stored."""
        self._unsettled.acquire()
        if self._error is not None:
            raise self._error

    def then(self, tell: Callable[[BaseException | None], object]) -> None:
        """Calls it when the transaction is on disk, or with what `wait` would have raised; at once, if that is known."""
        self._tell = tell
        if not self._unsettled.locked():
            self._tell_once()

    def _tell_once(self) -> None:
        # It may have been settled, by another thread, while `then` was called: one of the two tells.
        if self._tell is not None and self._untold.acquire(blocking=False):
            try:
                self._tell(self._error)
            except Exception:
                log.exception("somebody could not be told what became of a transaction")


class GroupWriter:
    """Turns on the one write connection, and the commits that several turns share."""

    def __init__(self, engine: Engine, begin_anew: Callable[[], None], announcer: Announcer) -> None:
        self._engine = engine
        self._begin_anew = begin_anew
        self._announcer = announcer
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._connection: Connection | None = None
        self._cursor: Cursor | None = None
        self._group: list[Tx] = []
        self._grouped_at = 0.0
        self._some_deferred = False
        self._failure: BaseException | None = None
        """Why nothing could be begun the last time."""

    def begin(self) -> Tx:
        """Waits for a turn. The caller must end it with `finish`."""
        # While the store is out of order one tries; the others do not wait, in a row, for what becomes of that.
        failed = self._failure
        if failed is None:
            self._take_turn()
            failed = self._failure
            if failed is not None:
                self._end_turn()
        elif self._turn.acquire(blocking=False):
            failed = None
        if failed is not None:
            raise _storage_error(failed) from failed
        try:
            if self._connection is None or self._cursor is None:
                self._connection = self._engine.connect()
                self._cursor = Cursor(self._connection)
                self._cursor.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
            if self._failure is not None:
                self._try_again(self._connection, self._cursor)
            elif not self._connection.in_transaction():
                self._connection.begin()
            return Tx(self._cursor)
        except BaseException as error:
            self._give_up_connection()
            self._settle_group(error)
            self._failure = error
            self._turn.release()
            raise _storage_error(error) from error

    def _try_again(self, connection: Connection, cursor: Cursor) -> None:
        # Whoever tries may have waited once for a lock that went on.
        cursor.execute(f"PRAGMA busy_timeout={RETRY_TIMEOUT_MS}")
        connection.begin()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        self._failure = None

    def _take_turn(self) -> None:
        if self._turn.acquire(blocking=False):
            return
        with self._counting:
            self._waiting += 1
        self._turn.acquire()
        with self._counting:
            self._waiting -= 1

    def finish(self, tx: Tx, error: BaseException | None, *, deferred: bool = False) -> None:
        """Ends a turn: keeps the transaction's savepoint or takes it back, and commits unless somebody is waiting, or the
        caller has deferred it and not for long."""
        try:
            if error is None:
                try:
                    tx.keep()
                    if not self._group:
                        self._grouped_at = time.monotonic()
                    self._group.append(tx)
                    self._some_deferred |= deferred
                except BaseException as failed:
                    error = failed
                    tx.settle(failed)
            if isinstance(error, OperationalError):
                # When the disk is full SQLite takes back the whole transaction by itself, with everybody's savepoints;
                # and what was opened read-only stays so. The others of the group hear the same: nothing was stored.
                tx.give_up()
                self._give_up_connection()
                self._settle_group(error)
            elif error is not None:
                tx.take_back()
        finally:
            # Only what is in the group is waited for: after a failure there may be none, and nobody who would settle.
            self._end_turn(deferred and self._some_deferred and time.monotonic() - self._grouped_at < DEFER_S)

    def _end_turn(self, others_follow: bool = False) -> None:
        try:
            if not (others_follow or self._waiting) or len(self._group) >= GROUP_LIMIT:
                self._commit_group()
        finally:
            self._turn.release()

    def settle(self) -> bool:
        """Commits what was deferred, unless somebody is waiting, who will. False when there was nothing."""
        if not self._some_deferred:
            return False
        self._take_turn()
        self._end_turn()
        return True

    def close(self) -> None:
        with self._turn:
            self._commit_group()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _commit_group(self) -> None:
        if self._connection is None or not self._connection.in_transaction():
            return
        try:
            failpoint("commit:before")
            self._connection.commit()
        except BaseException as error:
            self._give_up_connection()
            self._settle_group(error)
            return
        try:
            failpoint("commit:after")
            self._announcer.put([announcement for tx in self._group for announcement in tx.announcements])
        except Exception:
            # It is stored, and those who wait are told so; readers notice the gap and catch up.
            log.exception("announcing failed")
        finally:
            self._settle_group(None)

    def _settle_group(self, error: BaseException | None) -> None:
        for tx in self._group:
            tx.settle(error)
        self._group = []
        self._some_deferred = False

    def _give_up_connection(self) -> None:
        # After a failure the connection's state is not to be trusted; the next turn opens another, and so do the readers.
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
        self._begin_anew()


class Database:
    """One database file."""

    def __init__(self, url: str) -> None:
        path = url.removeprefix("sqlite:///")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.url = url
        self.engine = create_engine(url, pool_size=16, max_overflow=48, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        prepare(self.engine)
        self.announcer = Announcer()
        writing = self.engine.execution_options(writes=True)
        self.readers = Readers(self.engine)
        self._openings = Openings(self.engine)
        self.writer = GroupWriter(writing, self._begin_anew, self.announcer)

    def _begin_anew(self) -> None:
        self.readers.let_go()
        self._openings.begin_anew()

    def probe(self) -> None:
        """Raises when the file cannot be opened and written."""
        with self.engine.execution_options(writes=True).begin():
            pass

    def close(self) -> None:
        self.writer.close()
        self.announcer.stop()
        self.readers.let_go()
        self.engine.dispose()


def _storage_error(error: BaseException) -> BaseException:
    if isinstance(error, OperationalError):
        return unavailable(f"The message store cannot take this at the moment: {error.orig}.")
    return error


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
        raise unavailable("The server is starting or stopping.")
    return _database


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
            raise _storage_error(error) from error
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


@contextmanager
def reading() -> Iterator[Session]:
    """A snapshot to read from, which never waits for writers."""
    try:
        with Session(database().engine) as session:
            yield session
    except OperationalError as error:
        raise _storage_error(error) from error


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
        raise _storage_error(error) from error


def find(statement: Statement, **values: Any) -> list[Row]:
    """What one statement finds, in a snapshot of its own."""
    try:
        with database().readers.lend() as cursor:
            return cursor.answer(statement, values)
    except OperationalError as error:
        raise _storage_error(error) from error
