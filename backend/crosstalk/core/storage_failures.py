"""What clients and the log are told when the database cannot take or give anything."""

import os
import sqlite3
import threading
import time
from pathlib import Path

import structlog
from sqlalchemy.exc import OperationalError

from crosstalk.core.errors import unavailable

# One line a minute for each kind: on a full disk every command meets the same.
_AGAIN_S = 60.0
_SENTENCES = {
    "SQLITE_FULL": "The message store is full; nothing was stored.",
    "SQLITE_READONLY": "The message store cannot be written at the moment.",
    "SQLITE_BUSY": "The message store is busy.",
    "SQLITE_LOCKED": "The message store is busy.",
}
_ANY = "The message store cannot take this at the moment."
log = structlog.get_logger("db")


def storage_error(error: BaseException) -> BaseException:
    """`unavailable` with a fixed sentence for an error of the database; any other error as it is.

    The database's own words name tables and may quote what was stored: they are for the log.
    """
    if isinstance(error, OperationalError):
        return unavailable(_SENTENCES.get(_kind(error), _ANY))
    return error


def identity_of(path: Path) -> tuple[int, int] | None:
    """What tells a file from another at the same path; None when there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def moved_error(path: Path) -> OperationalError:
    """SQLite's own error (SQLITE_READONLY_DBMOVED) for a database file that was deleted or replaced while it was open."""
    error = sqlite3.OperationalError(
        f"{path} was deleted or replaced while the server uses it; stop the server and start it again"
    )
    error.sqlite_errorname = "SQLITE_READONLY_DBMOVED"
    return OperationalError("COMMIT", None, error)


class StorageFailures:
    """Logs the database's own words, without the values of the statement."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logged_at: dict[str, float] = {}

    def note(self, error: BaseException) -> None:
        """Logs an error of the database, the first and then one a minute for each kind."""
        if not isinstance(error, OperationalError):
            return
        kind, now = _kind(error), time.monotonic()
        with self._lock:
            if now - self._logged_at.get(kind, -_AGAIN_S) < _AGAIN_S:
                return
            self._logged_at[kind] = now
        log.error("the database refused", kind=kind, reason=str(error.orig))


def _kind(error: OperationalError) -> str:
    """`SQLITE_FULL`; of an extended code, `SQLITE_IOERR_WRITE`, its first part."""
    name: str = getattr(error.orig, "sqlite_errorname", "SQLITE_ERROR")
    return "_".join(name.split("_")[:2])
