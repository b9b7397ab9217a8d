"""Refresh tokens: one successor for every asker, the end of the session for a token that was used before, nothing for an invention."""

import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

import crosstalk
from conftest import Serve
from crosstalk.app import prepare_database
from crosstalk.core import db
from crosstalk.core.ids import digest
from crosstalk.features.accounts.refresh_secret import first_secret, is_former, new_refresh_key, next_secret
from crosstalk.settings import Settings
from people import Person, fresh
from rest import Answer, ask
from server import Server

DAY_MS = 24 * 3600 * 1000


def refresh(server: Server, token: str) -> Answer:
    return ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": token})


def refreshed(server: Server, token: str) -> str:
    """The successor of a token that must have one."""
    answer = refresh(server, token)
    assert answer.status == 201, answer.raw
    successor: str = answer.body["refresh_token"]
    return successor


def is_alive(server: Server, session: dict[str, Any]) -> bool:
    return ask(server.port, "GET", "/api/me", token=session["access_token"]).status == 200


def later(server: Server, token: str, ms: int) -> None:
    """Makes it so much later for the session of a token."""
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        changed = connection.execute(
            "UPDATE sessions SET refreshed_at = refreshed_at - ?, created_at = created_at - ?, expires_at = expires_at - ? WHERE id = ?",
            (ms, ms, ms, token.partition(".")[0]),
        )
        assert changed.rowcount == 1


def account(server: Server) -> dict[str, Any]:
    answer = ask(server.port, "POST", "/api/accounts", {"name": fresh("dora"), "password": "a phrase of my own"})
    assert answer.status == 201, answer.raw
    session: dict[str, Any] = answer.body
    return session


# ── one successor ──


def test_a_refresh_answers_new_tokens_of_the_same_person(server: Server, cleo: Person) -> None:
    answer = refresh(server, cleo.refresh_token)
    assert answer.status == 201
    assert answer.body["user"] == cleo.user
    assert answer.body["refresh_token"] != cleo.refresh_token
    assert ask(server.port, "GET", "/api/me", token=answer.body["access_token"]).status == 200


def test_every_asker_gets_the_same_successor(server: Server, cleo: Person) -> None:
    successors = {refreshed(server, cleo.refresh_token) for _ in range(6)}
    assert len(successors) == 1
    assert refreshed(server, successors.pop())


def test_askers_at_the_same_time_get_the_same_successor(server: Server, cleo: Person) -> None:
    token = cleo.refresh_token
    for _ in range(5):
        with ThreadPoolExecutor(6) as pool:
            successors = set(pool.map(lambda token: refreshed(server, token), [token] * 6))
        assert len(successors) == 1
        token = successors.pop()


def test_a_restarted_server_answers_the_same_successor(serve: Serve) -> None:
    server = serve()
    ann = Person.guest(server, "Ann")
    lost = refreshed(server, ann.refresh_token)
    server.restart()
    assert refreshed(server, ann.refresh_token) == lost
    assert refreshed(server, lost)


def test_the_device_token_stays_the_same_in_every_answer(server: Server) -> None:
    session = account(server)
    answers = [refresh(server, session["refresh_token"]).body for _ in range(2)]
    answers.append(refresh(server, answers[0]["refresh_token"]).body)
    assert {one["device_token"] for one in answers} == {session["device_token"]}


def test_of_four_tabs_that_refresh_in_any_order_none_is_signed_out(server: Server, cleo: Person) -> None:
    """Tabs without a lock between them: each loads, asks, looks at the store again, and saves; any may run between two steps."""
    chance = random.Random(12)
    store = [cleo.refresh_token]

    def tab() -> Iterator[None]:
        loaded = store[0]
        yield
        successor = refreshed(server, loaded)
        yield
        if store[0] == loaded:
            store[0] = successor

    for _ in range(10):
        # One that sleeps in this round loads what the others have stored in the next.
        awake = [tab() for _ in range(chance.randint(2, 4))]
        waiting = [*awake]
        begun = store[0]
        while waiting:
            if next(turn := chance.choice(waiting), "over") == "over":
                waiting.remove(turn)
        assert store[0] != begun
    assert ask(server.port, "GET", "/api/me", token=refresh(server, store[0]).body["access_token"]).status == 200


# ── a token that was used before ──


def test_a_token_whose_successor_was_used_ends_the_session_and_its_sockets(server: Server, ann: Person, bob: Person) -> None:
    second = refresh(server, ann.refresh_token).body
    third = refresh(server, second["refresh_token"]).body
    stolen = refresh(server, ann.refresh_token)
    assert stolen.status == 401
    ended = ann.wait_for("session:ended")
    assert ended["reason"] == "session_revoked"
    assert ended["reconnect"] is False
    assert ann.line.gone.wait(5)
    assert refresh(server, third["refresh_token"]).code == "unauthenticated"
    assert not is_alive(server, third)
    assert bob.command("presence:list", room_id=bob.open_room()), "other sessions go on"


@pytest.mark.parametrize("generations", [1, 2, 3, 7])
def test_every_former_token_ends_the_session_however_old_it_is(server: Server, cleo: Person, generations: int) -> None:
    token = refreshed(server, cleo.refresh_token)
    for _ in range(generations):
        token = refreshed(server, token)
    assert refresh(server, cleo.refresh_token).code == "unauthenticated"
    assert refresh(server, token).code == "unauthenticated", "the session is over"


def test_after_sixty_seconds_a_used_token_ends_the_session(server: Server, cleo: Person) -> None:
    session = refresh(server, cleo.refresh_token).body
    later(server, cleo.refresh_token, 55_000)
    assert refreshed(server, cleo.refresh_token) == session["refresh_token"]
    later(server, cleo.refresh_token, 5_001)
    assert refresh(server, cleo.refresh_token).code == "unauthenticated"
    assert not is_alive(server, session)
    assert refresh(server, session["refresh_token"]).code == "unauthenticated"


def test_the_current_token_is_good_long_after_it_was_issued(server: Server, cleo: Person) -> None:
    current = refreshed(server, cleo.refresh_token)
    later(server, current, 29 * DAY_MS)
    assert refreshed(server, current)


# ── a token that never was one ──


@pytest.mark.parametrize("token", ["x", ".", "a.b", "a.b.c", "é.ü", "x" * 200])
def test_what_is_no_refresh_token_is_unauthenticated(server: Server, token: str) -> None:
    assert refresh(server, token).code == "unauthenticated"


def test_an_invented_secret_ends_no_session(server: Server, cleo: Person) -> None:
    """The id of a session is in every access token, so it proves nothing."""
    other = Person.guest(server, "Other").refresh_token.partition(".")[2]
    former = cleo.refresh_token
    current = refreshed(server, former)
    invented = ["garbage", "", "x" * 64, other, "a.b", "\u00e9" * 32]
    for real in (former, current):
        secret = real.partition(".")[2]
        turned = "B" if secret[5] == "A" else "A"
        invented += [
            secret[:-1],
            secret + "x",
            secret[:32],
            secret[32:],
            secret[32:] + secret[:32],
            secret[:5] + turned + secret[6:],
            secret[:-1] + ("B" if secret[-1] == "A" else "A"),
            secret[:32] + other[32:],
            secret.swapcase(),
            f" {secret}",
        ]
    session_id = current.partition(".")[0]
    for secret in invented:
        assert refresh(server, f"{session_id}.{secret}").code == "unauthenticated", secret
    assert cleo.get("/me") == cleo.user
    assert refreshed(server, current)


def test_a_secret_is_recognised_by_its_own_key_only() -> None:
    key = new_refresh_key()
    secret = first_secret(key)
    chain = [secret := next_secret(key, secret) for _ in range(50)]
    assert len(set(chain)) == 50
    assert all(is_former(key, one) for one in chain)
    assert not any(is_former(new_refresh_key(), one) for one in chain)
    assert {len(one) for one in chain} == {64}


def test_no_token_stands_in_the_database(server: Server, cleo: Person) -> None:
    successor = refreshed(server, cleo.refresh_token)
    stored = str(server.query("SELECT * FROM sessions"))
    for token in (cleo.refresh_token, successor):
        secret = token.partition(".")[2]
        assert secret not in stored
        assert secret[:32] not in stored


# ── the end by age ──


def test_the_session_of_an_account_is_over_after_half_a_year_of_refreshing(server: Server) -> None:
    token = account(server)["refresh_token"]
    for _ in range(6):
        later(server, token, 29 * DAY_MS)
        token = refreshed(server, token)
    later(server, token, 7 * DAY_MS)
    assert refresh(server, token).code == "unauthenticated"


def test_a_guest_who_returns_every_month_stays(server: Server) -> None:
    token = Person.guest(server, "Ann").refresh_token
    for _ in range(9):
        later(server, token, 29 * DAY_MS)
        token = refreshed(server, token)


def test_a_session_that_was_not_refreshed_for_a_month_is_over(server: Server, cleo: Person) -> None:
    later(server, cleo.refresh_token, 30 * DAY_MS + 60_000)
    assert refresh(server, cleo.refresh_token).code == "unauthenticated"


# ── sessions of an older version ──


def test_a_session_that_an_older_version_started_goes_on(tmp_path: Path) -> None:
    server = Server(tmp_path)
    url = f"sqlite:///{server.database}"
    prepare_database(Settings(database_url=url)).release()
    migrations = Config()
    migrations.set_main_option("script_location", str(Path(crosstalk.__file__).parent / "migrations"))
    db.open_database(url)
    command.downgrade(migrations, "0006-1")
    db.close_database()
    old = {"current": "q" * 32, "previous": "p" * 32}
    with closing(sqlite3.connect(server.database)) as connection, connection:
        connection.execute(
            "INSERT INTO users (id, name, name_key, password_hash, created_at, bot) VALUES ('u', 'Dora', 'dora', 'x', 0, 0)"
        )
        connection.execute(
            "INSERT INTO sessions (id, user_id, refresh_digest, previous_digest, created_at, expires_at, ended)"
            " VALUES ('s', 'u', ?, ?, ?, ?, NULL)",
            (digest(old["current"]), digest(old["previous"]), 2**42, 2**42),
        )
    try:
        server.start()
        assert refresh(server, f"s.{old['previous']}").code == "unauthenticated"
        successor = refreshed(server, f"s.{old['current']}")
        assert refreshed(server, f"s.{old['current']}") == successor
        assert refreshed(server, successor)
    finally:
        server.close()
