"""What can happen to the file in which everything is: locked, full, read-only. Each is mended again."""

import ctypes
import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from server import Server


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Somebody else holds the write lock: a backup that goes wrong, a shell that was left open."""
    with closing(sqlite3.connect(server.database, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def no_more_bytes(server: Server) -> Iterator[None]:
    """No file of the server may grow, or be written at all beyond its first bytes: what a quota or a failing disk does.

    The limit is that of the worker's process, and needs no rights; the kernel answers a write with an error.
    """
    pid = worker_of(server)
    usual = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, usual[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)


class SmallDisk:
    """A file system of a few megabytes in memory."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self._filler = where / "filler"

    @contextmanager
    def full(self) -> Iterator[None]:
        with self._filler.open("wb", buffering=0) as filler:
            for size in (65_536, 4_096, 512, 1):
                try:
                    while filler.write(b"\0" * size):
                        pass
                except OSError:
                    continue
        yield
        self._filler.unlink()


@contextmanager
def small_disk(where: Path) -> Iterator[SmallDisk | None]:
    """A tmpfs of 8 MB, or None for those who may not mount one."""
    where.mkdir()
    mounted = os.geteuid() == 0 and _mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(where))
    try:
        yield SmallDisk(where) if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(where)], check=True)


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], stderr=subprocess.DEVNULL).returncode == 0


@contextmanager
def read_only(server: Server) -> Iterator[None]:
    """Somebody changed the rights of the file, or restored it as somebody else's. What has it open is not touched by that."""
    files = [path for path in server.database.parent.iterdir() if path.name.startswith(server.database.name)]
    for path in files:
        path.chmod(0o444)
    try:
        yield
    finally:
        for path in files:
            path.chmod(0o644)


def worker_of(server: Server) -> int:
    """The process that serves: the only child of the one that was started."""
    assert server._process is not None
    master = server._process.pid
    [worker] = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return int(worker)


def drop_override() -> None:
    """Gives up root's right to write what is read-only: for this thread and the processes that it starts."""
    if os.geteuid() == 0:
        drop, override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE of the kernel's ABI
        if ctypes.CDLL(None, use_errno=True).prctl(drop, override, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
