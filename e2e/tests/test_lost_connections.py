"""Networks that go, pages that close and servers that die: everything arrives once, in order."""

from playwright.sync_api import expect

from people import People
from person import Person
from stack import Stack

STORY = "A long story 📖, told slowly, that outlives the one who serves it. 故事还在继续。\n" * 5
BRISK = 80  # about 20 ms a character


def test_what_is_written_off_line_arrives_once_and_in_order(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.say("before")
    ann.go_offline()
    ann.status.is_offline()
    expect(ann.status.banner).to_contain_text("Offline")
    for text in ("one", "two", "three"):
        ann.room.write(text)
    expect(ann.room.pending).to_have_text(["Will be sent when you’re back online"] * 3)
    expect(ann.status.button).to_have_accessible_name("Connection: Offline 3 unsent")
    bob.room.say("meanwhile")

    ann.go_online()
    ann.status.is_whole()
    for person in (ann, bob):
        person.room.shows("before", "meanwhile", "one", "two", "three")
    expect(ann.status.banner).to_have_count(0)
    ann.reload()
    ann.room.shows("before", "meanwhile", "one", "two", "three")


def test_one_who_was_off_line_sees_all_that_happened(ann: Person, bob: Person, shared_room: str) -> None:
    for text in ("to stay", "to change", "to go"):
        ann.room.say(text)
    bob.room.shows("to stay", "to change", "to go")
    bob.go_offline()
    bob.status.is_offline()
    ann.room.edit("to change", "changed")
    ann.room.delete("to go")
    ann.room.say("new")
    view = ann.room.start_live_text("written while Bob was away", 100)
    view.is_over("finished")
    bob.go_online()
    bob.status.is_whole()
    bob.room.shows("to stay", "changed", "new")
    expect(bob.room.message("Message deleted")).to_have_count(1)
    bob.room.stream().is_over("finished")
    bob.room.stream().has_at_least(len("written while Bob was away"))


def test_a_live_text_goes_on_after_the_network_was_gone(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.start_live_text(STORY, BRISK)
    view = bob.room.stream()
    view.has_at_least(20)
    bob.go_offline()
    bob.status.is_offline()
    ann.room.stream().has_at_least(len(view.shown()) + 100)
    bob.go_online()
    bob.status.is_connected()
    view.is_over("finished", within_s=40)
    view.has_at_least(len(STORY))
    view.reads(STORY)


def test_a_page_closed_off_line_sends_what_was_waiting_when_it_is_opened_again(
    ann: Person, bob: Person, shared_room: str
) -> None:
    ann.room.say("before")
    ann.go_offline()
    ann.status.is_offline()
    for text in ("kept one", "kept two"):
        ann.room.write(text)
    ann.has_stored(2)
    ann.page.close()
    ann.go_online()
    again = ann.new_tab()
    again.visit()
    again.status.is_whole()
    for room in (again.room, bob.room):
        room.shows("before", "kept one", "kept two")
    again.reload()
    again.room.shows("before", "kept one", "kept two")
    bob.room.shows("before", "kept one", "kept two")


def test_a_reload_while_the_api_is_down_loses_and_doubles_nothing(
    people: People, ann: Person, bob: Person, shared_room: str, stack: Stack
) -> None:
    for person in (ann, bob):
        person.loses_api()
    ann.room.say("before")
    stack.kill()
    try:
        ann.status.is_offline()
        for text in ("one", "two"):
            ann.room.write(text)
        ann.has_stored(2)
        ann.reload()
        expect(ann.status.button).to_have_accessible_name("Connection: Offline 2 unsent")
    finally:
        stack.start()
    ann.status.is_whole()
    for person in (ann, bob):
        person.room.shows("before", "one", "two")


def test_two_pages_become_whole_after_the_api_was_killed_and_started_again(
    ann: Person, bob: Person, shared_room: str, stack: Stack
) -> None:
    for person in (ann, bob):
        person.loses_api()
    bob.room.start_live_text(STORY, BRISK)
    view = ann.room.stream()
    view.has_at_least(40)
    for number in range(3):
        ann.room.write(f"before {number}")
    stack.kill()
    try:
        for number in range(3):
            ann.room.write(f"during {number}")
        ann.status.is_offline()
        bob.status.is_offline()
    finally:
        stack.start()
    ann.room.write("after")
    told = [f"{when} {number}" for when in ("before", "during") for number in range(3)] + ["after"]
    for person in (ann, bob):
        person.status.is_whole()
        person.room.shows(*told)
        stream = person.room.stream()
        stream.is_over("finished", within_s=60)
        stream.has_at_least(len(STORY))
        stream.reads(STORY)
    bob.reload()
    bob.room.shows(*told)
    reloaded = bob.room.stream()
    reloaded.has_at_least(len(STORY))
    reloaded.reads(STORY)


def test_presence_is_true_again_after_the_api_was_killed(ann: Person, bob: Person, shared_room: str, stack: Stack) -> None:
    for person in (ann, bob):
        person.loses_api()
    stack.kill()
    try:
        bob.page.close()
        ann.status.is_offline()
    finally:
        stack.start()
    ann.status.is_whole()
    expect(ann.room.person("Bob")).to_contain_text("Offline")
    expect(ann.room.person("Ann")).to_contain_text("Online")
