"""Two people in two browsers: what one does, the other sees."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from people import People
from person import Person


def test_two_people_see_each_others_messages_in_one_order(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.say("first")
    bob.room.say("second")
    ann.room.say("third, in two\nlines")
    bob.room.say("第四 👩‍🚀")
    for person in (ann, bob):
        person.room.shows("first", "second", "third, in two\nlines", "第四 👩‍🚀")


def test_what_is_said_at_the_same_time_stands_in_one_order_for_both(ann: Person, bob: Person, shared_room: str) -> None:
    for number in range(5):
        ann.room.write(f"ann {number}")
        bob.room.write(f"bob {number}")
    for person in (ann, bob):
        expect(person.room.texts).to_have_count(10)
        expect(person.room.pending).to_have_count(0)
        person.status.is_whole()
    seen = ann.room.texts.all_text_contents()
    assert bob.room.texts.all_text_contents() == seen
    for name in ("ann", "bob"):
        own = [text.strip() for text in seen if name in text]
        assert own == [f"{name} {number}" for number in range(5)]


def test_an_edit_is_seen_by_the_other_and_marked(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.say("teh garden")
    ann.room.edit("teh garden", "the garden")
    for person in (ann, bob):
        person.room.shows("the garden")
        expect(person.room.message("the garden")).to_contain_text("edited")


def test_a_deleted_message_is_gone_for_both_and_its_place_stays(ann: Person, bob: Person, shared_room: str) -> None:
    for text in ("one", "two", "three"):
        ann.room.say(text)
    ann.room.delete("two")
    for person in (ann, bob):
        person.room.shows("one", "three")
        expect(person.room.messages).to_have_count(3)
        expect(person.room.messages.nth(1)).to_contain_text("Message deleted")
    bob.reload()
    bob.room.shows("one", "three")
    expect(bob.room.messages.nth(1)).to_contain_text("Message deleted")


def test_one_may_change_ones_own_words_and_nobody_elses(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.say("ann's own")
    theirs = bob.room.message("ann's own")
    theirs.hover()
    expect(theirs).to_be_visible()
    expect(theirs.get_by_role("button")).to_have_count(0)


def test_presence_comes_and_goes(ann: Person, bob: Person, shared_room: str) -> None:
    expect(ann.room.person("Bob")).to_contain_text("Online")
    expect(bob.room.person("Ann")).to_contain_text("Online")
    bob.page.close()
    expect(ann.room.person("Bob")).to_contain_text("Offline")
    back = bob.new_tab()
    back.visit()
    expect(ann.room.person("Bob")).to_contain_text("Online")


def test_many_guests_who_are_away_are_a_number_that_opens(ann: Person, shared_room: str) -> None:
    for number in range(5):
        guest = ann.stack.guest(f"Visitor {number}")
        ann.stack.ask("POST", f"/rooms/{ann.room_id()}/members", {}, guest)
    fold = ann.room.people.get_by_role("button", name="5 guests offline")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(ann.room.person("Visitor 3")).to_have_count(0)
    expect(ann.room.person("Bob")).to_contain_text("Online")
    fold.click()
    expect(ann.room.person("Visitor 3")).to_contain_text("Offline")


def test_writing_is_seen_while_it_lasts(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.field.press_sequentially("I am about to")
    expect(bob.room.typing).to_have_text(re.compile("Ann is typing"))
    expect(ann.room.typing).to_have_text(re.compile(r"^\s*$"))
    ann.room.field.press("Enter")
    expect(bob.room.message("I am about to")).to_be_visible()
    expect(bob.room.typing).to_have_text(re.compile(r"^\s*$"))


def test_a_read_mark_stands_at_what_the_other_has_read(ann: Person, bob: Person, shared_room: str) -> None:
    ann.room.say("have you seen this?")
    expect(ann.room.message("have you seen this?")).to_contain_text("Read by Bob")
    ann.room.say("and this?")
    expect(ann.room.message("and this?")).to_contain_text("Read by Bob")
    expect(ann.room.message("have you seen this?")).not_to_contain_text("Read by Bob")


def test_what_is_unread_is_counted_in_the_list_and_over_a_reload(
    ann: Person, bob: Person, shared_room: str, unique: Callable[[str], str]
) -> None:
    elsewhere = unique("Elsewhere")
    bob.rooms.create(elsewhere)
    for number in range(3):
        ann.room.say(f"news {number}")
    expect(bob.rooms.unread(shared_room)).to_contain_text("3 unread messages")
    expect(bob.page).to_have_title(re.compile(r"^\(3\)"))

    bob.reload()
    expect(bob.rooms.unread(shared_room)).to_contain_text("3 unread messages")
    ann.room.say("news 3")
    expect(bob.rooms.unread(shared_room)).to_contain_text("4 unread messages")

    bob.rooms.open(shared_room)
    bob.room.shows("news 0", "news 1", "news 2", "news 3")
    expect(bob.rooms.unread(shared_room)).to_have_count(0)
    bob.reload()
    expect(bob.rooms.link(shared_room)).to_be_visible()
    expect(bob.rooms.unread(shared_room)).to_have_count(0)


def test_a_line_stands_before_what_is_new(ann: Person, bob: Person, shared_room: str, unique: Callable[[str], str]) -> None:
    ann.room.say("known to Bob")
    expect(ann.room.message("known to Bob")).to_contain_text("Read by Bob")
    bob.rooms.create(unique("Elsewhere"))
    ann.room.say("new to Bob")
    ann.room.say("new as well")
    expect(bob.rooms.unread(shared_room)).to_contain_text("2 unread messages")
    bob.rooms.open(shared_room)
    expect(bob.room.new_line).to_have_count(1)
    expect(bob.room.messages.filter(has=bob.room.new_line)).to_contain_text("new to Bob")
    bob.room.say("an answer")
    expect(bob.room.new_line).to_have_count(0)


def test_a_public_room_is_joined_at_its_own_address(ann: Person, bob: Person, unique: Callable[[str], str]) -> None:
    name = unique("Garden")
    ann.rooms.create(name)
    ann.room.say("come in")
    bob.visit(ann.room.invitation())
    bob.room.shows("come in")
    expect(bob.room.title).to_have_text(name)
    expect(bob.room.field).to_have_count(0)
    expect(bob.room.menu).to_have_count(0)
    ann.room.say("while Bob reads")
    bob.rooms.join_here(name)
    bob.room.shows("come in", "while Bob reads")
    bob.room.say("thank you")
    ann.room.shows("come in", "while Bob reads", "thank you")


def test_the_list_shows_the_newest_message_of_each_room_as_it_changes(
    ann: Person, bob: Person, shared_room: str, unique: Callable[[str], str]
) -> None:
    row = bob.rooms.link(shared_room)
    expect(row).to_contain_text("No messages yet")
    bob.rooms.create(unique("Elsewhere"))
    ann.room.say("first\nline")
    expect(row).to_contain_text("Ann: first line")
    ann.room.edit("first", "changed")
    expect(row).to_contain_text("Ann: changed")
    ann.room.delete("changed")
    expect(row).to_contain_text("Message deleted")
    expect(ann.rooms.link(shared_room)).to_contain_text("Message deleted")
    ann.room.start_live_text("written", 100).is_over("finished")
    expect(row).to_contain_text("Ann: Live text")
    bob.reload()
    expect(row).to_contain_text("Ann: Live text")


def test_a_private_room_is_entered_by_its_link_and_seen_by_nobody_else(
    people: People, ann: Person, bob: Person, unique: Callable[[str], str]
) -> None:
    name = unique("Attic")
    ann.rooms.create(name, "private")
    ann.room.say("only for the invited")
    expect(bob.rooms.public).to_be_visible()
    bob.reload()
    expect(bob.rooms.public_link("lobby")).to_be_visible()
    expect(bob.rooms.public_link(name)).to_have_count(0)

    link = ann.room.invitation()
    bob.visit(link)
    expect(bob.room.title).to_have_text(f"Ann invites you to {name}")
    expect(bob.page.get_by_role("main")).to_contain_text("1 member")
    bob.rooms.accept.click()
    bob.room.shows("only for the invited")
    expect(ann.room.person("Bob")).to_contain_text("Online")
    bob.room.say("thank you")
    ann.room.shows("only for the invited", "thank you")

    # A newcomer says first who they are, and is in the room then.
    carol = people.arrive("Carol")
    carol.visit(link)
    expect(carol.entrance.notice).to_contain_text(f"Ann invites you to {name}")
    carol.entrance.as_guest("Carol")
    carol.rooms.accept.click()
    carol.room.shows("only for the invited", "thank you")


def test_a_private_room_one_may_not_know_reads_as_not_there(ann: Person, bob: Person, unique: Callable[[str], str]) -> None:
    ann.rooms.create(unique("Attic"), "private")
    bob.expects_complaints("404")
    bob.visit(ann.page.url)
    expect(bob.room.title).to_have_text("Room not found")


def test_a_wrong_invitation_is_told(ann: Person, bob: Person, unique: Callable[[str], str]) -> None:
    ann.rooms.create(unique("Attic"), "private")
    link = ann.room.invitation()
    bob.expects_complaints("404")
    bob.visit(link[:-4] + "oops")
    expect(bob.room.title).to_have_text("This invitation isn’t valid")


def test_one_who_left_is_gone_from_the_room(ann: Person, bob: Person, shared_room: str) -> None:
    bob.room.ask_to_leave().get_by_role("button", name="Leave room").click()
    expect(bob.rooms.public_link(shared_room)).to_be_visible()
    expect(ann.room.person("Bob")).to_have_count(0)
    ann.room.say("alone")
    expect(bob.rooms.link(shared_room)).to_have_count(0)
