"""What one person may keep on a server: bytes a day, rooms, invites, open streams; refused with a code, and given back."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from model_server import ModelServer, Reply

from conftest import Meet, Serve
from people import Person, fresh
from rest import ask
from server import Server, until


def metric(server: Server, name: str) -> float:
    """A sample of /metrics, 0 when there is none yet."""
    lines = ask(server.port, "GET", "/metrics").raw.decode().splitlines()
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name} ")), 0.0)


def source(text: str = "slowly " * 100, pace_ms: int = 1_000) -> dict[str, Any]:
    return {"kind": "text", "text": text, "pace_ms": pace_ms}


def open_source(person: Person, room_id: str, **more: Any) -> Any:
    return person.rest("POST", f"/rooms/{room_id}/streams", {"client_id": fresh("s"), "source": source(**more)})


@pytest.fixture(scope="module")
def bounded(serve_module: Serve) -> Server:
    return serve_module(
        rate_limits="on",
        rooms_per_person="30",
        room_invites="10",
        open_streams="3",
        written_streams="2",
        all_written_streams="5",
    )


def test_the_bounds_are_announced_and_a_guest_has_a_guests(bounded: Server, meet: Meet, ann: Person) -> None:
    told = meet(bounded, "Ann").wait_for("session:ready")["limits"]
    assert told["budget"] == {"burst": 400, "per_second": 100}
    assert (told["rooms"], told["open_streams"], told["written_streams"], told["roster"]) == (3, 3, 2, 500)
    assert told["daily_bytes"] == 16 * 1_048_576
    account = ask(bounded.port, "POST", "/api/accounts", {"name": "Announced", "password": "correct horse"})
    person = Person(bounded, account.body)
    limits = person.connect().wait_for("session:ready")["limits"]
    person.leave_the_building()
    assert (limits["rooms"], limits["daily_bytes"]) == (30, 64 * 1_048_576)
    without = ann.wait_for("session:ready")["limits"]
    assert (without["budget"], without["daily_bytes"], without["rooms"], without["written_streams"]) == (None,) * 4


def test_a_guest_owns_so_many_rooms_also_after_leaving_them(bounded: Server, meet: Meet) -> None:
    ann = meet(bounded, "Ann", live=False)
    rooms = [ann.open_room() for _ in range(3)]
    refused = ann.rest("POST", "/rooms", {"name": "one more", "kind": "public"})
    assert (refused.status, refused.code) == (429, "quota_exceeded")
    assert "3 rooms" in refused.body["detail"]
    ann.good("DELETE", f"/rooms/{rooms[0]}/members/me")
    assert ann.rest("POST", "/rooms", {"name": "one more", "kind": "public"}).code == "quota_exceeded"
    assert metric(bounded, 'crosstalk_quota_exceeded_total{quota="rooms"}') >= 2


def test_a_member_has_so_many_open_invites_to_a_room_and_others_have_their_own(bounded: Server, meet: Meet) -> None:
    ann, bob = meet(bounded, "Ann", live=False), meet(bounded, "Bob", live=False)
    room_id = ann.open_room()
    bob.join(room_id)
    answers = [ann.rest("POST", f"/rooms/{room_id}/invites", {}) for _ in range(3)]
    assert [one.code for one in answers] == [None, None, "quota_exceeded"]
    assert bob.rest("POST", f"/rooms/{room_id}/invites", {}).status == 201
    assert ann.rest("POST", f"/rooms/{ann.open_room()}/invites", {}).status == 201


def test_the_server_writes_so_many_texts_for_a_person_and_so_many_in_all(bounded: Server, meet: Meet) -> None:
    people = [meet(bounded, name, live=False) for name in ("Ann", "Bob", "Cleo")]
    room_id = people[0].open_room()
    for person in people[1:]:
        person.join(room_id)
    opened: list[tuple[Person, str]] = []
    codes = []
    for person in people:
        for _ in range(3):
            answer = open_source(person, room_id)
            codes.append(answer.code)
            if answer.status == 201:
                opened.append((person, answer.body["stream_id"]))
            else:
                assert answer.body["retry_after"] > 0
    assert codes == [None, None, "rate_limited"] * 2 + [None, "rate_limited", "rate_limited"], "two each, five in all"
    person, stream_id = opened[0]
    person.good("POST", f"/streams/{stream_id}/stop", {})
    assert open_source(people[2], room_id).status == 201
    for person in people:
        person.good("DELETE", f"/rooms/{room_id}/members/me")


def test_a_client_writes_so_many_streams_at_once(bounded: Server, meet: Meet) -> None:
    ann = meet(bounded, "Ann", live=False)
    room_id = ann.open_room()
    streams = [ann.open_stream(room_id) for _ in range(3)]
    body = {"client_id": fresh("s"), "content_type": "text/plain"}
    assert ann.rest("POST", f"/rooms/{room_id}/streams", body).code == "rate_limited"
    ann.good("POST", f"/streams/{streams[0]['stream_id']}/finish", {"lease": 1})
    assert ann.rest("POST", f"/rooms/{room_id}/streams", body).status == 201


def test_a_text_that_would_take_more_than_an_hour_is_refused(ann: Person, room_id: str) -> None:
    refused = open_source(ann, room_id, text="x" * 721, pace_ms=5_000)
    assert refused.code == "too_large"
    assert set(refused.fields) == {"source.pace_ms"}
    accepted = open_source(ann, room_id, text="x" * 720, pace_ms=5_000)
    ann.good("POST", f"/streams/{accepted.body['stream_id']}/stop", {})


def test_a_text_stops_when_its_author_leaves_the_room_and_others_go_on(ann: Person, bob: Person, room_id: str) -> None:
    mine = bob.open_stream(room_id, source=source())["stream_id"]
    others = ann.open_stream(room_id, source=source())["stream_id"]
    bob.good("DELETE", f"/rooms/{room_id}/members/me")
    ended = ann.wait_for("stream:ended", lambda one: one["message"]["id"] == mine)["message"]["stream"]
    assert (ended["state"], ended["reason"]) == ("stopped", "The author left the room.")
    assert ann.view(others)["state"] == "open"
    receipt = ann.good("POST", f"/streams/{others}/stop", {})
    assert receipt["state"] == "stopped"


def test_a_text_stops_with_the_session_that_asked_for_it(server: Server, ann: Person, room_id: str, meet: Meet) -> None:
    account = {"name": f"Two devices {time.time_ns()}", "password": "correct horse"}
    phone = Person(server, ask(server.port, "POST", "/api/accounts", account).body)
    laptop = Person(server, ask(server.port, "POST", "/api/sessions", account).body)
    phone.join(room_id)
    of_phone, of_laptop = (one.open_stream(room_id, source=source())["stream_id"] for one in (phone, laptop))
    phone.good("DELETE", "/sessions/current")
    ended = ann.wait_for("stream:ended", lambda one: one["message"]["id"] == of_phone)["message"]["stream"]
    assert (ended["state"], ended["reason"]) == ("stopped", "The author's session ended.")
    assert ann.view(of_laptop)["state"] == "open"
    laptop.good("DELETE", "/sessions/current")
    ann.wait_for("stream:ended", lambda one: one["message"]["id"] == of_laptop)


def test_a_restart_goes_on_within_the_bounds_and_ends_the_rest_with_a_reason(serve: Serve) -> None:
    server = serve(rate_limits="off")
    ann, bob = Person.guest(server, "Ann"), Person.guest(server, "Bob")
    room_id = ann.open_room()
    bob.join(room_id)
    mine = [ann.open_stream(room_id, source=source())["stream_id"] for _ in range(6)]
    left = bob.open_stream(room_id, source=source())["stream_id"]
    server.kill()
    subprocess.run(
        ["python3", "-c", "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nc.execute(sys.argv[2])\nc.commit()",
         str(server.database), f"UPDATE memberships SET present = 0 WHERE user_id = '{bob.id}'"], check=True,
    )  # fmt: skip
    server._settings["rate_limits"] = "on"
    server.start()
    states = [ann.view(stream_id)["state"] for stream_id in mine]
    assert states == ["open"] * 4 + ["interrupted"] * 2
    assert ann.view(left)["state"] == "stopped"


def test_an_answer_counts_as_a_stream_that_the_server_writes(serve: Serve, meet: Meet) -> None:
    with ModelServer().serving() as model:

        def wait(reply: Reply) -> None:
            reply.begin()
            reply.text("Hm")
            reply.hung_up.wait(30)

        model.script = wait
        server = serve(rate_limits="on", written_streams="1", ai_url=model.url, ai_model="small", ai_name="Ada")
        ann = meet(server, "Ann")
        room_id = ann.open_room()
        ann.command("message:send", room_id=room_id, client_id=fresh(), text="/ask one")
        first = ann.wait_for("stream:opened", room_id=room_id)["message"]["id"]
        refused = ann.refused("message:send", room_id=room_id, client_id=fresh(), text="/ask another")
        assert refused["code"] == "rate_limited"
        assert ann.command("message:send", room_id=room_id, client_id=fresh(), text="no question")
        assert [one["text"] for one in ann.history(room_id) if one["kind"] == "text"] == ["/ask one", "no question"]
        ann.command("room:leave", room_id=room_id)
        until("the answer ends with the membership", lambda: stream_state(server, first) == "stopped")


def stream_state(server: Server, stream_id: str) -> str:
    [(state,)] = server.query("SELECT state FROM streams WHERE id = ?", stream_id)
    return str(state)


def test_the_bytes_of_a_day_are_refused_beyond_the_quota_and_counted_over_a_restart(serve: Serve) -> None:
    server = serve(rate_limits="on", guest_daily_bytes="65536", daily_bytes="65536")
    ann = Person.guest(server, "Ann")
    room_id = ann.open_room()
    sent = []
    while (answer := send(ann, room_id, "x" * 8_000)).status == 201:
        sent.append(answer.body["id"])
    assert (answer.status, answer.code) == (429, "quota_exceeded")
    assert 0 < answer.body["retry_after"] <= 86_400
    assert len(sent) == (65_536 - 4 * 256) // (8_000 + 256)
    stream = ann.open_stream(room_id)
    append = {"lease": 1, "offset": 0, "text": "y" * 65_536}
    assert ann.rest("POST", f"/streams/{stream['stream_id']}/chunks", append).code == "quota_exceeded"
    edit = ann.rest("PATCH", f"/rooms/{room_id}/messages/{sent[0]}", {"text": "z" * 8_000})
    assert edit.code == "quota_exceeded"
    assert open_source(ann, room_id, text="x" * 8_000, pace_ms=5).code == "quota_exceeded"
    assert send(ann, room_id, "x").status == 201, "what still fits is stored"
    assert len([one for one in ann.history(room_id) if one["kind"] == "text"]) == len(sent) + 1, "the refused is not stored"
    assert send(Person.guest(server, "Bob"), room_id, "x").code == "forbidden"
    server.stop()
    server.start()
    assert send(ann, room_id, "x" * 8_000).code == "quota_exceeded"
    bob = Person.guest(server, "Bob")
    bob.join(room_id)
    assert send(bob, room_id, "x" * 8_000).status == 201


def send(person: Person, room_id: str, text: str) -> Any:
    return person.rest("POST", f"/rooms/{room_id}/messages", {"client_id": fresh(), "text": text})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A tmpfs of 64 MiB, or None where it cannot be mounted."""
    where = tmp_path / "disk"
    where.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(where)]
    mounted = shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0
    yield where if mounted else None
    if mounted:
        subprocess.run(["umount", "--lazy", str(where)], check=True)


def test_below_the_reserve_of_free_disk_small_messages_pass_and_nothing_large(serve: Serve, small_disk: Path | None) -> None:
    if small_disk is None:
        pytest.xfail("only root may mount a small disk; tests/core/test_stored_bytes.py has the same without one")
    server = serve(database_url=f"sqlite:///{small_disk}/crosstalk.db")
    ann = Person.guest(server, "Ann")
    room_id = ann.open_room()
    stream = ann.open_stream(room_id)
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * (shutil.disk_usage(small_disk).free - 2 * 1_048_576))
    until("the server has noticed", lambda: metric(server, "crosstalk_disk_low") == 1.0, 20)
    assert send(ann, room_id, "small").status == 201
    refused = [
        send(ann, room_id, "x" * 8_000),
        ann.rest("POST", "/rooms", {"name": "room", "kind": "public"}),
        ann.rest("POST", f"/rooms/{room_id}/streams", {"client_id": "s", "content_type": "text/plain"}),
        ann.rest("POST", f"/streams/{stream['stream_id']}/chunks", {"lease": 1, "offset": 0, "text": "x" * 9_000}),
        ask(server.port, "POST", "/api/guests", {"name": "Bob"}),
        ask(server.port, "POST", "/api/accounts", {"name": "Bob", "password": "correct horse"}),
    ]
    assert [(one.status, one.code) for one in refused] == [(503, "unavailable")] * len(refused)
    assert all(one.body["retry_after"] > 0 for one in refused)
    assert ask(server.port, "GET", "/readyz").status == 200
    filler.unlink()
    until("the server has noticed", lambda: metric(server, "crosstalk_disk_low") == 0.0, 20)
    assert send(ann, room_id, "x" * 8_000).status == 201


def test_waiting_passwords_leave_threads_for_others_and_the_rest_is_refused_at_once(serve: Serve) -> None:
    server = serve()
    ann = Person.guest(server, "Ann")
    name = {"name": "Somebody", "password": "correct horse"}
    assert ask(server.port, "POST", "/api/accounts", name).status == 201
    with ThreadPoolExecutor(24) as hands:
        waiting = [hands.submit(ask, server.port, "POST", "/api/sessions", name) for _ in range(120)]
        served = 0
        while not all(one.done() for one in waiting):
            assert ann.rest("GET", "/me").status == 200
            served += 1
        answers = [one.result() for one in waiting]
    assert served > 0
    assert {one.status for one in answers} == {201, 503}, "some are signed in, and some refused"
    refused = [one for one in answers if one.status == 503]
    assert all(one.code == "unavailable" and one.body["retry_after"] > 0 for one in refused)
    assert ask(server.port, "POST", "/api/sessions", name).status == 201
