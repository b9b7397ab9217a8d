"""Coming in with an account, and going."""

from collections.abc import Callable

from playwright.sync_api import expect

from people import People
from person import Person

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
    expect(dora.entrance.password).to_have_accessible_description("This name and password do not go together.")
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
    expect(other.entrance.name).to_have_accessible_description("Please fill this in.")
    other.entrance.with_account("sign-up", name, "short")
    expect(other.entrance.password).to_have_accessible_description("At least 8 characters.")
    expect(other.entrance.password).to_have_attribute("aria-invalid", "true")
    other.entrance.with_account("sign-up", name, PASSWORD)
    expect(other.entrance.name).to_have_accessible_description(
        "This name has an account already. Sign in, or choose another one."
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
    question = ann.page.get_by_role("dialog", name="Leave as a guest?")
    expect(question).to_contain_text("cannot be taken up again")
    question.get_by_role("button", name="Cancel").click()
    ann.status.is_connected()
    ann.account.sign_out()
    question.get_by_role("button", name="Sign out").click()
    ann.entrance.is_shown()
    ann.reload()
    ann.entrance.is_shown()


def test_a_guest_is_the_same_person_after_a_reload(ann: Person) -> None:
    ann.reload()
    expect(ann.account.button).to_have_accessible_name("Account: Ann")
