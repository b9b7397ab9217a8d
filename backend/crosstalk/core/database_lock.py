"""One process owns a database file: a lock on a file beside it, held until the process ends.

The lock is `flock(2)`. It belongs to the open file, so a worker that is forked from the process that took it shares it, and the
kernel releases it when the last of them ends, however that happens.
"""

import fcntl
import json
import os
import socket
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crosstalk.core import private_files

# A server that stops closes its database within this time.
WAIT_S = 5.0
_LOOK_S = 0.05
_LONGEST_COMMAND = 120


class DatabaseInUse(Exception):
    """Another process owns the database. Its text is one line that names the process."""


class LockRefused(Exception):
    """The file cannot be locked at all. Its text is one line."""


class DatabaseLock:
    """The lock of a database, held from `take` until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, database: Path, *, wait_s: float = WAIT_S) -> "DatabaseLock":
        """Waits up to `wait_s` seconds for another process to end. Raises DatabaseInUse or LockRefused.

        `database` may be any path to the file: symbolic links are followed first.
        """
        database = database.resolve()
        path = database.with_name(f"{database.name}.lock")
        descriptor = _open(path)
        try:
            if not _lock(descriptor, path, time.monotonic() + wait_s):
                raise DatabaseInUse(
                    f"the database {database} is in use by {_holder(descriptor)}; "
                    "stop that first, or choose another file with CROSSTALK_DATABASE_URL"
                )
            # The name is for the line above alone: on a full disk the lock holds without it.
            with suppress(OSError):
                _write_holder(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Closes this process's part of the lock; a process that was forked keeps its own."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "DatabaseLock":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _open(path: Path) -> int:
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        private_files.make_file(path)
        return os.open(path, os.O_RDWR | flags)
    except PermissionError:
        # A file that may be read may be locked.
        with suppress(OSError):
            return os.open(path, os.O_RDONLY | flags)
        raise LockRefused(f"{path} cannot be written: Permission denied") from None
    except OSError as refused:
        raise LockRefused(f"{path} cannot be made: {refused.strerror}") from None


def _lock(descriptor: int, path: Path, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
        except OSError as refused:
            raise LockRefused(
                f"the file system cannot lock {path} ({refused.strerror}); put the database on a local disk"
            ) from None
        time.sleep(_LOOK_S)


def _write_holder(descriptor: int) -> None:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:_LONGEST_COMMAND]
    holder = {
        "pid": os.getpid(),
        "command": command,
        "since": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "host": socket.gethostname(),
    }
    line = json.dumps(holder).encode() + b"\n"
    # In this order the file never lacks a first line for another process that reads it.
    os.pwrite(descriptor, line, 0)
    os.ftruncate(descriptor, len(line))


def _holder(descriptor: int) -> str:
    """`process 4711 (crosstalk serve, since 2026-11-29T15:50:51Z)`."""
    try:
        holder: Any = json.loads(os.pread(descriptor, 4_096, 0).partition(b"\n")[0])
        pid, command, since, host = (holder[name] for name in ("pid", "command", "since", "host"))
    except (ValueError, KeyError, TypeError):
        return "another process"
    there = "" if host == socket.gethostname() else f" on {host}"
    said = f"process {pid}{there} ({command}, since {since})"
    return "".join(one if one.isprintable() else "?" for one in said)
