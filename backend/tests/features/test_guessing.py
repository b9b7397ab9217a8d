"""Guessing passwords: slowed down for an account from everywhere, and never a way to keep its owner or the neighbours out."""

import itertools

import pytest

from conftest import Serve
from people import fresh
from rest import Answer, ask
from server import Server

RIGHT = "a phrase of my own"
WRONG = "a wrong guess"
FREE = 5
"""Failures of one account before the first wait."""


@pytest.fixture(scope="module")
def limited(serve_module: Serve) -> Server:
    """Behind a proxy, so that the tests can ask from many addresses."""
    return serve_module(rate_limits="on", trusted_proxies="1")


_hosts = itertools.count(1)


def another_address() -> str:
    """One that nothing else in these tests uses."""
    number = next(_hosts)
    return f"10.0.{number // 250}.{number % 250 + 1}"


def sign_in(server: Server, address: str, name: str, password: str, device_token: str | None = None) -> Answer:
    body = {"name": name, "password": password} | ({} if device_token is None else {"device_token": device_token})
    return ask(server.port, "POST", "/api/sessions", body, headers=[("X-Forwarded-For", address)])


def sign_up(server: Server) -> tuple[str, str]:
    """The name and the device token of a new account."""
    body = {"name": fresh("dora"), "password": RIGHT}
    made = ask(server.port, "POST", "/api/accounts", body, headers=[("X-Forwarded-For", another_address())])
    assert made.status == 201, made.raw
    return body["name"], made.body["device_token"]


@pytest.mark.parametrize("known", [True, False], ids=["an account", "an unknown name"])
def test_guesses_for_one_name_from_sixty_addresses_are_limited(limited: Server, known: bool) -> None:
    name = sign_up(limited)[0] if known else fresh("nobody")
    answers = [sign_in(limited, another_address(), name, WRONG) for _ in range(60)]
    refused = [one for one in answers if one.code == "rate_limited"]
    assert [one.code for one in answers[:FREE]] == ["unauthenticated"] * FREE
    # A slow machine may let waits of 1, 2, 4 … seconds pass between two guesses.
    assert len(refused) >= len(answers) - FREE - 5
    assert {one.code for one in answers} == {"unauthenticated", "rate_limited"}
    for one in refused:
        assert one.status == 429
        assert one.body["detail"] == "Too many failed attempts to sign in. Wait before you try again."
        assert one.body["retry_after"] > 0
        assert int(one.headers["retry-after"]) >= 1


def test_the_owner_signs_in_from_a_known_device_while_others_guess(limited: Server) -> None:
    name, device = sign_up(limited)
    while sign_in(limited, another_address(), name, WRONG).code != "rate_limited":
        pass
    signed_in = sign_in(limited, another_address(), name, RIGHT, device)
    assert signed_in.status == 201, signed_in.raw
    assert sign_in(limited, another_address(), name, RIGHT, signed_in.body["device_token"]).status == 201


@pytest.mark.timeout(180)
def test_failures_of_others_do_not_lock_their_neighbours_out(limited: Server) -> None:
    name, _ = sign_up(limited)
    address = another_address()
    for _ in range(31):
        assert sign_in(limited, address, fresh("nobody"), WRONG).code == "unauthenticated"
    for _ in range(FREE + 1):
        assert sign_in(limited, address, name, RIGHT).status == 201, "successes do not count"


def test_a_device_token_goes_to_accounts_and_not_to_guests(limited: Server) -> None:
    guest = ask(limited.port, "POST", "/api/guests", {"name": "Ann"})
    assert "device_token" not in guest.body
    _, device = sign_up(limited)
    assert len(device) >= 40


def test_a_device_token_of_another_type_or_length_is_invalid(limited: Server) -> None:
    for token in (5, "", "x" * 201, ["x"]):
        body = {"name": "dora", "password": WRONG, "device_token": token}
        answer = ask(limited.port, "POST", "/api/sessions", body)
        assert answer.code == "invalid"
        assert "device_token" in answer.fields
