"""Security events in the log of a real server: which there are, what stands in them, and what never does."""

import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
import socketio

from conftest import Meet, Serve
from people import Person, fresh
from rest import ask
from server import Server

PASSWORD = "a phrase of my own"
DEPLOY = Path(__file__).resolve().parents[3] / "docs/deploy.md"
FIELDS = {"event", "level", "timestamp", "kind", "outcome", "user_id", "address", "operation", "suppressed"}


def events(server: Server) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in server.log().splitlines()]
    return [line for line in lines if line.get("kind") == "security"]


def counts(server: Server) -> dict[tuple[str, str], int]:
    """(event, outcome) → how often, from /metrics."""
    metrics = ask(server.port, "GET", "/metrics").raw.decode()
    found = re.findall(r'^crosstalk_security_events_total\{event="(\w+)",outcome="(\w+)"\} ([\d.e+]+)$', metrics, re.MULTILINE)
    return {(event, outcome): int(float(number)) for event, outcome, number in found}


def refused_connect(server: Server, token: str) -> None:
    client = socketio.Client(reconnection=False, handle_sigint=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(server.url, namespaces=["/chat"], transports=["websocket"], auth={"token": token}, wait_timeout=10)
    client.disconnect()


def test_what_happens_to_accounts_sessions_tokens_and_invites_is_logged_and_counted(serve: Serve, meet: Meet) -> None:
    server = serve(rate_limits="on")
    name = fresh("dora")
    account = {"name": name, "password": PASSWORD}
    made = ask(server.port, "POST", "/api/accounts", account).body
    signed_in = ask(server.port, "POST", "/api/sessions", account).body
    wrong, unknown = "a wrong guess at it", fresh("nobody")
    ask(server.port, "POST", "/api/sessions", account | {"password": wrong})
    ask(server.port, "POST", "/api/sessions", {"name": unknown, "password": wrong})
    for _ in range(20):
        ask(server.port, "POST", "/api/sessions", {"name": unknown, "password": wrong})

    second = ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": made["refresh_token"]}).body
    third = ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": second["refresh_token"]}).body
    session_id = made["refresh_token"].partition(".")[0]
    ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": f"{session_id}.garbage"})
    ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": made["refresh_token"]})
    dora = Person(server, signed_in)
    dora.good("DELETE", "/sessions/current")
    ask(server.port, "GET", "/api/me", token=dora.token)

    ann, bob = meet(server, "Ann"), meet(server, "Bob")
    forged = jwt.encode({"iss": "crosstalk", "sub": ann.id, "sid": "x", "exp": int(time.time()) + 60}, "k" * 32, "HS256")
    ask(server.port, "GET", "/api/me", token=forged)
    refused_connect(server, forged)
    ann.refused("session:renew", token=forged)
    room_id = ann.open_room(kind="private")
    invite = ann.good("POST", f"/rooms/{room_id}/invites", {})["invite"]
    assert bob.refused("room:join", room_id=room_id, invite="not the invite")["code"] == "not_found"
    bob.join(room_id, invite=invite)

    found, counted = events(server), counts(server)
    server.stop()
    kinds = Counter((one["event"], one["outcome"]) for one in found)
    limited = kinds.pop(("sign_in", "limited"))
    assert 1 <= limited == counted.pop(("sign_in", "limited"))
    assert kinds.pop(("sign_in", "refused")) == 2 + 20 - limited
    assert counted.pop(("sign_in", "refused")) == 2 + 20 - limited
    assert kinds == {
        ("sign_up", "ok"): 1,
        ("sign_in", "ok"): 1,
        ("sign_out", "ok"): 1,
        ("guest", "ok"): 2,
        ("refresh", "refused"): 1,
        ("refresh", "reused"): 1,
        ("token", "refused"): 3,
        ("invite", "made"): 1,
        ("invite", "refused"): 1,
        ("invite", "ok"): 1,
    }
    assert counted == {**kinds, ("refresh", "ok"): 2, ("token", "ended"): 1}

    by_kind = {(one["event"], one["outcome"]): one for one in found}
    dora_id, loopback = made["user"]["id"], "127.0.0.1"
    for kind in (("sign_up", "ok"), ("sign_in", "ok"), ("sign_out", "ok"), ("refresh", "reused"), ("refresh", "refused")):
        assert (by_kind[kind]["user_id"], by_kind[kind]["address"]) == (dora_id, loopback), kind
    assert by_kind["invite", "ok"]["user_id"] == bob.id
    assert "user_id" not in by_kind["sign_in", "limited"], "the name does not exist"
    assert all(one.keys() <= FIELDS for one in found)
    secrets = [name, unknown, PASSWORD, wrong, session_id, invite, forged, "not the invite", ann.token, bob.refresh_token]
    secrets += [one[kind] for one in (made, second, third) for kind in ("access_token", "refresh_token", "device_token")]
    for secret in secrets:
        assert secret not in server.log()


def test_the_filter_in_the_documentation_finds_the_networks_that_guess(serve: Serve) -> None:
    """fail2ban's `<SUBNET>` is an address with or without a prefix length."""
    [written] = re.findall(r"^failregex = (.+)$", DEPLOY.read_text(), re.MULTILINE)
    pattern = re.compile(written.replace("<SUBNET>", r"(?P<subnet>[0-9a-f.:]+(?:/\d+)?)"))
    server = serve(rate_limits="on", trusted_proxies="1")
    account = {"name": fresh("dora"), "password": PASSWORD}

    def post(path: str, body: dict[str, str], address: str) -> None:
        ask(server.port, "POST", path, body, headers=[("X-Forwarded-For", address)])

    post("/api/accounts", account, "203.0.113.1")
    post("/api/sessions", account, "203.0.113.2")
    post("/api/sessions", account | {"password": "a wrong guess"}, "203.0.113.3")
    post("/api/sessions", account | {"name": fresh("nobody")}, "2001:db8:1:2:3::4")
    ask(server.port, "GET", "/api/me", token="forged", headers=[("X-Forwarded-For", "203.0.113.4")])
    server.stop()
    found = [pattern.search(line) for line in server.log().splitlines()]
    assert [one["subnet"] for one in found if one] == ["203.0.113.3", "2001:db8:1:2::/64", "203.0.113.4"]


def test_an_expired_token_is_no_security_event(serve: Serve) -> None:
    server = serve()
    ann = Person.guest(server, "Ann")
    key = server.signing_key
    claims = jwt.decode(ann.token, options={"verify_signature": False})
    expired = jwt.encode({**claims, "exp": 1}, key, algorithm="HS256")
    assert ask(server.port, "GET", "/api/me", token=expired).code == "token_expired"
    assert "token" not in {one["event"] for one in events(server)}


def test_a_flood_of_guesses_has_a_bounded_number_of_lines_that_account_for_every_guess(serve: Serve) -> None:
    server = serve(rate_limits="on", trusted_proxies="1")
    body = {"name": fresh("nobody"), "password": "a wrong guess"}

    def guess(number: int) -> str | None:
        address = f"10.1.{number // 250}.{number % 250 + 1}"
        return ask(server.port, "POST", "/api/sessions", body, headers=[("X-Forwarded-For", address)]).code

    with ThreadPoolExecutor(4) as pool:
        answers = Counter(pool.map(guess, range(500)))
    limited = answers["rate_limited"]
    assert limited > 400
    assert counts(server)["sign_in", "limited"] == limited
    server.stop()
    lines = [one for one in events(server) if one["outcome"] == "limited"]
    told = sum(one.get("suppressed", 0) for one in lines) + len([one for one in lines if "address" in one])
    assert told == limited
    # Thirty a minute: the guesses may take some minutes on a slow machine.
    assert len(lines) < limited / 4
