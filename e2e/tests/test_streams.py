"""Live texts: written before everybody's eyes, resumed at the exact character, stopped with a receipt."""

import re

from playwright.sync_api import expect

from people import People
from person import Person

# Everything that is hard to cut: astral signs, joined emoji, Chinese, marks of their own, line breaks.
TEXT = "Once upon a time 🦊 met 👩‍👩‍👧‍👦 in the 花园。\n\n它们说：“你好，世界！” Ça va? नमस्ते 🇫🇷\n" * 4 + "The end. 完"
BRISK = 80  # about 20 ms per character
QUICK = 93  # about 8 ms
STEADY = 62  # about 70 ms


def units(text: str) -> int:
    """The length as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


def test_two_people_watch_a_text_being_written(ann: Person, bob: Person, shared_room: str) -> None:
    views = [ann.room.start_live_text(TEXT, BRISK), bob.room.stream()]
    seen = []
    for view in views:
        view.is_live()
        view.has_at_least(1)
        seen.append(view.record_growth())
    assert all(view.has_caret() for view in views)
    for view, lengths in zip(views, seen, strict=True):
        view.is_over("finished", within_s=40)
        view.reads(TEXT)
        assert not view.has_caret()
        grown = lengths()
        assert grown == sorted(grown), "text that was shown never shrinks"
        assert len(grown) >= 20, f"the text came in lumps: {grown}"
        expect(view.receipt).to_have_text(f"Finished · {units(TEXT)} characters")


def test_a_reload_in_the_middle_goes_on_at_the_right_place(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.start_live_text(TEXT, BRISK)
    view = bob.room.stream()
    view.has_at_least(60)
    before = view.shown()
    bob.reload()
    view = bob.room.stream()
    view.has_at_least(len(before))
    after = view.shown()
    assert TEXT.startswith(after)
    ann.reload()
    for person in (ann, bob):
        mine = person.room.stream()
        mine.is_over("finished", within_s=40)
        mine.reads(TEXT)


def test_one_who_comes_late_sees_the_whole_text(people: People, ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.start_live_text(TEXT, BRISK)
    bob.room.stream().has_at_least(100)
    carol = people.settle("Carol")
    carol.join(ann.room_id())
    view = carol.room.stream()
    view.has_at_least(100)
    view.is_over("finished", within_s=40)
    view.reads(TEXT)

    dave = people.settle("Dave")
    dave.join(ann.room_id())
    view = dave.room.stream()
    view.is_over("finished")
    view.has_at_least(len(TEXT))
    view.reads(TEXT)


def test_a_stopped_text_has_a_receipt_that_both_see(ann: Person, bob: Person, shared_room: str) -> None:
    view = ann.room.start_live_text(TEXT * 5, STEADY)
    theirs = bob.room.stream()
    theirs.has_at_least(10)
    expect(theirs.stop).to_have_count(0)
    view.stop.click()
    for one, name in ((view, "you"), (theirs, "Ann")):
        one.is_over("stopped")
        expect(one.receipt).to_have_text(re.compile(rf"^Stopped by {name} · [\d,]+ characters$"))
        assert not one.has_caret()
    written = view.shown()
    assert TEXT.startswith(written)
    expect(theirs.text).to_have_text(written)
    count = re.search(r"[\d,]+", view.receipt.text_content() or "")
    assert count is not None
    assert int(count[0].replace(",", "")) == units(written)
    bob.reload()
    bob.room.stream().is_over("stopped")
    bob.room.stream().has_at_least(len(written))
    bob.room.stream().reads(written)


def test_the_owner_of_a_room_may_stop_what_somebody_else_has_started(ann: Person, bob: Person, shared_room: str) -> None:
    bob.room.start_live_text(TEXT * 5, STEADY)
    view = ann.room.stream()
    view.has_at_least(5)
    view.stop.click()
    expect(bob.room.stream().receipt).to_have_text(re.compile("^Stopped by Ann"))


def test_people_go_on_talking_while_texts_are_written(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.start_live_text(TEXT, QUICK)
    bob.room.say("while it is being written")
    bob.room.start_live_text("a second text, by Bob, at the same time", BRISK)
    ann.room.say("indeed")
    for person in (ann, bob):
        texts = person.room.log.locator("[data-stream-text]")
        expect(texts).to_have_count(2)
        expect(person.room.log.locator("[data-stream-state=finished]")).to_have_count(2, timeout=40_000)
        person.room.shows("while it is being written", "indeed")
        assert texts.nth(0).text_content() == TEXT
        assert texts.nth(1).text_content() == "a second text, by Bob, at the same time"


def test_the_dialog_says_how_fast_and_how_long(ann: Person, shared_room: str) -> None:
    ann.room.live_text.click()
    dialog = ann.room.live_text_dialog
    dialog.start.click()
    expect(dialog.box).to_contain_text("This field is required.")
    dialog.text.fill("x" * 100)
    dialog.pace.fill("100")
    expect(dialog.box).to_contain_text("5 ms per character")
    dialog.pace.fill("0")
    expect(dialog.box).to_contain_text("5,000 ms per character")
    expect(dialog.pace).to_have_attribute("aria-valuetext", re.compile("Very slow"))


def test_a_live_text_is_drawn_as_markdown_when_that_was_chosen(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.start_live_text("**bold**", 100, markdown=True).is_over("finished")
    ann.room.start_live_text("**bold**", 100).is_over("finished")
    for person in (ann, bob):
        texts = person.room.log.locator("[data-stream-text]")
        expect(texts).to_have_count(2)
        expect(texts.first.locator("strong")).to_have_text("bold")
        expect(texts.last).to_have_text("**bold**")
