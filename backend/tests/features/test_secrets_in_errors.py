"""An error of the database shows neither clients nor the log what was being stored."""

import json
import sqlite3
from contextlib import closing

import pytest

from conftest import Meet, Serve
from people import fresh
from rest import ask
from server import Server

SECRET = "the-rook-is-under-the-stairs"
PASSWORD = "a-very-secret-password"
# What SQLite says of each, and what a client must not read.
ITS_WORDS = ("sqlite", "no such table", "constraint", "messages", "trigger", "insert", "refused by a trigger")


def broken(server: Server, kind: str) -> None:
    """Makes every insert fail, as a constraint (IntegrityError) or as a missing table (OperationalError)."""
    with closing(sqlite3.connect(server.database, timeout=30, isolation_level=None)) as connection:
        for table in ("messages", "rooms", "users"):
            if kind == "constraint":
                words = (
                    f"CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END"
                )
            else:
                words = f"ALTER TABLE {table} RENAME TO no_{table}"
            connection.execute(words)


@pytest.mark.parametrize(("kind", "code"), [("constraint", "internal"), ("table", "unavailable")])
def test_a_failing_statement_shows_no_value(serve: Serve, meet: Meet, kind: str, code: str) -> None:
    server = serve()
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    token = ann.token
    broken(server, kind)
    answers = [
        ann.refused("message:send", room_id=room_id, client_id=fresh(SECRET), text=SECRET),
        ask(server.port, "POST", "/api/rooms", {"name": SECRET, "kind": "private"}, token=token).body,
        ask(server.port, "POST", "/api/accounts", {"name": SECRET, "password": PASSWORD}).body,
        ask(server.port, "POST", "/api/guests", {"name": SECRET}).body,
    ]
    for answer in answers:
        assert answer["code"] == code, answer
        said = json.dumps(answer).lower()
        assert not any(word in said for word in ITS_WORDS), said
    log = server.log() + server.errors()
    assert ("refused by a trigger" if kind == "constraint" else "no such table") in log, "the log has the words"
    for secret in (SECRET, PASSWORD, "argon2", token, ann.refresh_token):
        assert secret not in log


def test_an_error_that_goes_on_is_one_line_in_the_log(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    broken(server, "table")
    for _ in range(5):
        assert ann.refused("message:send", room_id=room_id, client_id=fresh(), text="x")["code"] == "unavailable"
    refused = [line for line in server.log().splitlines() if "the database refused" in line]
    assert len(refused) == 1
    assert json.loads(refused[0])["reason"].startswith("no such table")
