"""Write transactions, committed in groups.

SQLite has one writer. Transactions take turns on one connection, each in a savepoint of its own; whoever finds nobody
waiting when it is done commits for all who went before. So what many clients send at once costs one fsync, and nobody
is told "done" before the disk has it. After the commit the announcements go out in the order of the commits.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from crosstalk.core.announcer import Announcement, Announcer
from crosstalk.core.failpoints import failpoint
from crosstalk.core.operations import Event
from crosstalk.core.statements import Cursor, Row, Statement
from crosstalk.core.storage_failures import StorageFailures, storage_error

GROUP_LIMIT = 256
# A deferred transaction waits no longer for others to share its commit.
DEFER_S = 0.01
BUSY_TIMEOUT_MS, RETRY_TIMEOUT_MS = 1_000, 250
# New messages land all over the indexes, and SQLite's 2 MB are soon too small for those.
WRITER_CACHE_KIB = 16_384
log = structlog.get_logger("db")


class Tx:
    """A write transaction, in a savepoint of its own: what to work with, and what to announce once it is stored."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        """Past the ORM, in this transaction."""
        self._session: Session | None = None
        self.announcements: list[Announcement] = []
        self.erases = False
        """Whether it deletes or replaces what must leave the files as well."""
        self._undo: list[Callable[[], None]] = []
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

    def if_lost(self, undo: Callable[[], None]) -> None:
        """Calls it when the transaction is not stored, for whatever reason."""
        self._undo.append(undo)

    def _lost(self) -> None:
        undo, self._undo = self._undo, []
        for one in undo:
            one()

    def take_back(self) -> None:
        self._lost()
        if self._session is not None:
            self._session.rollback()
            self._session.close()
        self.cursor.execute("ROLLBACK TO turn")
        self.cursor.execute("RELEASE turn")

    def give_up(self) -> None:
        """The connection is not to be used any more."""
        self._lost()
        if self._session is not None:
            self._session.invalidate()
            self._session.close()

    def announce(self, event: Event, to: Sequence[str] | str) -> None:
        """Publishes the event after the commit, and never without it."""
        self.announcements.append(Announcement(event, [to] if isinstance(to, str) else to))

    def settle(self, error: BaseException | None) -> None:
        self._error = None if error is None else storage_error(error)
        if error is not None:
            self._lost()
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

    def __init__(
        self,
        engine: Engine,
        begin_anew: Callable[[], None],
        announcer: Announcer,
        failures: StorageFailures,
        check_file: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._check_file = check_file
        self._begin_anew = begin_anew
        self._announcer = announcer
        self._failures = failures
        # At start too: a process that was killed may have left something.
        self.erasure_due = True
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
            raise storage_error(failed) from failed
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
            self._failures.note(error)
            self._give_up_connection()
            self._settle_group(error)
            self._failure = error
            self._turn.release()
            raise storage_error(error) from error

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
                self._failures.note(error)
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

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Commits what is grouped; then nothing is written until the block ends."""
        self._take_turn()
        try:
            self._commit_group()
            yield
        finally:
            self._turn.release()

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
            self._check_file()
            self._connection.commit()
        except BaseException as error:
            self._failures.note(error)
            self._give_up_connection()
            self._settle_group(error)
            return
        self.erasure_due |= any(tx.erases for tx in self._group)
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
