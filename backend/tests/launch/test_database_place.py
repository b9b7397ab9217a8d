"""Where the database is, and what is there instead of it: one line, also when that changes while the server runs."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from conftest import Serve
from crosstalk.app import prepare_database
from crosstalk.launch.processes import DATABASE_IN_USE
from crosstalk.settings import Settings, SettingsError
from rest import ask
from server import Server, clean_environment, until


def crosstalk(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crosstalk", *words], cwd=folder, env=clean_environment(**settings), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", ["serve", "migrate", "reset --yes"])
def test_in_a_folder_of_no_installation_no_command_makes_the_default_database(tmp_path: Path, words: str) -> None:
    ran = crosstalk(tmp_path, *words.split())
    assert ran.returncode != 0
    [line] = ran.stderr.splitlines()
    assert line.startswith("crosstalk: ")
    assert str(tmp_path) in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(180)
def test_a_database_that_is_asked_for_is_made_and_deleted_with_its_place_told(tmp_path: Path) -> None:
    path = tmp_path / "data/chat.db"
    url = f"sqlite:///{path}"
    made = crosstalk(tmp_path, "migrate", database_url=url)
    assert made.stdout == f"Made the database {path}.\n", made.stderr
    kept = crosstalk(tmp_path, "reset", database_url=url)
    assert kept.returncode == 1, "no terminal to ask on"
    assert path.exists()
    gone = crosstalk(tmp_path, "reset", "--yes", database_url=url)
    assert gone.stdout == f"Deleted {path}.\n", gone.stderr
    assert sorted(one.name for one in path.parent.iterdir()) == ["chat.db.lock", "chat.keys.json"]


@pytest.mark.parametrize("home", ["backend/crosstalk", "frontend/dist", ".env"])
def test_the_folder_of_an_installation_gets_the_default_database(tmp_path: Path, home: str) -> None:
    (tmp_path / home).mkdir(parents=True)
    assert not _here(tmp_path, lambda: Settings().is_misplaced)


def _here(folder: Path, look: Callable[[], bool]) -> bool:
    before = Path.cwd()
    os.chdir(folder)
    try:
        return look()
    finally:
        os.chdir(before)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url)")


def newer(path: Path) -> None:
    prepare_database(Settings(database_url=f"sqlite:///{path}")).release()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def damaged(path: Path) -> None:
    prepare_database(Settings(database_url=f"sqlite:///{path}")).release()
    with path.open("r+b") as file:
        file.write(b"\0" * 4096)


UNFIT = {
    "of another program": foreign,
    "a newer version of Crosstalk": newer,
    "not a database": lambda path: path.write_text("something else\n" * 300),
    "file is not a database": damaged,
}


@pytest.mark.parametrize("says", UNFIT)
def test_what_is_no_database_of_this_version_is_told_in_one_line_and_left_as_it_is(tmp_path: Path, says: str) -> None:
    path = tmp_path / "chat.db"
    UNFIT[says](path)
    before = path.read_bytes()
    with pytest.raises(SettingsError) as refused:
        prepare_database(Settings(database_url=f"sqlite:///{path}"))
    line = str(refused.value)
    assert says in line
    assert str(path) in line
    assert "\n" not in line
    assert path.read_bytes() == before


@pytest.mark.parametrize("words", ["serve", "new-epoch"])
def test_every_command_tells_it_without_a_traceback(tmp_path: Path, words: str) -> None:
    foreign(tmp_path / "chat.db")
    ran = crosstalk(tmp_path, *words.split(), database_url=f"sqlite:///{tmp_path}/chat.db")
    assert ran.returncode != 0
    assert "of another program" in ran.stderr
    assert ran.stderr.count("\n") == 1, ran.stderr


@pytest.mark.timeout(120)
def test_when_the_database_is_deleted_nothing_is_accepted_that_would_be_lost(serve: Serve) -> None:
    server: Server = serve()
    refused = crosstalk(server.home, "reset", "--yes", database_url=f"sqlite:///{server.database}")
    assert refused.returncode == DATABASE_IN_USE
    aside = server.home / "aside"
    aside.mkdir()
    for file in server.home.glob("crosstalk.db*"):
        shutil.move(file, aside)
    ready = ask(server.port, "GET", "/readyz")
    assert (ready.status, ready.body["code"]) == (503, "unavailable")
    assert "deleted or replaced" in ready.body["detail"]
    assert ask(server.port, "GET", "/healthz").status == 200
    for _ in range(3):
        lost = ask(server.port, "POST", "/api/guests", {"name": "Bob"})
        assert (lost.status, lost.body["code"]) == (503, "unavailable")
    until("the log says why", lambda: "was deleted or replaced" in server.log())
    assert server.log().count("was deleted or replaced") == 1
    assert "internal error" not in server.log()

    # Put back, it is the same file: the server goes on.
    for file in server.home.glob("crosstalk.db*"):
        file.unlink()
    for file in aside.iterdir():
        shutil.move(file, server.home)
    until("it is ready", lambda: ask(server.port, "GET", "/readyz").status == 200)
    until("it stores", lambda: ask(server.port, "POST", "/api/guests", {"name": "Bob"}).status == 201)
