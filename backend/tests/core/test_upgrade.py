"""A database of an earlier version, brought to this one."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from earlier_schema import installation_at

from crosstalk.app import prepare_database
from crosstalk.settings import Settings

KEY = "5ec7e7" * 12
EDITED = hashlib.sha256(b"what the text was before").hexdigest()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an installation at schema 0004: its key in the database, a digest of every text."""
    settings = installation_at("0004", tmp_path)
    with closing(sqlite3.connect(settings.database_path)) as connection, connection:
        connection.execute("INSERT INTO installation (id, epoch, signing_key) VALUES (1, 'epoch', ?)", (KEY,))
        connection.execute("INSERT INTO users (id, name, name_key, created_at) VALUES ('u', 'Ann', 'ann', 1)")
        connection.execute(
            "INSERT INTO rooms (id, name, kind, seq, member_count, created_at) VALUES ('r', 'r', 'public', 2, 0, 1)"
        )
        for number, (text, digest, edited) in enumerate([("plain", "1" * 64, None), ("edited", EDITED, 5)]):
            connection.execute(
                "INSERT INTO messages (id, room_id, seq, changed_seq, author_id, client_id, content_digest, kind, text,"
                " created_at, edited_at, deleted) VALUES (?, 'r', ?, ?, 'u', ?, ?, 'text', ?, 1, ?, 0)",
                (f"m{number}", number, number, f"c{number}", digest, text, edited),
            )
    return settings


def test_the_key_moves_to_its_file_and_the_digests_go(settings: Settings) -> None:
    path = settings.database_path
    assert KEY.encode() in path.read_bytes()
    assert EDITED.encode() in path.read_bytes()
    with prepare_database(settings):
        assert [one["key"] for one in json.loads(settings.key_path.read_text())["signing"]] == [KEY]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT signing_key, epoch FROM installation").fetchall() == [("", "epoch")]
        assert connection.execute("SELECT content_digest FROM messages WHERE room_id = 'r'").fetchall() == [("",), ("",)]
        assert connection.execute("SELECT text FROM messages WHERE room_id = 'r'").fetchall() == [("plain",), ("edited",)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    content = b"".join(one.read_bytes() for one in path.parent.iterdir() if one.name.startswith(path.name))
    assert KEY.encode() not in content
    assert EDITED.encode() not in content


def test_a_second_start_changes_nothing(settings: Settings) -> None:
    prepare_database(settings).release()
    keys = settings.key_path.read_bytes()
    prepare_database(settings).release()
    assert settings.key_path.read_bytes() == keys


def test_an_old_copy_that_is_restored_does_not_bring_its_key_back(settings: Settings, tmp_path: Path) -> None:
    old = settings.database_path.read_bytes()
    prepare_database(settings).release()
    keys = json.loads(settings.key_path.read_text())
    keys["signing"][0]["key"] = "0" * 64
    settings.key_path.write_text(json.dumps(keys))
    settings.database_path.write_bytes(old)
    prepare_database(settings).release()
    assert json.loads(settings.key_path.read_text()) == keys
    with closing(sqlite3.connect(settings.database_path)) as connection:
        assert connection.execute("SELECT signing_key FROM installation").fetchall() == [("",)]
