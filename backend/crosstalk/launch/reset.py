"""`crosstalk reset`: the database is deleted, and the next start makes a new one."""

from collections.abc import Callable
from pathlib import Path

from crosstalk.core.database_lock import DatabaseLock
from crosstalk.settings import Settings

# The lock file stays: a server that is about to start may wait for it. So do the keys.
_SUFFIXES = ("", "-wal", "-shm", "-journal")


def reset(settings: Settings, may_delete: Callable[[Path], bool]) -> bool:
    """Whether the database was deleted; not when there is none, or `may_delete` says no. Raises DatabaseInUse or LockRefused."""
    path = settings.database_path.resolve()
    if not path.exists():
        return False
    with DatabaseLock.take(path):
        if not may_delete(path):
            return False
        for suffix in _SUFFIXES:
            path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
    return True
