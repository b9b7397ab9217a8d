"""Two servers, or a server and a command, on one database: the second is refused with one line, and nothing is changed."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from test_supervisor import get, is_free, running, until

from conftest import Serve
from crosstalk.core.database_lock import DatabaseInUse, DatabaseLock
from crosstalk.launch.processes import DATABASE_IN_USE
from server import Server, clean_environment
from server import until as server_until

# Two servers each, the second of which waits five seconds before it is refused.
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def server(serve_module: Serve) -> Server:
    # The refusal names the command of the process.
    return serve_module(executed=True)


def command(folder: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crosstalk", *words],
        env=clean_environment(database_url=url),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=50,
    )


def holder_of(server: Server) -> dict[str, str]:
    said: dict[str, str] = json.loads(Path(f"{server.database}.lock").read_text())
    return said


@pytest.mark.parametrize(
    ("words", "way"),
    [(["serve"], "symbolic link"), (["serve", "--built-in"], "relative path"), (["run"], "relative path")],
    ids=lambda one: one if isinstance(one, str) else " ".join(one),
)
def test_a_second_server_is_refused_with_the_name_of_the_first(
    server: Server, tmp_path: Path, words: list[str], way: str
) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(server.database)
    path = link if way == "symbolic link" else os.path.relpath(server.database, tmp_path)
    with running(tmp_path, *words, CROSSTALK_DATABASE_URL=f"sqlite:///{path}") as second:
        assert second.process.wait(50) == (1 if words == ["run"] else DATABASE_IN_USE)
        [line] = second.complained().splitlines()
        holder = holder_of(server)
        assert f"in use by process {holder['pid']} (__main__.py serve, since {holder['since']})" in line
        assert int(holder["pid"]) == server._process.pid, "the process that was started, not its worker"
        assert is_free(second.port)
        assert second.left_over() == []
    assert get(server.port, "/readyz") is not None


@pytest.mark.parametrize("words", [["new-epoch"], ["migrate"]], ids=" ".join)
def test_a_command_that_writes_is_refused_while_a_server_runs(server: Server, tmp_path: Path, words: list[str]) -> None:
    before = server.query("SELECT * FROM installation")
    ran = command(tmp_path, f"sqlite:///{server.database}", *words)
    assert ran.returncode == DATABASE_IN_USE
    [line] = ran.stderr.splitlines()
    assert f"in use by process {holder_of(server)['pid']}" in line
    assert server.query("SELECT * FROM installation") == before


def test_a_new_epoch_is_what_the_next_server_says(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    server.stop()
    ran = command(tmp_path, f"sqlite:///{server.database}", "new-epoch")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    assert server.query("SELECT epoch FROM installation") == [(ran.stdout.split()[-1].rstrip("."),)]
    server.start()


def test_a_new_epoch_makes_no_database(tmp_path: Path) -> None:
    ran = command(tmp_path, "sqlite:///var/crosstalk.db", "new-epoch")
    assert ran.returncode == 1
    assert ran.stderr == f"crosstalk: there is no database {tmp_path}/var/crosstalk.db; name one with CROSSTALK_DATABASE_URL\n"
    assert list(tmp_path.iterdir()) == []


def test_between_two_workers_the_database_is_never_free(serve: Serve) -> None:
    server = serve()
    ended = threading.Event()
    outcomes: list[bool] = []

    def keep_trying() -> None:
        while not ended.is_set():
            try:
                DatabaseLock.take(server.database, wait_s=0).release()
            except DatabaseInUse:
                outcomes.append(False)
            else:
                outcomes.append(True)

    trying = threading.Thread(target=keep_trying)
    trying.start()
    try:
        for _ in range(2):
            tried = len(outcomes)
            server.kill_worker()
            server_until("another worker answers", lambda: get(server.port, "/readyz"))
            server_until("the lock was tried meanwhile", lambda tried=tried: len(outcomes) > tried)
    finally:
        ended.set()
        trying.join()
    assert True not in outcomes


def test_a_server_that_is_killed_leaves_the_database_to_the_next(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    server.kill()
    with running(tmp_path, "serve", CROSSTALK_DATABASE_URL=f"sqlite:///{server.database}") as second:
        until("the second answers", lambda: get(second.port, "/readyz"))


def test_a_server_that_starts_before_the_other_has_ended_waits_for_it(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    lock_file = Path(f"{server.database}.lock")
    with running(tmp_path, "serve", CROSSTALK_DATABASE_URL=f"sqlite:///{server.database}") as second:
        # It has opened the lock file, so it is waiting.
        until("the second waits", lambda: str(lock_file) in open_paths(second.process.pid))
        assert server.stop() == 0
        until("the second answers", lambda: get(second.port, "/readyz"))
        assert holder_of(server)["pid"] == second.process.pid


def open_paths(pid: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(entry.readlink()))
        except FileNotFoundError:
            continue  # closed since
    return found


def test_make_run_ends_when_another_server_has_taken_the_database_of_an_api_that_died(tmp_path: Path) -> None:
    with running(tmp_path, "run") as started:
        started.is_up()
        database = tmp_path / "var/crosstalk.db"
        made = [path for path in (tmp_path / "var").rglob("*") if path.is_file()]
        assert {tmp_path / "var/log/api.log", database, tmp_path / "var/crosstalk.keys.json"} <= set(made)
        assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
        assert {stat.S_IMODE((tmp_path / folder).stat().st_mode) for folder in ("var", "var/log")} == {0o700}
        master = json.loads(Path(f"{database}.lock").read_text())["pid"]
        # Stopped, the supervisor cannot start the API again before the test has the database.
        os.kill(started.process.pid, signal.SIGSTOP)
        os.kill(master, signal.SIGKILL)
        with DatabaseLock.take(database, wait_s=30):
            os.kill(started.process.pid, signal.SIGCONT)
            assert started.process.wait(50) == 1
            [line] = started.complained().splitlines()
            assert f"in use by process {os.getpid()} (" in line
            assert "cannot have its database back" in started.said()
            assert started.left_over() == []


NEWER = "UPDATE alembic_version SET version_num = '9999'"
UNFIT = [
    (["serve"], NEWER, "a newer version of Crosstalk"),
    (["run"], None, "file is not a database"),
    (["migrate"], NEWER, "a newer version of Crosstalk"),
]


@pytest.mark.parametrize(("words", "change", "says"), UNFIT, ids=["serve", "run", "migrate"])
def test_a_database_that_does_not_fit_is_one_line(tmp_path: Path, words: list[str], change: str | None, says: str) -> None:
    database = tmp_path / "crosstalk.db"
    if change is None:
        database.write_bytes(b"no database, but more than a few words of something else" * 100)
    else:
        assert command(tmp_path, f"sqlite:///{database}", "migrate").returncode == 0
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(change)
    before = database.read_bytes()
    with running(tmp_path, *words, CROSSTALK_DATABASE_URL=f"sqlite:///{database}") as started:
        assert started.process.wait(50) != 0
        [line] = started.complained().splitlines()
        assert line.startswith("crosstalk: CROSSTALK_DATABASE_URL=")
        assert says in line
        assert started.left_over() == []
    assert database.read_bytes() == before
    DatabaseLock.take(database).release()
