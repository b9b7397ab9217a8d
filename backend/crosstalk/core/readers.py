"""Connections to read from past the ORM, kept at hand: taking one from SQLAlchemy's pool costs more than most of what is read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from crosstalk.core.statements import Cursor

# More than there are threads that read at once, most of the time.
MOST_IDLE = 8


class Readers:
    """Cursors of an engine, lent to one caller at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._idle: list[Cursor] = []
        self._opening = 0

    @contextmanager
    def lend(self) -> Iterator[Cursor]:
        """A cursor in no transaction. What the caller begins it ends."""
        with self._lock:
            opening = self._opening
            cursor = self._idle.pop() if self._idle else None
        cursor = cursor or Cursor(self._engine.connect())
        broken = False
        try:
            yield cursor
        except DBAPIError:
            broken = True
            raise
        finally:
            with self._lock:
                keep = not broken and opening == self._opening and len(self._idle) < MOST_IDLE
                if keep:
                    self._idle.append(cursor)
            if not keep:
                _close(cursor)

    def let_go(self) -> None:
        """Gives back those that are idle now, and those that are lent when their callers are done."""
        with self._lock:
            self._opening += 1
            idle, self._idle = self._idle, []
        for cursor in idle:
            _close(cursor)


def _close(cursor: Cursor) -> None:
    try:
        cursor.close()
    finally:
        cursor.connection.close()
