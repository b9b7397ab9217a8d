"""Names over REST: of accounts, guests and rooms that look like others, and an account from before passwords were prepared."""

import sqlite3
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from argon2 import PasswordHasher

from conftest import Meet
from people import Person, fresh
from rest import Answer, ask
from server import Server

PASSWORD = "a good long phrase"


def sign_up(server: Server, name: str, password: str = PASSWORD) -> Answer:
    return ask(server.port, "POST", "/api/accounts", {"name": name, "password": password})


def sign_in(server: Server, name: str, password: str = PASSWORD) -> Answer:
    return ask(server.port, "POST", "/api/sessions", {"name": name, "password": password})


def enter(server: Server, name: str) -> Answer:
    return ask(server.port, "POST", "/api/guests", {"name": name})


def test_what_looks_like_the_name_of_an_account_is_taken(server: Server) -> None:
    name = f"Alice Bell {fresh()[-6:]}"
    made = sign_up(server, name)
    assert made.status == 201
    look_alikes = [
        name.upper(), name.replace("A", "Α", 1).replace("lice", "ӏісе", 1), name.replace("A", "А", 1).replace("lice", "liсе"), name.replace("l", "1"), name.replace("l", "I"), name.replace(" ", "  "),
        name.replace("c", "с").replace("A", "А").replace("li", "ӏі").replace("e", "е"), "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in name),
    ]  # fmt: skip
    for other in look_alikes:
        for answer in (sign_up(server, other), enter(server, other)):
            assert answer.status in (400, 409), other
            assert answer.fields.keys() == {"name"}
    for invisible in "\u034f\ufe00\ufe0e\U000e0100\u3164\u115f\u17b4\u180b\u2800\u0332\ufffc\u200b\u00ad":
        for answer in (sign_up(server, f"Al{invisible}{name[2:]}"), enter(server, name + invisible)):
            assert (answer.status, answer.code, [*answer.fields]) == (400, "invalid", ["name"])
    assert sign_in(server, name.upper()).body["user"]["id"] == made.body["user"]["id"]


@pytest.mark.parametrize("name", ["System", "Аssistant", "crosstalk", "@everyone", "Adm1n", "staff"])
def test_reserved_names_are_refused_with_what_to_do(server: Server, name: str) -> None:
    for answer in (sign_up(server, name), enter(server, name)):
        assert answer.status in (400, 409)
        assert "choose another" in answer.fields["name"] or "alphabet" in answer.fields["name"]


def test_guests_may_share_a_name_and_are_told_apart(server: Server, meet: Meet) -> None:
    first, second = meet(server, "Ann"), meet(server, "Ann", live=False)
    assert first.id != second.id
    room_id = first.open_room()
    second.join(room_id)
    sent = second.say(room_id, "hello")
    assert (sent["author"]["guest"], sent["author"]["id"]) == (True, second.id)
    heard = first.wait_for("message:created", room_id=room_id)["message"]
    assert heard["author"] == second.user
    members = first.get(f"/rooms/{room_id}/members")["members"]
    assert {one["user"]["id"]: one["user"]["guest"] for one in members} == {first.id: True, second.id: True}


# ── rooms ──


@pytest.mark.parametrize(
    "name", ["a\u202eb", "a\x1bb", "\u200b", "bell\x07", "\u2800", "\u3164", "\u0301", "gardеn", "...", "a\u0336b", "\ufe0f"]
)
@pytest.mark.parametrize("kind", ["public", "private"])
def test_a_room_has_a_name_that_can_be_read(cleo: Person, name: str, kind: str) -> None:
    answer = cleo.rest("POST", "/rooms", {"name": name, "kind": kind})
    assert (answer.status, answer.code, [*answer.fields]) == (400, "invalid", ["name"])


def test_public_rooms_have_different_names_and_private_ones_need_not(ann: Person, cleo: Person) -> None:
    name = f"Garden {fresh()}"
    made = ann.command("room:create", name=name, kind="public")
    for same in (
        name,
        name.lower(),
        f" {name.upper()} ",
        name.replace("a", "ａ"),
        name.replace("a", "а").replace("e", "е").replace("d", "ԁ"),
    ):
        for kind, refused in (("public", True), ("private", False)):
            answer = cleo.rest("POST", "/rooms", {"name": same, "kind": kind})
            if refused or answer.status == 400:
                assert answer.code in ("conflict", "invalid"), same
                assert answer.fields.keys() == {"name"}
            else:
                assert answer.status == 201
    error = ann.refused("room:create", name=name, kind="public")
    assert (error["code"], [*error["fields"]]) == ("conflict", ["name"])
    assert "choose another" in error["fields"]["name"]
    assert [one["id"] for one in cleo.get("/rooms?scope=public&limit=200")["rooms"] if one["name"] == name] == [made["id"]]


def test_of_many_who_open_a_room_of_one_name_at_once_one_does(server: Server, meet: Meet) -> None:
    people = [meet(server, "Ann", live=False) for _ in range(8)]
    name = f"Race {fresh()}"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: one.rest("POST", "/rooms", {"name": name, "kind": "public"}), people))
    assert sorted(one.status for one in answers) == [201] + [409] * 7
    assert server.query("SELECT count(*) FROM rooms WHERE name = ?", name) == [(1,)]
    with pytest.raises(sqlite3.IntegrityError), closing(sqlite3.connect(server.database, timeout=10)) as connection:
        connection.execute(
            "INSERT INTO rooms SELECT id || 'x', name, kind, seq, member_count, created_at, name_key FROM rooms WHERE name = ?",
            (name,),
        )


# ── passwords ──


def test_a_password_is_the_same_however_its_letters_are_composed(server: Server) -> None:
    name = fresh("noël")
    composed = "naïve café résumé"
    made = sign_up(server, name, unicodedata.normalize("NFD", composed))
    for typed in (
        composed,
        unicodedata.normalize("NFD", composed),
        composed.replace(" ", "\u00a0"),
        composed.replace(" ", "\u3000"),
    ):
        assert sign_in(server, name, typed).body["user"] == made.body["user"], typed
    for other in (composed.upper(), f"{composed} "):
        assert sign_in(server, name, other).status == 401, other
    short = unicodedata.normalize("NFD", "éèêëàâ")
    assert (len(short), sign_up(server, fresh("noël"), short).fields.keys()) == (12, {"password"})


def test_an_old_hash_of_the_raw_password_is_taken_once_and_replaced(server: Server) -> None:
    name = fresh("noël")
    raw = unicodedata.normalize("NFD", "naïve café résumé")
    sign_up(server, name)
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        connection.execute("UPDATE users SET password_hash = ? WHERE name = ?", (PasswordHasher().hash(raw), name))
    assert sign_in(server, name, unicodedata.normalize("NFC", raw)).status == 401, "not yet"
    assert sign_in(server, name, raw).status == 201
    assert sign_in(server, name, unicodedata.normalize("NFC", raw)).status == 201
