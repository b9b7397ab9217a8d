"""Tokens: expiry, forgery, renewal, and the end of a session on every socket it has."""

import base64
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import socketio

from conftest import Meet
from people import Line, Person
from raw import RawPolling
from rest import Answer, ask
from server import Server


def refresh(server: Server, token: str) -> Answer:
    return ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": token})


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def minted(server: Server, person: Person, **claims: Any) -> str:
    """A token as the server itself would sign it, with some claims different."""
    return jwt.encode({**claims_of(person.token), **claims}, server.signing_key, algorithm="HS256")


def test_a_refresh_token_is_no_access_token_and_the_other_way_round(server: Server, cleo: Person) -> None:
    assert ask(server.port, "GET", "/api/me", token=cleo.refresh_token).code == "unauthenticated"
    answer = refresh(server, cleo.token)
    assert answer.code in ("unauthenticated", "invalid", "too_large")


# ── sign out ──


def test_signing_out_ends_every_socket_of_the_session(server: Server, ann: Person) -> None:
    second = ann.connect(["polling"])
    assert ann.rest("DELETE", "/sessions/current").status == 204
    for line in (ann.line, second):
        ended = line.wait_for("session:ended", seconds=3)
        assert ended["reason"] == "signed_out"
        assert ended["reconnect"] is False
        assert ended["message"]
        assert line.gone.wait(3)
    assert ann.rest("GET", "/me").code == "unauthenticated"
    assert refresh(server, ann.refresh_token).code == "unauthenticated"


def test_who_was_ended_between_two_polls_is_told_by_the_next_one(server: Server, cleo: Person) -> None:
    raw = RawPolling(server).enter(cleo.token)
    raw.until('42/chat,["session:ready"')
    cleo.good("DELETE", "/sessions/current")
    assert '"signed_out"' in raw.until('42/chat,["session:ended"')
    assert raw.packets() == ["1"], "in an answer of its own: the JavaScript client forgets what came together with the end"
    assert raw.poll().status == 400


def test_signing_out_on_one_device_leaves_the_other_signed_in(server: Server, meet: Meet) -> None:
    name = f"kim{time.time_ns()}"
    here = Person(server, ask(server.port, "POST", "/api/accounts", {"name": name, "password": "long enough"}).body)
    there = Person(server, ask(server.port, "POST", "/api/sessions", {"name": name, "password": "long enough"}).body)
    there.connect()
    assert here.rest("DELETE", "/sessions/current").status == 204
    there.hear_everything()
    assert there.heard("session:ended") == []
    there.leave_the_building()


def test_no_socket_that_is_just_connecting_survives_the_sign_out(server: Server, meet: Meet) -> None:
    for _ in range(8):
        person = meet(server, "Quick", live=False)
        lines: list[Line] = []

        def connect(person: Person = person, lines: list[Line] = lines) -> None:
            try:
                lines.append(Line(server, person.token))
            except socketio.exceptions.ConnectionError:
                return

        threads = [threading.Thread(target=connect) for _ in range(3)]
        for one in threads:
            one.start()
        assert person.rest("DELETE", "/sessions/current").status == 204
        for one in threads:
            one.join()
        for line in lines:
            assert line.gone.wait(3), "a socket of a session that was signed out lives on"


# ── expiry and forgery ──


Forge = Callable[[Server, Person], Any]
FORGERIES: dict[str, Forge] = {
    "another key": lambda server, who: jwt.encode(claims_of(who.token), "another key of at least 32 bytes length", "HS256"),
    "no algorithm": lambda server, who: jwt.encode(claims_of(who.token), "", "none"),
    "another algorithm with the right key": lambda server, who: jwt.encode(claims_of(who.token), server.signing_key, "HS512"),
    "no signature": lambda server, who: who.token.rpartition(".")[0] + ".",
    "claims changed": lambda server, who: ".".join(
        [
            who.token.split(".")[0],
            base64.urlsafe_b64encode(json.dumps({**claims_of(who.token), "sub": "somebody"}).encode()).decode().rstrip("="),
            who.token.split(".")[2],
        ]
    ),
    "another issuer": lambda server, who: minted(server, who, iss="somebody"),
    "an unknown session": lambda server, who: minted(server, who, sid="nosuchsession"),
    "another person": lambda server, who: minted(server, who, sub="nobody"),
    "no expiry": lambda server, who: jwt.encode(
        {key: value for key, value in claims_of(who.token).items() if key != "exp"},
        server.signing_key,
        "HS256",
    ),
    "not a token": lambda server, who: "not a token",
    "empty": lambda server, who: "",
    "very long": lambda server, who: "x" * 5_000,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_is_refused_by_rest_and_by_the_socket(server: Server, cleo: Person, forgery: str) -> None:
    token = FORGERIES[forgery](server, cleo)
    assert ask(server.port, "GET", "/api/me", token=token).code == "unauthenticated"
    refusal = connect_error(server, {"token": token})
    assert refusal["message"] == "unauthenticated"
    assert refusal["data"]["code"] == "unauthenticated"
    assert refusal["data"]["message"]


def test_an_expired_token_is_told_apart_from_a_bad_one(server: Server, cleo: Person) -> None:
    token = minted(server, cleo, exp=int(time.time()) - 5)
    answer = ask(server.port, "GET", "/api/me", token=token)
    assert answer.status == 401
    assert answer.code == "token_expired"
    refusal = connect_error(server, {"token": token})
    assert refusal["message"] == refusal["data"]["code"] == "token_expired"


def connect_error(server: Server, auth: Any) -> dict[str, Any]:
    """What the socket is told when it may not connect, as the official client sees it."""
    seen: list[dict[str, Any]] = []
    client = socketio.Client(reconnection=False, handle_sigint=False)
    client.on("connect_error", seen.append, namespace="/chat")
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(server.url, namespaces=["/chat"], transports=["websocket"], auth=auth, wait_timeout=10)
    client.disconnect()
    [refusal] = [one for one in seen if isinstance(one, dict)]
    return refusal


@pytest.mark.parametrize(
    "auth",
    [
        {},
        {"token": None},
        {"token": 5},
        {"token": True},
        {"token": ["x"]},
        {"token": {"token": "x"}},
        {"Token": "x"},
        {"token": "\ud800"},
        {"token": "a\0b"},
        {"token": "é"},
    ],
    ids=repr,
)
def test_an_auth_of_any_shape_but_the_right_one_is_unauthenticated(server: Server, auth: Any) -> None:
    assert connect_error(server, auth)["message"] == "unauthenticated"


# ── renewal on an open socket ──


def test_a_connection_is_warned_before_its_token_expires_and_renewed_in_place(server: Server, cleo: Person) -> None:
    line = Line(server, minted(server, cleo, exp=int(time.time()) + 3))
    expiring = line.wait_for("session:expiring")
    assert 0 <= expiring["expires_in"] <= 3
    fresh = refresh(server, cleo.refresh_token).body
    renewed = line.command("session:renew", token=fresh["access_token"])
    assert 890 <= renewed["expires_in"] <= 900
    assert not line.gone.wait(4), "renewed connections outlive the token they came in with"
    assert line.command("room:create", name="still here", kind="public")
    line.close()


def test_a_connection_whose_token_expires_is_cut_and_told_to_come_back(server: Server, cleo: Person) -> None:
    line = Line(server, minted(server, cleo, exp=int(time.time()) + 2))
    ended = line.wait_for("session:ended", seconds=6)
    assert (ended["reason"], ended["reconnect"]) == ("token_expired", True)
    assert line.gone.wait(3)


def test_a_connection_cannot_be_renewed_with_anything_but_its_own_newer_token(server: Server, ann: Person, bob: Person) -> None:
    assert ann.refused("session:renew", token=bob.token)["code"] == "forbidden"
    assert ann.refused("session:renew", token="x")["code"] == "unauthenticated"
    assert ann.refused("session:renew", token=minted(server, ann, exp=1))["code"] == "token_expired"
    assert ann.refused("session:renew", token="")["code"] == "invalid"
    assert ann.refused("session:renew", token="\0")["code"] == "invalid"
    assert ann.command("session:renew", token=ann.token)["expires_in"] > 0


def test_a_token_may_come_only_as_a_bearer(server: Server, cleo: Person) -> None:
    for headers in (
        [("Authorization", cleo.token)],
        [("Authorization", f"Basic {cleo.token}")],
        [("Cookie", f"token={cleo.token}")],
    ):
        answer = ask(server.port, "GET", "/api/me", headers=headers)
        assert answer.code == "unauthenticated"
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert ask(server.port, "GET", f"/api/me?token={cleo.token}").status == 401
    assert "set-cookie" not in ask(server.port, "GET", "/api/me", token=cleo.token).headers
