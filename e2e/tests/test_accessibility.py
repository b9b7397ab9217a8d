"""axe finds nothing: on no screen, in no colours, at no size, in no language."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from inspection import Inspection
from people import People
from person import NARROW, WIDE, Looks, Person
from stack import Stack

LANGUAGES = [pytest.param(Looks(language=language, still=True), id=language) for language in ("en", "zh")]
SIZES = (WIDE, NARROW)
SMALLEST = (360, 640)
LONG_NAME = "Quarterly planning and budget review of the northern region, for everybody 2027"

LIVE = "A text that is being written, slowly enough to be looked at. 正在慢慢写出的文字。" * 20


@pytest.fixture
def pictures(pytestconfig: pytest.Config, results: Path) -> Path | None:
    return results / "screens" if pytestconfig.getoption("--screens") else None


@pytest.mark.parametrize("looks", LANGUAGES)
def test_the_entrance(people: People, looks: Looks, pictures: Path | None, stack: Stack) -> None:
    person = people.arrive("Ann", looks)
    inspection = Inspection(person, pictures)
    for size in SIZES:
        inspection.at(size)
        person.visit()
        person.entrance.is_shown()
        inspection.look("entrance-guest")
        person.entrance.enter.click()
        expect(person.entrance.name).to_have_attribute("aria-invalid", "true")
        inspection.look("entrance-refused")
        person.entrance.choose("sign-in")
        inspection.look("entrance-sign-in")
        person.entrance.choose("sign-up")
        person.entrance.show_password.click()
        expect(person.entrance.password).to_have_attribute("type", "text")
        inspection.look("entrance-sign-up")
    person.witness.allowed_origins.append(stack.third_origin)
    person.loses_api()
    for size in SIZES:
        inspection.at(size)
        person.visit(stack.third_origin)
        expect(person.unreachable.alert).to_be_visible()
        inspection.look("refused")
    person.page.route(f"{stack.api}/**", lambda route: route.abort())
    for size in SIZES:
        inspection.at(size)
        person.visit()
        person.reload()
        expect(person.unreachable.alert).to_be_visible()
        inspection.look("unreachable")
    inspection.found_nothing()


@pytest.mark.parametrize("looks", LANGUAGES)
def test_the_rooms(people: People, looks: Looks, pictures: Path | None, unique: Callable[[str], str]) -> None:
    host = people.enter("Bob")
    public = host.rest("POST", "/rooms", {"name": unique("Garden"), "kind": "public"})["id"]
    private = host.rest("POST", "/rooms", {"name": unique("Attic"), "kind": "private"})["id"]
    host.rest("POST", f"/rooms/{public}/messages", {"client_id": public, "text": "for all to read"})
    invite = host.rest("POST", f"/rooms/{private}/invites", {})["invite"]
    person = people.enter("Ann", looks)
    person.expects_complaints("404")
    inspection = Inspection(person, pictures)
    for size in SIZES:
        inspection.at(size)
        person.visit(f"{person.stack.page}/#/")
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
        expect(person.account.menu.get_by_role("radio").first).to_be_visible()
        inspection.look("account")
        person.page.keyboard.press("Escape")
        person.page.get_by_role("main").focus()
        person.page.keyboard.press("?")
        inspection.closes("shortcuts")
        for address, shown, screen in (
            (f"rooms/{public}", person.room.texts, "preview"),
            (f"join/{private}/{invite}", person.rooms.accept, "invitation"),
            (f"join/{private}/dead", person.room.title, "invitation-dead"),
            ("rooms/nowhere", person.room.title, "room-not-found"),
        ):
            person.visit(f"{person.stack.page}/#/{address}")
            expect(shown).to_have_count(1)
            inspection.look(screen)
    inspection.found_nothing()


@pytest.mark.parametrize("looks", LANGUAGES)
def test_a_room_in_every_state(people: People, looks: Looks, pictures: Path | None, unique: Callable[[str], str]) -> None:
    person = people.enter("Ann", looks)
    bob = people.enter("Bob")
    inspection = Inspection(person, pictures)
    name = unique("Garden")
    person.rooms.create(name)
    for size in SIZES:
        inspection.at(size)
        inspection.look("room-empty")
    bob.join(person.room_id())
    inspection.at(WIDE)
    fill(person, bob)
    for size in SIZES:
        inspection.at(size)
        inspection.look("room")
        for opens, screen in dialogs(person):
            opens()
            inspection.closes(screen)
        if size == NARROW:
            person.room.menu.click()
            inspection.closes("room-menu")
    person.go_offline()
    person.status.is_offline()
    person.room.write("waiting")
    expect(person.room.pending).to_have_count(1)
    for size in SIZES:
        inspection.at(size)
        inspection.look("room-offline")
    inspection.found_nothing()


def test_nothing_is_wider_than_the_smallest_phone_whatever_rooms_are_called(people: People) -> None:
    assert len(LONG_NAME) == 79
    person = people.enter("Maximiliana Alexandrina of Northumbria", Looks(size=SMALLEST, still=True))
    inspection = Inspection(person, None)
    for name in (LONG_NAME + "x", "n" * 80, "房" * 80):
        person.visit(f"{person.stack.page}/#/")
        person.rooms.create(name)
        person.room.say("w" * 200)
        person.room.field.fill("u" * 300)
        inspection.fits("room")
        expect(person.room.send_button).to_be_in_viewport(ratio=1)
        for opens in (person.room.open_invitation, person.room.open_people, person.room.ask_to_leave):
            opens()
            expect(person.page.locator("dialog[open]")).to_be_visible()
            inspection.fits("dialog")
            person.page.keyboard.press("Escape")
            expect(person.page.locator("dialog[open]")).to_have_count(0)
    person.visit(f"{person.stack.page}/#/")
    expect(person.rooms.link("n" * 80)).to_be_in_viewport()
    inspection.fits("rooms")
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
        (person.room.open_invitation, "dialog-invite"),
        (person.room.live_text.click, "dialog-live-text"),
        (person.room.ask_to_leave, "dialog-leave"),
        (lambda: person.room.ask_to_delete("a first word"), "dialog-delete"),
        (person.status.open, "status-in-room"),
    ]
    if person.page.viewport_size == {"width": NARROW[0], "height": NARROW[1]}:
        every.append((person.room.open_people, "dialog-people"))
    return every
