"""Opening the database file anew, by all connections of the process at once.

SQLite shares between them what it found when the first one opened the file. As long as one is open the others find the same:
a file that was read-only, or was exchanged for another, stays so for as long.
"""

import threading
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Engine, event

from crosstalk.core.statements import Cursor

PATIENCE_S = 0.5


class Openings:
    """The connections of an engine, each with the number of the opening in which it was asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = threading.Condition()
        self._current = 0
        self._open: set[Any] = set()
        self._idle: set[Any] = set()
        event.listen(engine, "do_connect", self._wait_for_the_others)
        event.listen(engine, "connect", self._opened)
        event.listen(engine, "checkout", self._taken)
        event.listen(engine, "checkin", self._given_back)
        event.listen(engine, "close", self._closing)

    def begin_anew(self) -> None:
        """Closes every connection: those that are idle now, those that are in use when they are given back."""
        with self._changed:
            self._current += 1
        self._engine.dispose()
        with self._changed:
            # Nobody takes these: they were asked for before, and given back to a pool that is no longer the engine's.
            left = [record for record in self._idle if self._is_old(record)]
        for record in left:
            record.invalidate()

    def _is_old(self, record: Any) -> bool:
        return bool(record.info["opening"] < self._current)

    def _wait_for_the_others(self, _dialect: Any, record: Any, *_: Any) -> None:
        with self._changed:
            record.info["opening"] = self._current
            # Not for ever: who comes too early finds the file as it was, and the next failure begins anew.
            self._changed.wait_for(lambda: not any(self._is_old(one) for one in self._open), PATIENCE_S)

    def _opened(self, _connection: Any, record: Any) -> None:
        with self._changed:
            self._open.add(record)

    def _taken(self, _connection: Any, record: Any, _fairy: Any) -> None:
        with self._changed:
            self._idle.discard(record)

    def _given_back(self, connection: Any, record: Any) -> None:
        if connection is None:
            return
        with self._changed:
            old = self._is_old(record)
            if not old:
                self._idle.add(record)
        if old:
            record.invalidate()

    def _closing(self, _connection: Any, record: Any) -> None:
        with self._changed:
            self._open.discard(record)
            self._idle.discard(record)
            self._changed.notify_all()


def prepare(engine: Engine) -> None:
    """Says how its connections are opened, and how their transactions begin."""
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)


def _prepare_connection(connection: Any, _record: Any) -> None:
    # SQLAlchemy's "begin" event says BEGIN; the driver must not do so by itself.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    with closing(Cursor(connection)) as cursor:
        cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
