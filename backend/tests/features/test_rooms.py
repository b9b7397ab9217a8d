"""Rooms: who is in, who may know, and the number that each change takes."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from conftest import Meet, Serve
from people import Person, fresh
from rest import Answer, ask
from server import Server

MISSING = "nosuchroom"


def test_the_creators_own_membership_is_seq_1(ann: Person) -> None:
    room = ann.command("room:create", name=fresh("garden"), kind="public")
    assert room["seq"] == 1
    assert room["role"] == "owner"
    assert room["member_count"] == 1
    assert room["kind"] == "public"
    joined = ann.wait_for("member:joined", room_id=room["id"])
    assert joined == {"room_id": room["id"], "seq": 1, "user": ann.user, "role": "owner"}
    assert ann.room(room["id"]) == room
    assert room in ann.get("/rooms")["rooms"]


def test_a_new_installation_has_a_lobby_that_greets(cleo: Person) -> None:
    assert "lobby" in [room["id"] for room in cleo.get("/rooms?scope=public")["rooms"]]
    cleo.join("lobby")
    first = cleo.history("lobby")[0]
    assert "Welcome" in first["text"]
    assert first["author"]["name"] == "Crosstalk"


def test_joining_twice_answers_the_same_and_changes_nothing(ann: Person, cleo: Person) -> None:
    room_id = ann.open_room()
    first = cleo.rest("POST", f"/rooms/{room_id}/members", {})
    again = cleo.rest("POST", f"/rooms/{room_id}/members", {})
    assert (first.status, again.status) == (201, 200)
    assert first.body == again.body
    assert first.body["seq"] == 2
    ann.hear_everything()
    assert [one["seq"] for one in ann.heard("member:joined", room_id=room_id)] == [1, 2]


def test_of_many_joins_at_the_same_time_one_counts(ann: Person, cleo: Person) -> None:
    room_id = ann.open_room()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: cleo.rest("POST", f"/rooms/{room_id}/members", {}), range(8)))
    assert sorted(one.status for one in answers) == [200] * 7 + [201]
    assert ann.room(room_id)["seq"] == 2
    assert ann.room(room_id)["member_count"] == 2


def test_an_open_connection_hears_a_room_that_was_joined_by_rest(ann: Person, bob: Person) -> None:
    room_id = ann.open_room()
    ann.say(room_id, "before")
    bob.join(room_id)
    joined = bob.wait_for("member:joined", room_id=room_id)
    assert joined["user"] == bob.user
    sent = ann.say(room_id, "after")
    heard = bob.wait_for("message:created", room_id=room_id)
    assert heard["message"] == sent, "and nothing from before the join"


def test_after_leaving_nothing_of_the_room_is_heard_and_all_is_heard_after_coming_back(ann: Person, bob: Person) -> None:
    room_id = ann.open_room()
    bob.join(room_id)
    left = bob.command("room:leave", room_id=room_id)
    assert left["role"] is None
    assert bob.wait_for("member:left", room_id=room_id)["user"] == bob.user
    ann.wait_for("member:left", room_id=room_id)
    ann.say(room_id, "behind your back")
    ann.hear_everything()
    bob.hear_everything()
    assert bob.heard("message:created", room_id=room_id) == []
    assert bob.refused("message:send", room_id=room_id, client_id=fresh(), text="x")["code"] == "forbidden"
    room = bob.join(room_id)
    assert room["seq"] == 5
    ann.say(room_id, "welcome back")
    assert bob.wait_for("message:created", room_id=room_id)["message"]["text"] == "welcome back"


def test_leaving_twice_is_one_change(ann: Person, cleo: Person) -> None:
    room_id = ann.open_room()
    cleo.join(room_id)
    first = cleo.good("DELETE", f"/rooms/{room_id}/members/me")
    again = cleo.good("DELETE", f"/rooms/{room_id}/members/me")
    assert first == again
    assert first["seq"] == 3
    assert first["member_count"] == 1


def test_the_longest_standing_member_takes_over_when_the_owner_leaves(ann: Person, bob: Person, cleo: Person) -> None:
    room_id = ann.open_room(kind="private")
    for one in (cleo, bob):
        one.join(room_id, invite=ann.good("POST", f"/rooms/{room_id}/invites", {})["invite"])
    assert ann.command("room:leave", room_id=room_id)["role"] is None
    changed = bob.wait_for("member:changed", room_id=room_id)
    assert changed == {"room_id": room_id, "seq": 5, "user": cleo.user, "role": "owner"}
    assert bob.heard("member:left", room_id=room_id)[-1]["seq"] == 4
    roles = {one["user"]["id"]: one["role"] for one in bob.get(f"/rooms/{room_id}/members")["members"]}
    assert roles == {cleo.id: "owner", bob.id: "member"}
    missed = bob.get(f"/rooms/{room_id}/changes?after=3")["changes"]
    assert [(one["event"], one["seq"]) for one in missed] == [("member:left", 4), ("member:changed", 5)]
    invite = cleo.good("POST", f"/rooms/{room_id}/invites", {})["invite"]
    assert ann.join(room_id, invite=invite)["role"] == "member", "who comes back does not take the room back"
    message = bob.open_stream(room_id)
    assert ann.rest("POST", f"/streams/{message['stream_id']}/stop", {}).code == "forbidden"
    assert cleo.good("POST", f"/streams/{message['stream_id']}/stop", {})["by"]["id"] == cleo.id


def test_the_first_to_come_back_to_an_empty_room_owns_it(ann: Person, bob: Person, cleo: Person) -> None:
    room_id = ann.open_room()
    ann.say(room_id, "so that the room stays")
    ann.good("DELETE", f"/rooms/{room_id}/members/me")
    assert bob.join(room_id)["role"] == "owner"
    assert cleo.join(room_id)["role"] == "member"
    assert ann.join(room_id)["role"] == "member"
    assert bob.wait_for("member:joined", lambda one: one["user"]["id"] == bob.id, room_id=room_id)["role"] == "owner"


def test_a_room_has_one_owner_however_its_members_come_and_go(server: Server, meet: Meet) -> None:
    people = [meet(server, f"Person {number}", live=False) for number in range(6)]
    room_id = people[0].open_room()
    people[0].say(room_id, "so that the room stays")

    def come_and_go(person: Person) -> None:
        for number in range(6):
            person.rest("DELETE" if number % 2 else "POST", f"/rooms/{room_id}/members{'/me' if number % 2 else ''}", {})
            members = person.rest("GET", f"/rooms/{room_id}/members")
            if members.status == 200:
                assert [one["role"] for one in members.body["members"]].count("owner") == 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(come_and_go, people))
    stored = server.query("SELECT user_id FROM memberships WHERE room_id = ? AND role = 'owner'", room_id)
    assert len(stored) == 1, "the last owner of the empty room"
    assert people[3].join(room_id)["role"] == "owner"
    assert server.query("SELECT user_id FROM memberships WHERE room_id = ? AND role = 'owner'", room_id) == [(people[3].id,)]
    seqs = [one["seq"] for one in people[3].get(f"/rooms/{room_id}/changes?after=0")["changes"]]
    assert len(seqs) == len(set(seqs))
    assert people[3].room(room_id)["seq"] == max(seqs)


def test_the_member_list_is_by_user_id_in_pages_and_without_those_who_left(ann: Person, bob: Person, cleo: Person) -> None:
    room_id = ann.open_room()
    bob.join(room_id)
    cleo.join(room_id)
    ids = sorted([ann.id, bob.id, cleo.id])
    first = ann.get(f"/rooms/{room_id}/members?limit=2")
    assert first["more"] is True
    rest = ann.get(f"/rooms/{room_id}/members?limit=2&after={first['members'][-1]['user']['id']}")
    assert rest["more"] is False
    members = first["members"] + rest["members"]
    assert [one["user"]["id"] for one in members] == ids
    assert {one["user"]["id"]: one["role"] for one in members}[ann.id] == "owner"
    cleo.good("DELETE", f"/rooms/{room_id}/members/me")
    assert len(ann.get(f"/rooms/{room_id}/members")["members"]) == 2


def test_a_room_name_is_trimmed_and_bounded(cleo: Person) -> None:
    assert cleo.good("POST", "/rooms", {"name": "  a   b ", "kind": "public"})["name"] == "a b"
    for name in ("", "   ", "x" * 81):
        refused = cleo.rest("POST", "/rooms", {"name": name, "kind": "public"})
        assert refused.status in (400, 413)
        assert "name" in refused.fields


# ── private rooms ──


def test_a_private_room_is_found_by_members_only(ann: Person, cleo: Person) -> None:
    room_id = ann.open_room(kind="private")
    assert room_id in [room["id"] for room in ann.get("/rooms")["rooms"]]
    for scope in ("mine", "public"):
        assert room_id not in [room["id"] for room in cleo.get(f"/rooms?scope={scope}")["rooms"]]
    assert room_id not in [room["id"] for room in ann.get("/rooms?scope=public")["rooms"]]


def test_an_invite_opens_its_own_room_and_no_other(ann: Person, bob: Person, cleo: Person) -> None:
    room_id, other = ann.open_room(kind="private"), ann.open_room(kind="private")
    invite = ann.good("POST", f"/rooms/{room_id}/invites", {})
    assert set(invite) == {"room_id", "invite", "expires_at"}
    assert cleo.rest("POST", f"/rooms/{other}/members", {"invite": invite["invite"]}).code == "not_found"
    assert cleo.rest("POST", f"/rooms/{room_id}/members", {"invite": "guess"}).code == "not_found"
    assert cleo.rest("POST", f"/rooms/{room_id}/members", {}).code == "not_found"
    assert cleo.join(room_id, invite=invite["invite"])["role"] == "member"
    assert bob.command("room:join", room_id=room_id, invite=invite["invite"])["member_count"] == 3
    assert bob.wait_for("member:joined", room_id=room_id)["seq"] == 3


def test_only_members_invite(ann: Person, cleo: Person) -> None:
    private, public = ann.open_room(kind="private"), ann.open_room()
    assert cleo.rest("POST", f"/rooms/{private}/invites", {}).code == "not_found"
    assert cleo.rest("POST", f"/rooms/{public}/invites", {}).code == "forbidden"


def test_an_invite_is_stored_only_as_a_digest(ann: Person) -> None:
    invite = ann.good("POST", f"/rooms/{ann.open_room(kind='private')}/invites", {})["invite"]
    assert invite not in str(ann.server.query("SELECT * FROM invites"))


def test_whoever_left_a_private_room_cannot_know_it_any_more(ann: Person, cleo: Person) -> None:
    room_id = ann.open_room(kind="private")
    cleo.join(room_id, invite=ann.good("POST", f"/rooms/{room_id}/invites", {})["invite"])
    last = cleo.good("DELETE", f"/rooms/{room_id}/members/me")
    assert last["role"] is None
    for answer in asked_about(cleo, room_id):
        assert answer.code == "not_found"


def asked_about(person: Person, room_id: str, message_id: str = "x") -> list[Answer]:
    """Every route that takes a room."""
    return [
        person.rest("GET", f"/rooms/{room_id}"),
        person.rest("POST", f"/rooms/{room_id}/members", {}),
        person.rest("DELETE", f"/rooms/{room_id}/members/me"),
        person.rest("GET", f"/rooms/{room_id}/members"),
        person.rest("POST", f"/rooms/{room_id}/invites", {}),
        person.rest("POST", f"/rooms/{room_id}/invitation", {"invite": "guess"}),
        person.rest("GET", f"/rooms/{room_id}/presence"),
        person.rest("PUT", f"/rooms/{room_id}/read", {"seq": 1}),
        person.rest("GET", f"/rooms/{room_id}/messages"),
        person.rest("POST", f"/rooms/{room_id}/messages", {"client_id": "a", "text": "x"}),
        person.rest("PATCH", f"/rooms/{room_id}/messages/{message_id}", {"text": "x"}),
        person.rest("DELETE", f"/rooms/{room_id}/messages/{message_id}"),
        person.rest("GET", f"/rooms/{room_id}/changes"),
        person.rest("POST", f"/rooms/{room_id}/streams", {"client_id": "a", "content_type": "text/plain"}),
    ]


def test_every_route_of_a_room_that_one_may_not_know_answers_as_for_a_missing_one(ann: Person, cleo: Person) -> None:
    room_id = ann.open_room(kind="private")
    message = ann.say(room_id, "secret")
    hidden, missing = asked_about(cleo, room_id, message["id"]), asked_about(cleo, MISSING)
    assert [one.status for one in hidden] == [404] * len(hidden)
    assert [one.body for one in hidden] == [one.body for one in missing]


COMMANDS = {
    "room:join": {},
    "room:leave": {},
    "message:send": {"client_id": "a", "text": "x"},
    "message:edit": {"message_id": "x", "text": "x"},
    "message:delete": {"message_id": "x"},
    "typing:start": {},
    "typing:stop": {},
    "read:mark": {"seq": 1},
    "presence:list": {},
    "stream:open": {"client_id": "a", "content_type": "text/plain"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_on_a_room_that_one_may_not_know_answers_as_for_a_missing_one(
    ann: Person, bob: Person, command: str
) -> None:
    room_id = ann.open_room(kind="private")
    hidden = bob.refused(command, room_id=room_id, **COMMANDS[command])
    assert hidden["code"] == "not_found"
    assert hidden == bob.refused(command, room_id=MISSING, **COMMANDS[command])


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("room:join", "room:leave")])
def test_a_public_room_that_one_has_not_joined_is_forbidden_for_what_members_do(ann: Person, bob: Person, command: str) -> None:
    room_id = ann.open_room()
    assert bob.refused(command, room_id=room_id, **COMMANDS[command])["code"] == "forbidden"


def test_a_public_room_is_read_before_joining_and_nothing_else_is_done_there(ann: Person, bob: Person) -> None:
    room_id = ann.open_room()
    message = ann.say(room_id, "for all to read")
    # Every route of a room: what the answer to an outsider of a public room is.
    told = [200, 201, 200, 403, 403, 404, 403, 403, 200, 403, 403, 403, 200, 403]
    assert [one.status for one in asked_about(fellow(bob), room_id, message["id"])] == told
    bob.hear_everything()
    assert bob.get(f"/rooms/{room_id}/messages")["messages"] == [message]
    assert bob.get(f"/rooms/{room_id}/messages?before=2")["messages"] == []
    changes = bob.get(f"/rooms/{room_id}/changes")["changes"]
    assert [one["event"] for one in changes] == ["member:joined", "message:created", "member:left"]
    verdict = bob.command("session:resume", epoch=ann.room(room_id)["epoch"], rooms={room_id: 0})["rooms"][room_id]
    assert verdict["reason"] == "not_found", "a connection is brought up to date in rooms whose events it receives"
    ann.say(room_id, "and on")
    ann.hear_everything()
    bob.hear_everything()
    assert bob.heard(room_id=room_id) == []
    assert ann.room(room_id)["member_count"] == 1


def fellow(bob: Person) -> Person:
    """Another person: joining and leaving are among what is asked, and change who that is."""
    return Person.guest(bob.server, "Fellow")


STREAM_COMMANDS = {
    "stream:append": {"lease": 1, "offset": 0, "text": "x"},
    "stream:renew": {"lease": 1},
    "stream:finish": {"lease": 1},
    "stream:stop": {},
    "stream:continue": {},
    "stream:view": {"offset": 0},
}


@pytest.mark.parametrize("command", STREAM_COMMANDS)
@pytest.mark.parametrize("state", ["open", "finished"])
@pytest.mark.parametrize("kind", ["private", "public"])
def test_a_stream_of_a_room_that_one_is_not_in_answers_as_a_missing_one_unless_it_is_there_to_be_read(
    ann: Person, bob: Person, kind: str, state: str, command: str
) -> None:
    stream_id = ann.open_stream(ann.open_room(kind=kind))["stream_id"]
    if state == "finished":
        ann.command("stream:append", stream_id=stream_id, lease=1, offset=0, text="all of it")
        ann.command("stream:finish", stream_id=stream_id, lease=1)
    if (kind, state, command) == ("public", "finished", "stream:view"):
        assert bob.command(command, stream_id=stream_id, offset=0)["text"] == "all of it"
        assert bob.view(stream_id, 4)["text"] == "of it"
    else:
        hidden = bob.refused(command, stream_id=stream_id, **STREAM_COMMANDS[command])
        assert hidden["code"] == "not_found"
        assert hidden == bob.refused(command, stream_id="nosuchstream", **STREAM_COMMANDS[command])
    assert bob.rest("GET", f"/streams/{stream_id}/timing").code == "not_found"


def pages(person: Person, scope: str, limit: int) -> list[list[str]]:
    """The ids of all rooms of a scope, page by page."""
    found: list[list[str]] = []
    after = ""
    while True:
        page = person.get(f"/rooms?scope={scope}&limit={limit}{after}")
        found.append([room["id"] for room in page["rooms"]])
        if not page["more"]:
            return found
        after = f"&after={found[-1][-1]}"


def test_both_lists_of_rooms_come_in_pages_without_gaps_the_lobby_first(serve: Serve) -> None:
    ann = Person.guest(serve(), "Ann")
    public = [ann.open_room(f"room {number}") for number in range(7)]
    private = ann.open_room("private", "private")
    assert pages(ann, "public", 3) == [["lobby", *public[:2]], public[2:5], public[5:]]
    assert pages(ann, "public", 4) == [["lobby", *public[:3]], public[3:]]
    assert pages(ann, "mine", 5) == [public[:5], [*public[5:], private]]
    assert ann.get("/rooms?scope=public")["more"] is False


def test_a_page_goes_on_after_a_room_that_was_deleted_meanwhile(serve: Serve) -> None:
    server = serve()
    ann = Person.guest(server, "Ann")
    rooms = [ann.open_room() for _ in range(4)]
    with closing(sqlite3.connect(server.database, timeout=10)) as connection:
        connection.execute("DELETE FROM memberships WHERE room_id = ?", (rooms[1],))
        connection.execute("DELETE FROM rooms WHERE id = ?", (rooms[1],))
        connection.commit()
    found = [room["id"] for room in ann.get(f"/rooms?after={rooms[1]}")["rooms"]]
    assert found == rooms[2:]


@pytest.mark.parametrize(
    ("query", "field"), [("limit=0", "limit"), ("limit=201", "limit"), ("after=no-room-at-all", "after"), ("after=", "after")]
)
def test_a_page_that_is_none_is_refused(ann: Person, query: str, field: str) -> None:
    refused = ann.rest("GET", f"/rooms?scope=public&{query}")
    assert refused.code == "invalid"
    assert set(refused.fields) == {field}


# ── the newest message ──


def test_a_room_carries_its_newest_message_in_short(ann: Person, bob: Person) -> None:
    room_id, empty = ann.open_room(), ann.open_room()
    bob.join(room_id)

    def newest(person: Person = bob) -> dict[str, Any] | None:
        listed = {room["id"]: room["last_message"] for room in person.get("/rooms?limit=200")["rooms"]}
        assert listed[room_id] == person.room(room_id)["last_message"], "a room is the same alone and in the list"
        return listed[room_id]

    assert ann.room(empty)["last_message"] is None
    said = ann.say(room_id, "  one\n\ttwo " + "x" * 200)
    first = {name: said[name] for name in ("id", "seq", "author", "kind", "created_at")}
    assert newest() == {**first, "excerpt": ("one two " + "x" * 200)[:120]}
    ann.command("message:edit", room_id=room_id, message_id=said["id"], text="three")
    assert newest() == {**first, "excerpt": "three"}
    data = ann.command("message:send", room_id=room_id, client_id=fresh(), kind="json", data={"a": [1, "ü"]})
    assert (newest() or {})["excerpt"] == '{"a":[1,"ü"]}'
    bob.good("DELETE", f"/rooms/{room_id}/members/me")
    bob.join(room_id)
    assert (newest() or {})["id"] == data["id"], "coming and going is no message"
    ann.command("message:delete", room_id=room_id, message_id=data["id"])
    assert (newest() or {})["excerpt"] == ""
    assert (newest() or {})["deleted"] is True
    stream = ann.open_stream(room_id)
    assert {name: (newest() or {})[name] for name in ("id", "kind", "excerpt")} == {
        "id": stream["stream_id"],
        "kind": "stream",
        "excerpt": "",
    }
    ann.command("stream:finish", stream_id=stream["stream_id"], lease=1)


def test_each_room_of_a_long_list_has_its_own_newest_message(serve: Serve) -> None:
    ann = Person.guest(serve(), "Ann")
    said = {room_id: ann.say(room_id, f"in room {number}")["id"] for number, room_id in enumerate(open_rooms(ann, 25))}
    for limit in (1, 20, 21, 200):
        rooms = ann.get(f"/rooms?limit={limit}")["rooms"]
        assert len(rooms) == min(limit, 25)
        assert [room["last_message"]["id"] for room in rooms] == [said[room["id"]] for room in rooms]


def open_rooms(person: Person, count: int) -> list[str]:
    return [person.open_room() for _ in range(count)]


# ── invitations ──


def test_an_invite_says_what_it_opens_to_anybody_who_has_it(ann: Person, cleo: Person) -> None:
    room_id, other = ann.open_room("Attic", "private"), ann.open_room(kind="private")
    invite = ann.good("POST", f"/rooms/{room_id}/invites", {})
    port = ann.server.port
    read = {"invite": invite["invite"]}
    told = {"room_id": room_id, "name": "Attic", "member_count": 1, "inviter": ann.user, "expires_at": invite["expires_at"]}
    assert cleo.good("POST", f"/rooms/{room_id}/invitation", read) == told
    assert ask(port, "POST", f"/api/rooms/{room_id}/invitation", read).body == told
    cleo.join(room_id, **read)
    assert cleo.good("POST", f"/rooms/{room_id}/invitation", read) == {**told, "member_count": 2}
    dead = [(other, read), (room_id, {"invite": "guess"}), (MISSING, read)]
    with closing(sqlite3.connect(ann.server.database, timeout=10)) as connection:
        refused = [ask(port, "POST", f"/api/rooms/{of}/invitation", body) for of, body in dead]
        connection.execute("UPDATE invites SET expires_at = 0 WHERE room_id = ?", (room_id,))
        connection.commit()
        refused.append(ask(port, "POST", f"/api/rooms/{room_id}/invitation", read))
    assert [one.code for one in refused] == ["not_found"] * 4
    assert len({str(one.body) for one in refused}) == 1, "why an invite is dead is not told"
