"""Rate limits: refused with the time to wait, by REST and by event, each person for themselves."""

import pytest

from conftest import Meet, Serve
from people import Person, fresh
from rest import ask
from server import Server


@pytest.fixture(scope="module")
def limited(serve_module: Serve) -> Server:
    return serve_module(rate_limits="on")


def test_limits_are_told_when_the_session_is_ready(limited: Server, meet: Meet, ann: Person) -> None:
    rates = meet(limited, "Ann").wait_for("session:ready")["limits"]["rate"]
    assert rates["message:send"] == "100 per 10 seconds"
    assert all(" per " in rate for rate in rates.values())
    assert ann.wait_for("session:ready")["limits"]["rate"] is None, "rate limits are off on the shared server"


def test_a_command_too_many_is_refused_with_the_seconds_to_wait_and_the_connection_stays(limited: Server, meet: Meet) -> None:
    ann, bob = meet(limited, "Ann"), meet(limited, "Bob")
    room_id = ann.open_room()
    bob.join(room_id)
    refusals = []
    for number in range(130):
        answer = ann.line.ack("message:send", {"room_id": room_id, "client_id": f"n{number}", "text": "x"})
        if not answer["ok"]:
            refusals.append(answer["error"])
    assert refusals
    assert all(one["code"] == "rate_limited" for one in refusals)
    assert all(0 < one["retry_after"] <= 10 for one in refusals)
    by_rest = ann.rest("POST", f"/rooms/{room_id}/messages", {"client_id": "rest", "text": "x"})
    assert by_rest.status == 429, "one count for both"
    assert by_rest.code == "rate_limited"
    assert 1 <= int(by_rest.headers["retry-after"]) <= 10
    assert by_rest.body["retry_after"] > 0
    assert ann.command("session:resume", epoch="e", rooms={}) == {"rooms": {}}
    assert bob.command("message:send", room_id=room_id, client_id=fresh(), text="x"), "others are not held back"
    assert len(bob.history(room_id)) == 130 - len(refusals) + 1


def test_guessing_passwords_is_slowed_down(limited: Server) -> None:
    body = {"name": "nobody", "password": "a wrong guess"}
    answers = [ask(limited.port, "POST", "/api/sessions", body) for _ in range(40)]
    codes = [one.code for one in answers]
    assert codes[0] == "unauthenticated"
    assert "rate_limited" in codes
    refused = answers[codes.index("rate_limited")]
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert "unauthenticated" not in codes[codes.index("rate_limited") :]


def test_the_refused_is_not_done(limited: Server, meet: Meet) -> None:
    cleo = meet(limited, "Cleo", live=False)
    answers = [cleo.rest("POST", "/rooms", {"name": str(number), "kind": "private"}) for number in range(70)]
    made = [one for one in answers if one.status == 201]
    assert 0 < len(made) < 70
    assert len(cleo.get("/rooms")["rooms"]) == len(made)
