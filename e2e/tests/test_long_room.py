"""A room of ten thousand messages: opened at once, read upwards without a jump, left behind with one press."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Route, expect

from person import Looks, Person
from stack import Stack

COUNT = 10_000
# What the page keeps mounted at most, however far somebody scrolls.
MOST_ROWS = 260
OLDER = "**/messages?*before=*"

_TOP_ROW = """log => {
  const edge = log.getBoundingClientRect().top
  const row = [...log.querySelectorAll('[data-message-id]')].find(row => row.getBoundingClientRect().bottom > edge + 40)
  return { id: row.dataset.messageId, top: row.getBoundingClientRect().top - edge }
}"""

# A wheel turns on for a while, and what is mounted meanwhile moves things: at rest is what has not moved for some frames.
_REST = """log => new Promise(done => {
  let still = 0, last = null
  const look = () => {
    const now = `${log.scrollTop} ${log.scrollHeight}`
    still = now === last ? still + 1 : 0
    last = now
    if (still < 12) requestAnimationFrame(look)
    else done()
  }
  look()
})"""

_ROW_AT = """(log, id) => {
  const row = log.querySelector(`[data-message-id="${id}"]`)
  return row.getBoundingClientRect().top - log.getBoundingClientRect().top
}"""


class Library(NamedTuple):
    id: str
    name: str


@pytest.fixture(scope="module")
def library(browser: Browser, stack: Stack) -> Library:
    """A public room with ten thousand messages."""
    name = f"Library {uuid4().hex[:8]}"
    librarian = Person(browser, stack, "Librarian", Looks(), snapshots=False)
    librarian.enter("Librarian")
    librarian.rooms.create(name)
    librarian.room.say("message 1")
    room_id = librarian.page.url.rsplit("/", 1)[1]
    librarian.leave()
    stack.kill()
    try:
        stack.make_long(room_id, COUNT)
    finally:
        stack.start()
    return Library(room_id, name)


@pytest.fixture
def reader(library: Library, ann: Person) -> Person:
    """Ann, at the end of the long room."""
    ann.join(library.id)
    expect(ann.room.message(f"message {COUNT}")).to_be_in_viewport()
    return ann


def test_it_opens_at_the_newest_with_few_rows(reader: Person, library: Library, unique: Callable[[str], str]) -> None:
    reader.rooms.create(unique("Elsewhere"))
    reader.reload()
    reader.status.is_whole()
    reader.rooms.open(library.name)
    expect(reader.room.message(f"message {COUNT}")).to_be_in_viewport()
    assert reader.room.messages.count() <= MOST_ROWS


def test_older_messages_come_without_moving_what_is_read(reader: Person) -> None:
    page, log = reader.page, reader.room.log
    held: list[Route] = []
    page.route(OLDER, lambda route: held.append(route))
    while not held:
        scroll_up(reader)
        has_settled(reader)
    oldest = first_seq(reader)
    before = log.evaluate(_TOP_ROW)
    held[0].continue_()
    expect(reader.room.messages.first).not_to_have_attribute("data-seq", str(oldest))
    has_settled(reader)
    assert first_seq(reader) < oldest
    assert log.evaluate(_ROW_AT, before["id"]) == pytest.approx(before["top"], abs=2)


def test_few_rows_are_mounted_however_far_one_reads(reader: Person) -> None:
    most = 0
    while (oldest := first_seq(reader)) > COUNT - 1_000:
        scroll_up(reader)
        expect(reader.room.messages.first).not_to_have_attribute("data-seq", str(oldest))
        most = max(most, reader.room.messages.count())
    assert most <= MOST_ROWS
    numbers = [int(text.split()[-1]) for text in reader.room.texts.all_text_contents()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "one after the other, none missing"

    reader.room.jump.click()
    expect(reader.room.message(f"message {COUNT}")).to_be_in_viewport()
    expect(reader.room.jump).to_have_count(0)
    assert reader.room.messages.count() <= MOST_ROWS


def test_whoever_reads_further_up_is_told_what_is_new_and_not_moved(reader: Person, bob: Person, library: Library) -> None:
    bob.join(library.id)
    reader.room.log.hover()
    reader.page.mouse.wheel(0, -2_000)
    expect(reader.room.jump).to_be_visible()
    has_settled(reader)
    before = reader.room.log.evaluate(_TOP_ROW)
    bob.room.say("news one")
    bob.room.say("news two")
    expect(reader.room.jump).to_have_accessible_name("Jump to latest: 2 new messages")
    assert reader.room.log.evaluate(_ROW_AT, before["id"]) == pytest.approx(before["top"], abs=2)
    reader.room.jump.click()
    expect(reader.room.message("news two")).to_be_in_viewport()
    expect(reader.room.messages.filter(has=reader.room.new_line)).to_contain_text("news one")


def first_seq(person: Person) -> int:
    return int(person.room.messages.first.get_attribute("data-seq") or 0)


def scroll_up(person: Person) -> None:
    person.room.log.hover()
    person.page.mouse.wheel(0, -100_000)


def has_settled(person: Person) -> None:
    person.room.log.evaluate(_REST)
