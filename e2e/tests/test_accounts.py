"""Coming in with an account, and going."""

import json
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Route, expect

from people import People
from person import Looks, Person

PASSWORD = "correct horse 电池"


def signed_up(people: People, name: str) -> Person:
    person = people.arrive(name)
    person.visit()
    person.entrance.with_account("sign-up", name, PASSWORD)
    person.status.is_connected()
    return person


def test_one_signs_up_signs_out_and_signs_in_again_to_the_same_rooms(people: People, unique: Callable[[str], str]) -> None:
    name, room = unique("Dora"), unique("Study")
    dora = signed_up(people, name)
    dora.rooms.create(room)
    dora.room.say("remember me")
    dora.account.sign_out()
    dora.entrance.is_shown()

    dora.entrance.with_account("sign-in", name, PASSWORD)
    dora.status.is_connected()
    dora.rooms.open(room)
    dora.room.shows("remember me")
    dora.reload()
    dora.room.shows("remember me")


def test_a_wrong_password_is_told_at_the_password(people: People, unique: Callable[[str], str]) -> None:
    name = unique("Dora")
    dora = signed_up(people, name)
    dora.account.sign_out()
    dora.expects_complaints("401")
    dora.entrance.with_account("sign-in", name, "wrong horse")
    expect(dora.entrance.password).to_have_accessible_description("Wrong name or password.")
    expect(dora.entrance.password).to_be_focused()
    dora.entrance.with_account("sign-in", name, PASSWORD)
    dora.status.is_connected()


def test_a_taken_name_a_short_password_and_no_name_are_told_at_their_fields(
    people: People, unique: Callable[[str], str]
) -> None:
    name = unique("Dora")
    signed_up(people, name)
    other = people.arrive("Other")
    other.expects_complaints("409")
    other.visit()
    other.entrance.with_account("sign-up", "", PASSWORD)
    expect(other.entrance.name).to_have_accessible_description("This field is required.")
    other.entrance.with_account("sign-up", name, "short")
    expect(other.entrance.password).to_have_accessible_description("Use at least 8 characters.")
    expect(other.entrance.password).to_have_attribute("aria-invalid", "true")
    other.entrance.with_account("sign-up", name, PASSWORD)
    expect(other.entrance.name).to_have_accessible_description(
        "There’s already an account with this name. Sign in or choose another name."
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "This password is easy to guess. Choose a longer phrase that doesn’t contain your name."),
        ("zh", "密码太容易被猜到。请换一个更长且不含名字的密码。"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_told_at_its_field(
    people: People, unique: Callable[[str], str], language: Literal["en", "zh"], words: str
) -> None:
    name = unique("Dora")
    dora = people.arrive(name, Looks(language=language))
    dora.expects_complaints("400")
    dora.visit()
    for easy in ("password", "12345678", f"{name}1"):
        dora.entrance.with_account("sign-up", name, easy)
        expect(dora.entrance.password).to_have_accessible_description(words)
    dora.entrance.with_account("sign-up", name, PASSWORD)
    dora.status.is_connected()


def test_an_account_that_waits_after_failed_attempts_is_told_for_how_long(people: People) -> None:
    dora = people.arrive("Dora")
    dora.expects_complaints("429")
    dora.page.route("**/api/sessions", _limited)
    dora.visit()
    dora.entrance.with_account("sign-in", "Dora", PASSWORD)
    told = dora.page.get_by_role("alert")
    expect(told).to_have_text("Too many failed attempts to sign in. Try again in 16 seconds.")


def _limited(route: Route) -> None:
    """What the API answers while an account waits; the API of the tests has no rate limits."""
    refusal = {"type": "/docs/errors#rate_limited", "title": "Too many of these", "status": 429, "code": "rate_limited"}
    allowed = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
    route.fulfill(
        status=429 if route.request.method == "POST" else 204,
        headers=allowed,
        content_type="application/problem+json",
        body=json.dumps({**refusal, "retry_after": 15.2}),
    )


def test_signing_out_in_one_tab_signs_the_other_out_as_well(people: People, unique: Callable[[str], str]) -> None:
    dora = signed_up(people, unique("Dora"))
    other = dora.new_tab()
    other.visit()
    other.status.is_connected()
    dora.account.sign_out()
    dora.entrance.is_shown()
    other.entrance.is_shown()
    other.reload()
    other.entrance.is_shown()


def test_a_guest_is_warned_before_the_name_is_lost(ann: Person) -> None:
    ann.account.sign_out()
    question = ann.page.get_by_role("dialog", name="Sign out as guest?")
    expect(question).to_contain_text("can’t sign in as this guest again")
    question.get_by_role("button", name="Cancel").click()
    ann.status.is_connected()
    ann.account.sign_out()
    question.get_by_role("button", name="Sign out").click()
    ann.entrance.is_shown()
    ann.reload()
    ann.entrance.is_shown()


def test_a_guest_is_the_same_person_after_a_reload(ann: Person) -> None:
    ann.reload()
    expect(ann.account.button).to_have_accessible_name("Account: Ann guest")
