"""A database from before names were told apart by how they look, brought to this version."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from earlier_schema import installation_at

from crosstalk.app import prepare_database
from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.installation import load_installation
from crosstalk.core.keys import KeyFile
from crosstalk.features.accounts.enter import EnterAsGuest, enter_as_guest
from crosstalk.features.accounts.sign_in import SignIn, sign_in
from crosstalk.features.accounts.sign_up import SignUp, sign_up
from crosstalk.settings import Settings

PASSWORDS = {
    name: f"the password of {name.encode('unicode_escape').decode()}" for name in ("ann", "ann-cyrillic", "dora", "blank")
}
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
ACCOUNTS = [
    # id, name, key by case and blanks, password
    ("ann", "Ann", "ann"),
    ("ann-cyrillic", "Аnn", "аnn"),
    ("dora", "Dora", "dora"),
    ("blank", "\u2800", "\u2800"),
]
ROOMS = [
    # id, name, kind, created at
    ("r1", "Garden", "public", 1),
    ("r2", "garden", "public", 2),
    ("r3", "Garden 2", "public", 3),
    ("r4", "Gаrden", "public", 4),
    ("r5", "Garden", "private", 5),
    ("r6", "\u200b", "public", 6),
    ("r7", "a\u202eb\x07", "private", 7),
    ("r8", "x" * 80, "public", 8),
    ("r9", "x" * 80, "public", 9),
]
MEMBERSHIPS = [
    # room, person, role, seq, present, joined at
    ("r1", "ann", "owner", 5, 0, 1),
    ("r1", "dora", "member", 2, 1, 3),
    ("r1", "ann-cyrillic", "member", 3, 1, 2),
    ("r2", "ann", "owner", 4, 0, 1),
    ("r3", "ann", "owner", 1, 1, 1),
    ("r3", "dora", "owner", 2, 0, 2),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an installation at schema 0007."""
    settings = installation_at("0007", tmp_path)
    with closing(sqlite3.connect(settings.database_path)) as connection, connection:
        connection.execute("INSERT INTO installation (id, epoch, signing_key) VALUES (1, 'epoch', '')")
        connection.executemany(
            "INSERT INTO users (id, name, name_key, password_hash, created_at) VALUES (?, ?, ?, ?, ?)",
            [(*one, CHEAP.hash(PASSWORDS[one[0]]), number) for number, one in enumerate(ACCOUNTS)],
        )
        connection.execute("INSERT INTO users (id, name, created_at) VALUES ('guest', 'Dora', 9)")
        connection.executemany(
            "INSERT INTO rooms (id, name, kind, created_at, seq, member_count) VALUES (?, ?, ?, ?, 5, 2)", ROOMS
        )
        connection.executemany(
            "INSERT INTO memberships (room_id, user_id, role, seq, present, joined_at, read_seq) VALUES (?, ?, ?, ?, ?, ?, 0)",
            MEMBERSHIPS,
        )
    return settings


@pytest.fixture
def upgraded(settings: Settings) -> Any:
    prepare_database(settings).release()
    db.open_database(settings.database_url)
    load_installation(KeyFile(settings.key_path))
    yield settings.database_path
    db.close_database()


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_accounts_that_have_one_key_now_can_all_sign_in_still(upgraded: Path) -> None:
    names = {user_id: name for user_id, name, _ in ACCOUNTS}
    for user_id, name in names.items():
        for typed in (name, name.upper(), f" {name} "):
            started = sign_in(Caller(""), SignIn(name=typed, password=PASSWORDS[user_id]))
            assert (started.user.id, started.user.name, started.user.guest) == (user_id, name, False)
    keys = dict(rows(upgraded, "SELECT id, name_key FROM users WHERE name_key IS NOT NULL"))
    assert keys["ann"] == "ann"
    assert len(set(keys.values())) == len(keys)
    assert rows(upgraded, "SELECT name_key FROM users WHERE id = 'guest'") == [(None,)]
    for taken in ("ANN", "ann", "D0ra"):
        with pytest.raises(CrosstalkError, match="An account has this name"):
            enter_as_guest(Caller(""), EnterAsGuest(name=taken))
        with pytest.raises(CrosstalkError, match="An account has this name"):
            sign_up(Caller(""), SignUp(name=taken, password="a good long phrase"))


def test_public_rooms_get_different_names_that_can_be_read(upgraded: Path) -> None:
    names = dict(rows(upgraded, "SELECT id, name FROM rooms WHERE id <> 'lobby'"))
    assert names == {
        "r1": "Garden",
        "r2": "garden 2",
        "r3": "Garden 2 2",
        "r4": "Gаrden 3",
        "r5": "Garden",
        "r6": "room",
        "r7": "ab",
        "r8": "x" * 80,
        "r9": "x" * 78 + " 2",
    }
    public = rows(upgraded, "SELECT name_key FROM rooms WHERE kind = 'public'")
    assert len(set(public)) == len(public) == 8
    assert set(rows(upgraded, "SELECT name_key FROM rooms WHERE kind = 'private'")) == {(None,)}


def test_the_longest_standing_member_of_a_room_without_an_owner_owns_it(upgraded: Path) -> None:
    owners = rows(upgraded, "SELECT room_id, user_id, present, seq, role_seq FROM memberships WHERE role = 'owner' ORDER BY 1")
    assert [one for one in owners if one[0] != "lobby"] == [
        ("r1", "ann-cyrillic", 1, 6, 6),
        ("r2", "ann", 0, 4, None),
        ("r3", "ann", 1, 1, None),
    ]
    assert rows(upgraded, "SELECT id, seq FROM rooms WHERE id IN ('r1', 'r2', 'r3') ORDER BY 1") == [
        ("r1", 6),
        ("r2", 5),
        ("r3", 5),
    ]


def test_a_second_start_changes_nothing(settings: Settings) -> None:
    prepare_database(settings).release()
    before = [
        rows(settings.database_path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("users", "rooms", "memberships")
    ]
    prepare_database(settings).release()
    assert [
        rows(settings.database_path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("users", "rooms", "memberships")
    ] == before
