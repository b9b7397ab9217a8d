"""axe finds nothing: on no screen, in no colours, at no size, in no language."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from inspection import Inspection
from people import People
from person import NARROW, WIDE, Looks, Person
from stack import Stack

SCREENS = [
    pytest.param(Looks(size=size, language=language, still=True), id=f"{size[0]}-{language}")
    for size in (WIDE, NARROW)
    for language in ("en", "zh")
]

LIVE = "A text that is being written, slowly enough to be looked at. 正在慢慢写出的文字。" * 20


@pytest.fixture
def pictures(pytestconfig: pytest.Config, results: Path) -> Path | None:
    return results / "screens" if pytestconfig.getoption("--screens") else None


@pytest.mark.parametrize("looks", SCREENS)
def test_the_entrance(people: People, looks: Looks, pictures: Path | None) -> None:
    person = people.arrive("Ann", looks)
    inspection = Inspection(person, pictures)
    person.visit()
    person.entrance.is_shown()
    inspection.look("entrance-guest")
    person.entrance.enter.click()
    expect(person.entrance.name).to_have_attribute("aria-invalid", "true")
    inspection.look("entrance-refused")
    person.entrance.choose("sign-in")
    inspection.look("entrance-sign-in")
    person.entrance.choose("sign-up")
    inspection.look("entrance-sign-up")
    inspection.found_nothing()


@pytest.mark.parametrize("looks", SCREENS)
def test_the_screen_that_says_why_the_api_cannot_be_used(
    people: People, looks: Looks, pictures: Path | None, stack: Stack
) -> None:
    person = people.arrive("Ann", looks)
    person.witness.allowed_origins.append(stack.third_origin)
    person.loses_api()
    inspection = Inspection(person, pictures)
    person.visit(stack.third_origin)
    expect(person.unreachable.alert).to_be_visible()
    inspection.look("refused")
    person.page.route(f"{stack.api}/**", lambda route: route.abort())
    person.visit()
    expect(person.unreachable.alert).to_be_visible()
    inspection.look("unreachable")
    inspection.found_nothing()


@pytest.mark.parametrize("looks", SCREENS)
def test_the_rooms(people: People, looks: Looks, pictures: Path | None, unique: Callable[[str], str]) -> None:
    person = people.enter("Ann", looks)
    inspection = Inspection(person, pictures)
    expect(person.rooms.public_link("lobby")).to_be_visible()
    inspection.look("rooms-newcomer")
    person.rooms.new_room.click()
    person.rooms.creation.is_open()
    inspection.look("dialog-new-room")
    person.rooms.creation.close()
    person.status.is_over("websocket")
    person.status.open()
    inspection.look("status")
    person.status.close()
    person.account.open()
    inspection.look("account")
    inspection.found_nothing()


@pytest.mark.parametrize("looks", SCREENS)
def test_a_room_in_every_state(people: People, looks: Looks, pictures: Path | None, unique: Callable[[str], str]) -> None:
    person = people.enter("Ann", looks)
    bob = people.enter("Bob")
    inspection = Inspection(person, pictures)
    name = unique("Garden")
    person.rooms.create(name)
    inspection.look("room-empty")
    bob.reload()
    bob.rooms.join(name)
    fill(person, bob)
    inspection.look("room")
    for opened, screen in dialogs(person):
        opened()
        inspection.look(screen)
        person.page.keyboard.press("Escape")
        expect(person.page.get_by_role("dialog").filter(visible=True)).to_have_count(0)
    person.go_offline()
    person.status.is_offline()
    person.room.write("waiting")
    expect(person.room.pending).to_have_count(1)
    inspection.look("room-offline")
    inspection.found_nothing()


def fill(person: Person, bob: Person) -> None:
    """Leaves a room with everything in it that a room can have."""
    person.room.say("a first word")
    person.room.say("a word to change")
    person.room.edit("a word to change", "a word that was changed")
    person.room.say("a word to take back")
    person.room.delete("a word to take back")
    bob.room.say("an answer with a link: https://example.com/a")
    person.room.start_live_text(LIVE, 60).has_at_least(3)
    person.room.stream().stop.click()
    person.room.stream().is_over("stopped")
    bob.room.start_live_text(LIVE, 50).has_at_least(3)
    bob.room.field.press_sequentially("wri")
    expect(person.room.typing).to_contain_text("Bob")
    person.room.stream().has_at_least(3)


def dialogs(person: Person) -> list[tuple[Callable[[], object], str]]:
    every: list[tuple[Callable[[], object], str]] = [
        (person.room.invite.click, "dialog-invite"),
        (person.room.live_text.click, "dialog-live-text"),
        (person.room.leave.click, "dialog-leave"),
        (lambda: person.room.ask_to_delete("a first word"), "dialog-delete"),
    ]
    if person.looks.size == NARROW:
        every += [(person.room.show_people.click, "dialog-people"), (person.status.open, "status-in-room")]
    return every
