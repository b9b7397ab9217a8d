"""The picture in the README: two people, and a live text being written."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from people import People, gathered
from stack import ROOT, Stack

STORY = (
    "Release notes, written while you watch\n\n"
    "Live texts survive a reload, a dead network and a killed server: they go on at the exact character. "
    "Come late, and the whole text is there. 每个字都会送达。\n\n"
    "Messages have numbers without gaps, so a page always knows whether it is whole. What was acknowledged is never lost, "
    "never doubled and never out of order.\n\n"
    "Live texts have an end, too: anybody entitled to it stops one, and everybody gets the receipt. A writer that dies is "
    "seen to have died, and another one goes on from there.\n"
)
SHOWN = 250


@pytest.fixture
def guests(
    browser: Browser, tmp_path: Path, built_page: Path, results: Path, request: pytest.FixtureRequest
) -> Iterator[People]:
    """People in a Crosstalk of their own: no other test's rooms are to be seen."""
    with Stack(tmp_path, built_page) as stack, gathered(browser, stack, request.node, results) as people:
        yield people


def test_the_picture_for_the_readme(guests: People, results: Path, pytestconfig: pytest.Config) -> None:
    bob = guests.enter("Bob")
    bob.rooms.join_lobby.click()
    ann = guests.enter("Ann")
    ann.rooms.join_lobby.click()
    expect(ann.room.title).to_have_text("lobby")
    ann.rooms.create("Kitchen", "private")
    ann.rooms.create("Release 1.0")
    bob.room.say("Good morning, everybody.")
    bob.room.say("Release notes in ten minutes, in the room next door.")
    bob.reload()
    bob.rooms.join("Release 1.0")
    ann.room.say("All tests are green. Shall we write the release notes here, so that everybody can watch?")
    bob.room.say("Yes! I have a draft.")
    bob.room.say("Paste it as a live text: about forty characters a second.")
    ann.room.say("Here it comes.")
    expect(bob.room.texts).to_have_count(4)
    ann.room.start_live_text(STORY, 77)
    # Nothing is to be marked because the pointer happens to rest on it.
    ann.page.mouse.move(0, 0)
    written = ann.room.stream()
    written.has_at_least(SHOWN // 2, within_s=40)
    bob.room.field.press_sequentially("Looks good")
    expect(ann.room.typing).to_contain_text("Bob is typing")
    written.has_at_least(SHOWN, within_s=40)
    picture = results / "room.png"
    # Without movement, so that the caret is never caught in the middle of a blink.
    ann.page.screenshot(path=picture, animations="disabled")
    written.is_live()
    if pytestconfig.getoption("--write-screenshot"):
        target = ROOT / "docs/images/room.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, target)
