"""`/ask`: the page tells of it where somebody answers, and of nothing where nobody does."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from inspection import Inspection
from people import People, gathered
from person import NARROW, Looks, Person
from stack import Stack


@pytest.fixture
def assisted(tmp_path: Path, built_page: Path) -> Iterator[Stack]:
    """A stack whose model cannot be reached: who would answer is told all the same."""
    with Stack(tmp_path, built_page, ai_url="http://127.0.0.1:9/v1", ai_model="none", ai_name="Ada") as stack:
        yield stack


@pytest.fixture
def asking(browser: Browser, assisted: Stack, results: Path, request: pytest.FixtureRequest) -> Iterator[People]:
    with gathered(browser, assisted, request.node, results) as people:
        yield people


def test_a_stroke_is_enough_to_be_told_who_answers(asking: People, unique: Callable[[str], str]) -> None:
    ann = asking.enter("Ann")
    ann.rooms.create(unique("Questions"))
    hint = ann.page.locator("[data-hint]")
    for text, told in (("/", True), ("/as", True), ("/ask what is it?", True), ("/x", False), ("a /ask", False), ("", False)):
        ann.room.field.fill(text)
        expect(hint).to_have_count(1 if told else 0)
    ann.room.field.fill("/")
    expect(hint).to_have_text("Type a question after /ask, and Ada answers it in this room.")
    ann.room.say("/ask what is it?")
    answer = ann.room.stream()
    answer.is_over("failed")
    expect(answer.receipt).to_contain_text("The model cannot be reached.")


def test_axe_finds_nothing_in_a_question_that_was_not_answered(
    asking: People, unique: Callable[[str], str], pytestconfig: pytest.Config, results: Path
) -> None:
    for looks in (Looks(still=True), Looks(size=NARROW, language="zh", still=True)):
        person = asking.enter("Ann", looks)
        person.rooms.create(unique("Questions"))
        person.room.say("/ask what is it?")
        person.room.stream().is_over("failed")
        person.room.field.fill("/as")
        expect(person.page.locator("[data-hint]")).to_be_visible()
        inspection = Inspection(person, results / "screens" if pytestconfig.getoption("--screens") else None)
        inspection.look("room-asking")
        inspection.found_nothing()


def test_nothing_is_told_where_nobody_answers(ann: Person, shared_room: str) -> None:
    ann.room.field.fill("/ask ")
    expect(ann.page.locator("[data-hint]")).to_have_count(0)
