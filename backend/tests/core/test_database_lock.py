"""The lock of a database file: one owner, named in the refusal; shared with a fork, released by the kernel."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from crosstalk.core.database_lock import DatabaseInUse, DatabaseLock, LockRefused

HOLDING = """
import os, sys
from pathlib import Path
from crosstalk.core.database_lock import DatabaseLock
lock = DatabaseLock.take(Path(sys.argv[1]))
if sys.argv[2] == "forked" and os.fork() == 0:
    lock = None
    sys.stdin.read()
    os._exit(0)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(database: Path, kind: str = "alone") -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(database), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        # A process that was forked from it may be left.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def test_the_refusal_is_one_line_that_names_the_holder(tmp_path: Path) -> None:
    database = tmp_path / "crosstalk.db"
    with holder(database) as process:
        with pytest.raises(DatabaseInUse) as refused:
            DatabaseLock.take(database, wait_s=0)
        line = str(refused.value)
        assert str(database) in line
        assert f"process {process.pid} (-c " in line
        assert "since 2" in line
        assert "\n" not in line


@pytest.mark.parametrize("way", ["symbolic link", "linked folder", "relative path", "dots"])
def test_every_path_to_the_file_is_the_same_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    database = folder / "crosstalk.db"
    database.touch()
    (tmp_path / "link.db").symlink_to(database)
    (tmp_path / "other").symlink_to(folder)
    monkeypatch.chdir(folder)
    path = {
        "symbolic link": tmp_path / "link.db",
        "linked folder": tmp_path / "other/crosstalk.db",
        "relative path": Path("crosstalk.db"),
        "dots": tmp_path / "other/../data/./crosstalk.db",
    }[way]
    with DatabaseLock.take(database), pytest.raises(DatabaseInUse):
        DatabaseLock.take(path, wait_s=0)
    DatabaseLock.take(path, wait_s=0).release()


def test_another_database_in_the_same_folder_is_free(tmp_path: Path) -> None:
    with DatabaseLock.take(tmp_path / "one.db"), DatabaseLock.take(tmp_path / "two.db", wait_s=0):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["one.db.lock", "two.db.lock"]


def test_a_process_that_is_killed_releases_it(tmp_path: Path) -> None:
    with holder(tmp_path / "db") as process:
        process.kill()
        process.wait(10)
        DatabaseLock.take(tmp_path / "db", wait_s=0).release()


def test_a_forked_worker_keeps_it_when_the_process_that_took_it_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path / "db", "forked") as process:
        process.kill()
        process.wait(10)
        with pytest.raises(DatabaseInUse):
            DatabaseLock.take(tmp_path / "db", wait_s=0)


def test_to_release_it_in_a_fork_leaves_it_with_the_others(tmp_path: Path) -> None:
    lock = DatabaseLock.take(tmp_path / "db")
    child = os.fork()
    if child == 0:
        lock.release()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    with pytest.raises(DatabaseInUse):
        DatabaseLock.take(tmp_path / "db", wait_s=0)
    lock.release()
    DatabaseLock.take(tmp_path / "db", wait_s=0).release()


def test_a_program_that_is_started_does_not_inherit_it(tmp_path: Path) -> None:
    lock = DatabaseLock.take(tmp_path / "db")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release()
        # The kernel closes the files of the program one after the other while it starts.
        DatabaseLock.take(tmp_path / "db", wait_s=5).release()
        assert child.poll() is None
        child.kill()


def test_it_waits_for_a_holder_that_ends(tmp_path: Path) -> None:
    with holder(tmp_path / "db") as process:
        ending = threading.Timer(0.2, process.kill)
        ending.start()
        DatabaseLock.take(tmp_path / "db", wait_s=30).release()
        ending.join()


@pytest.mark.parametrize("content", [b"", b"\0\0", b"[]", b"{}", b"7", b"\xff", b'{"pid":', b'{"pid":1,"command":2}'], ids=repr)
def test_a_lock_file_that_says_nothing_useful_still_refuses(tmp_path: Path, content: bytes) -> None:
    with DatabaseLock.take(tmp_path / "db"):
        (tmp_path / "db.lock").write_bytes(content)
        with pytest.raises(DatabaseInUse, match="in use by another process; stop"):
            DatabaseLock.take(tmp_path / "db", wait_s=0)


def test_what_a_lock_file_says_cannot_move_the_cursor(tmp_path: Path) -> None:
    with DatabaseLock.take(tmp_path / "db"):
        said = {"pid": 1, "command": "\x1b[2J\r\nroot", "since": "", "host": "elsewhere"}
        (tmp_path / "db.lock").write_text(json.dumps(said))
        with pytest.raises(DatabaseInUse) as refused:
            DatabaseLock.take(tmp_path / "db", wait_s=0)
    assert "process 1 on elsewhere (?[2J??root" in str(refused.value)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def test_a_file_system_without_locks_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(LockRefused, match=r"cannot lock .*put the database on a local disk"):
        DatabaseLock.take(tmp_path / "db")


def test_a_folder_that_is_missing_or_a_link_in_place_of_the_lock_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LockRefused, match="No such file"):
        DatabaseLock.take(tmp_path / "missing/db")
    (tmp_path / "db.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LockRefused, match="symbolic links"):
        DatabaseLock.take(tmp_path / "db")
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_file_that_is_read_only_can_be_locked(tmp_path: Path) -> None:
    lock_file = tmp_path / "db.lock"
    lock_file.touch(0o400)
    with DatabaseLock.take(tmp_path / "db"), pytest.raises(DatabaseInUse):
        DatabaseLock.take(tmp_path / "db", wait_s=0)
