"""Files that other accounts cannot read, whatever the umask is and whatever was there before."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from crosstalk.core import private_files
from crosstalk.core.private_files import NotPrivate


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct, autouse=True)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_is_private(tmp_path: Path) -> None:
    private_files.make_folder(tmp_path / "a/b")
    private_files.make_file(tmp_path / "a/b/c")
    private_files.replace_file(tmp_path / "a/b/d", b"content")
    assert (mode(tmp_path / "a"), mode(tmp_path / "a/b")) == (0o700, 0o700)
    assert (mode(tmp_path / "a/b/c"), mode(tmp_path / "a/b/d")) == (0o600, 0o600)
    assert (tmp_path / "a/b/d").read_bytes() == b"content"


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    private_files.make_file(tmp_path / "file")
    private_files.make_folder(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_file_that_is_replaced_becomes_private_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o644)
    private_files.replace_file(tmp_path / "file", b"new")
    assert mode(tmp_path / "file") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_replacement_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        private_files.replace_file(tmp_path / "folder", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o660, 0o600), (0o444, 0o400), (0o777, 0o700), (0o600, 0o600)])
def test_the_rights_of_others_are_taken_away_and_nothing_else(tmp_path: Path, before: int, after: int) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(before)
    private_files.tighten(tmp_path / "file")
    assert mode(tmp_path / "file") == after


def test_what_cannot_be_tightened_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(0o644)

    def refuse(_path: Path, _mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(NotPrivate, match=r"other accounts may read .*chmod 600"):
        private_files.tighten(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch(0o600)
    os.chown(tmp_path / "file", 1, 1)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(NotPrivate, match="belongs to another account"):
        private_files.tighten(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_makes_belongs_to_the_account_of_the_server(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 1234)
    private_files.make_file(tmp_path / "file")
    private_files.replace_file(tmp_path / "keys", b"")
    private_files.make_folder(tmp_path / "folder")
    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {1234}


def test_a_folder_of_only_our_files_is_closed_and_any_other_stays_open(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "own").touch()
    private_files.tighten_folder(tmp_path, {"own", "more"})
    assert mode(tmp_path) == 0o700
    tmp_path.chmod(0o755)
    (tmp_path / "foreign").touch()
    private_files.tighten_folder(tmp_path, {"own", "more"})
    assert mode(tmp_path) == 0o755


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPrivate, match="is not a file"):
        private_files.tighten(tmp_path)
