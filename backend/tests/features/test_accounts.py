"""Entering, signing up and signing in, and above all not getting in."""

import time

import pytest

from people import Person, fresh
from rest import ask
from server import Server


def unused(name: str) -> str:
    return f"{name} {fresh()[2:]}"[:40]


def test_a_guest_gets_tokens_and_is_known_by_them(server: Server) -> None:
    answer = ask(server.port, "POST", "/api/guests", {"name": "Ann"})
    assert answer.status == 201
    assert set(answer.body) == {"access_token", "refresh_token", "expires_in", "user"}
    assert answer.body["user"]["name"] == "Ann"
    assert answer.body["user"]["guest"] is True
    me = ask(server.port, "GET", "/api/me", token=answer.body["access_token"])
    assert me.body == answer.body["user"]


def test_an_account_signs_in_with_its_password_and_is_no_guest(server: Server) -> None:
    name = unused("dora")
    made = ask(server.port, "POST", "/api/accounts", {"name": name, "password": "correct horse"})
    assert made.status == 201
    again = ask(server.port, "POST", "/api/sessions", {"name": name, "password": "correct horse"})
    assert again.status == 201
    assert again.body["user"] == made.body["user"]
    assert again.body["user"]["guest"] is False
    assert again.body["refresh_token"] != made.body["refresh_token"]


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(server: Server) -> None:
    name = unused("emil")
    ask(server.port, "POST", "/api/accounts", {"name": name, "password": "correct horse"})
    wrong = ask(server.port, "POST", "/api/sessions", {"name": name, "password": "battery staple"})
    unknown = ask(server.port, "POST", "/api/sessions", {"name": unused("nobody"), "password": "battery staple"})
    assert wrong.status == unknown.status == 401
    assert wrong.body == unknown.body
    assert wrong.code == "unauthenticated"


def test_an_unknown_name_takes_as_long_as_a_wrong_password(server: Server) -> None:
    name = unused("frida")
    ask(server.port, "POST", "/api/accounts", {"name": name, "password": "correct horse"})

    def best(who: str) -> float:
        times = []
        for _ in range(4):
            begun = time.monotonic()
            ask(server.port, "POST", "/api/sessions", {"name": who, "password": "battery staple"})
            times.append(time.monotonic() - begun)
        return min(times)

    known, unknown = best(name), best(unused("nobody"))
    assert unknown > known / 3


def test_the_host_without_a_password_cannot_be_signed_in_to(server: Server) -> None:
    for password in ("", "crosstalk", "nobody has this password"):
        answer = ask(server.port, "POST", "/api/sessions", {"name": "Crosstalk", "password": password})
        assert answer.status in (400, 401), password


@pytest.mark.parametrize(
    "name", ["Crosstalk", "crosstalk", "CROSSTALK", " Crosstalk ", "Ｃｒｏｓｓｔａｌｋ", "Crosstalk\u200d", "Crosstalk\ufe0f"]
)
def test_the_hosts_name_is_nobody_elses(server: Server, name: str) -> None:
    guest = ask(server.port, "POST", "/api/guests", {"name": name})
    account = ask(server.port, "POST", "/api/accounts", {"name": name, "password": "long enough"})
    for answer in (guest, account):
        assert answer.status in (400, 409), answer.raw
        assert "name" in answer.fields


def test_a_guest_cannot_take_the_name_of_an_account_and_no_account_that_of_another(server: Server) -> None:
    name = unused("Gustav")
    ask(server.port, "POST", "/api/accounts", {"name": name, "password": "long enough"})
    for same in (name, name.upper(), name.lower(), f"  {name}", name.replace(" ", "   ")):
        assert ask(server.port, "POST", "/api/guests", {"name": same}).code == "conflict"
        taken = ask(server.port, "POST", "/api/accounts", {"name": same, "password": "long enough"})
        assert taken.code == "conflict"
        assert "name" in taken.fields


def test_a_name_signs_in_however_its_case_and_blanks_are_written(server: Server) -> None:
    name = unused("Hedda Gabler")
    made = ask(server.port, "POST", "/api/accounts", {"name": name, "password": "long enough"})
    for same in (name.upper(), f" {name} ", name.replace(" ", "  ")):
        answer = ask(server.port, "POST", "/api/sessions", {"name": same, "password": "long enough"})
        assert answer.status == 201, same
        assert answer.body["user"]["id"] == made.body["user"]["id"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ann  ", "Ann"),
        ("Ann \t Bee", "Ann Bee"),
        ("Ｂｏｂ", "Bob"),
        ("ﬁn", "fin"),
        ("王小明", "王小明"),
        ("👩‍🚀 Zoe", "👩‍🚀 Zoe"),
        ("x" * 40, "x" * 40),
    ],
)
def test_a_name_is_kept_in_one_form(server: Server, given: str, kept: str) -> None:
    assert Person.guest(server, given).user["name"] == kept


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\t\n",
        "...",
        "x" * 41,
        "\u3000",
        "a\u0007b",
        "a\u202eb",
        "a\u2066b",
        "a\u200bb",
        "\ufeffa",
        "a\u00adb",
        "\u200d",
        "a\u061cb",
        "a\ue000b",
        "ﷺﷺﷺ",
    ],
)
@pytest.mark.parametrize("path", ["/api/guests", "/api/accounts"])
def test_a_name_that_nobody_could_read_is_refused(server: Server, path: str, name: str) -> None:
    body = {"name": name} | ({"password": "long enough"} if path.endswith("accounts") else {})
    answer = ask(server.port, "POST", path, body)
    assert answer.status in (400, 413), answer.raw
    assert answer.code in ("invalid", "too_large")
    assert "name" in answer.fields


@pytest.mark.parametrize("password", ["", "short", "1234567", "x" * 257])
def test_a_password_that_is_too_short_or_too_long_is_refused(server: Server, password: str) -> None:
    answer = ask(server.port, "POST", "/api/accounts", {"name": unused("ida"), "password": password})
    assert answer.status in (400, 413)
    assert "password" in answer.fields
    assert password not in answer.raw.decode() or not password


def test_a_password_is_stored_only_as_argon2(server: Server) -> None:
    name = unused("jo")
    ask(server.port, "POST", "/api/accounts", {"name": name, "password": "a very secret word"})
    [(stored,)] = server.query("SELECT password_hash FROM users WHERE name = ?", name)
    assert stored.startswith("$argon2id$")
    for table in ("users", "sessions"):
        assert "a very secret word" not in str(server.query(f"SELECT * FROM {table}"))


def test_tokens_are_stored_nowhere(server: Server, ann: Person) -> None:
    stored = str(server.query("SELECT * FROM sessions"))
    assert ann.token not in stored
    assert ann.refresh_token.partition(".")[2] not in stored
