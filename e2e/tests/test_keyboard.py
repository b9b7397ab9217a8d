"""Everything by keyboard: no mouse is touched here."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from people import People
from person import Person

REACH = 400


@pytest.fixture
def nobody(people: People) -> Person:
    person = people.arrive("Kay")
    person.visit()
    return person


def press_until_focused(person: Person, key: str, wanted: Locator) -> None:
    """Goes from thing to thing with a key, as one does who cannot see how far it is."""
    for _ in range(REACH):
        if wanted.count() == 1 and wanted.evaluate("element => element === document.activeElement"):
            return
        person.page.keyboard.press(key)
    expect(wanted).to_be_focused()


def test_one_comes_in_writes_edits_streams_and_leaves_by_keyboard(nobody: Person, unique: Callable[[str], str]) -> None:
    person, keyboard = nobody, nobody.page.keyboard
    expect(person.entrance.name).to_be_focused()
    keyboard.type("Kay")
    keyboard.press("Enter")

    expect(person.rooms.join_lobby).to_be_visible()
    press_until_focused(person, "Tab", person.rooms.join_lobby)
    keyboard.press("Enter")
    expect(person.room.title).to_have_text("lobby")

    expect(person.room.field).to_be_visible()
    press_until_focused(person, "Tab", person.room.field)
    said = unique("typed")
    keyboard.type(said)
    keyboard.press("Shift+Enter")
    keyboard.type("in two lines")
    keyboard.press("Enter")
    expect(person.room.message(said)).to_have_attribute("data-state", "sent")

    keyboard.press("ArrowUp")
    expect(person.page.get_by_role("textbox", name="Edit your message")).to_be_focused()
    keyboard.type(", and more")
    keyboard.press("Enter")
    expect(person.room.message(said)).to_contain_text("in two lines, and more")
    expect(person.room.message(said)).to_contain_text("edited")
    expect(person.page.get_by_role("textbox", name="Edit your message")).to_have_count(0)

    press_until_focused(person, "Tab", person.room.field)
    keyboard.press("ArrowUp")
    expect(person.page.get_by_role("textbox", name="Edit your message")).to_be_focused()
    keyboard.type("never mind")
    keyboard.press("Escape")
    expect(person.room.message(said)).not_to_contain_text("never mind")

    press_until_focused(person, "Tab", person.room.live_text)
    keyboard.press("Enter")
    person.room.live_text_dialog.is_open()
    press_until_focused(person, "Tab", person.room.live_text_dialog.text)
    keyboard.type("by keyboard alone")
    keyboard.press("Escape")
    person.room.live_text_dialog.is_closed()
    expect(person.room.live_text).to_be_focused()

    keyboard.press("Enter")
    person.room.live_text_dialog.is_open()
    expect(person.room.live_text_dialog.text).to_have_value("by keyboard alone")
    press_until_focused(person, "Tab", person.room.live_text_dialog.pace)
    keyboard.press("End")
    press_until_focused(person, "Tab", person.room.live_text_dialog.start)
    keyboard.press("Enter")
    person.room.stream().is_over("finished")
    person.room.stream().reads("by keyboard alone")

    press_until_focused(person, "Tab", person.room.menu)
    keyboard.press("Enter")
    expect(person.page.get_by_role("button", name="Leave room")).to_be_focused()
    keyboard.press("Enter")
    question = person.page.get_by_role("dialog", name="Leave lobby?")
    expect(question).to_be_visible()
    press_until_focused(person, "Tab", question.get_by_role("button", name="Leave room"))
    keyboard.press("Enter")
    expect(person.rooms.public_link("lobby")).to_be_visible()


def test_messages_are_walked_with_arrows_and_deleted_by_keyboard(ann: Person, unique: Callable[[str], str]) -> None:
    ann.rooms.create(unique("Garden"))
    for text in ("one", "two", "three"):
        ann.room.say(text)
    keyboard = ann.page.keyboard
    press_until_focused(ann, "Shift+Tab", ann.room.message("three"))
    keyboard.press("ArrowUp")
    expect(ann.room.message("two")).to_be_focused()
    delete = ann.room.message("two").get_by_role("button", name="Delete message")
    press_until_focused(ann, "Tab", delete)
    keyboard.press("ArrowDown")
    expect(ann.room.message("three")).to_be_focused()
    keyboard.press("ArrowUp")
    press_until_focused(ann, "Tab", delete)
    keyboard.press("Enter")
    question = ann.page.get_by_role("dialog", name="Delete this message?")
    expect(question).to_be_visible()
    keyboard.press("Escape")
    expect(question).to_have_count(0)
    ann.room.shows("one", "two", "three")
    keyboard.press("Enter")
    expect(question).to_be_visible()
    press_until_focused(ann, "Tab", question.get_by_role("button", name="Delete"))
    keyboard.press("Enter")
    ann.room.shows("one", "three")


def test_the_first_thing_on_the_page_leads_past_the_rooms(ann: Person) -> None:
    ann.reload()
    ann.status.is_connected()
    skip = ann.page.get_by_role("button", name="Skip to messages")
    ann.page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("main")).to_be_focused()


def test_the_status_and_the_account_open_and_close_by_keyboard(ann: Person) -> None:
    press_until_focused(ann, "Tab", ann.status.button)
    ann.page.keyboard.press("Enter")
    expect(ann.status.details).to_be_visible()
    ann.page.keyboard.press("Escape")
    expect(ann.status.details).not_to_be_visible()
    expect(ann.status.button).to_be_focused()
    press_until_focused(ann, "Tab", ann.account.button)
    ann.page.keyboard.press("Enter")
    expect(ann.account.menu).to_be_visible()
    dark = ann.account.menu.get_by_role("radio", name="Dark")
    press_until_focused(ann, "ArrowRight", dark)
    expect(ann.page.locator("html")).to_have_attribute("data-theme", "dark")
    ann.page.keyboard.press("Escape")
    expect(ann.account.button).to_be_focused()


def test_keys_lead_to_other_rooms_to_the_newest_message_and_to_the_list_of_keys(
    ann: Person, unique: Callable[[str], str]
) -> None:
    names = [unique(name) for name in ("Attic", "Barn", "Cellar")]
    for name in names:
        ann.rest("POST", "/rooms", {"name": name, "kind": "public"})
    keyboard = ann.page.keyboard
    ann.rooms.open(names[1])
    ann.room.field.fill("a draft")
    keyboard.press("Alt+ArrowUp")
    expect(ann.room.title).to_have_text(names[0])
    keyboard.press("Alt+ArrowDown")
    keyboard.press("Alt+ArrowDown")
    expect(ann.room.title).to_have_text(names[2])
    keyboard.press("Alt+ArrowUp")
    expect(ann.room.field).to_have_value("a draft")

    for number in range(3):
        ann.rest("POST", f"/rooms/{ann.room_id()}/messages", {"client_id": str(number), "text": "many\nlines\n" * 20})
    expect(ann.room.messages).to_have_count(3)
    ann.room.log.evaluate("log => log.scrollTo(0, 0)")
    expect(ann.room.jump).to_be_visible()
    keyboard.press("?")
    expect(ann.room.field).to_have_value("a draft?")
    keyboard.press("Escape")
    expect(ann.room.jump).to_have_count(0)

    ann.room.title.focus()
    ann.room.log.evaluate("log => log.scrollTo(0, 0)")
    expect(ann.room.jump).to_be_visible()
    keyboard.press("?")
    keys = ann.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_contain_text("Previous or next room")
    keyboard.press("Escape")
    expect(keys).to_have_count(0)
    expect(ann.room.jump).to_be_visible()
