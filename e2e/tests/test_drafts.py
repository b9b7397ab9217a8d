"""What is typed and not sent: kept over everything that happens to a page, and seen by nobody else."""

import re
from contextlib import suppress

from playwright.sync_api import Error, Locator, expect

from person import Person
from stack import Stack


def _editor(person: Person) -> Locator:
    return person.room.log.get_by_role("textbox")


def _begin_edit(person: Person, text: str) -> Locator:
    person.room.field.press("ArrowUp")
    editor = _editor(person)
    expect(editor).to_be_visible()
    editor.fill(text)
    return editor


def test_a_draft_survives_reload_back_another_room_a_crash_and_is_gone_when_sent(ann: Person, stack: Stack) -> None:
    for name in ("First of two", "Second of two"):
        ann.rooms.create(name)
    # Of the script that signs people in: the blank page has no storage.
    ann.expects_complaints("Access is denied for this document")
    draft = "  typed\nand not sent"
    ann.room.field.fill(draft)
    ann.rooms.open("First of two")
    expect(ann.room.field).to_have_value("")
    ann.page.go_back()
    expect(ann.room.field).to_have_value(draft)
    ann.reload()
    expect(ann.room.field).to_have_value(draft)
    ann.page.goto("about:blank")
    ann.page.go_back()
    expect(ann.room.field).to_have_value(draft)

    other = ann.new_tab()
    other.visit(ann.page.url)
    expect(other.room.field).to_have_value(draft)
    ann.room.field.fill("typed before the crash")
    with ann.page.expect_event("crash"), suppress(Error):  # the renderer is gone before it can answer
        ann.page.goto("chrome://crash")
    again = ann.new_tab()
    again.visit(other.page.url)
    expect(again.room.field).to_have_value("typed before the crash")
    again.room.field.press("Enter")
    expect(again.room.texts).to_have_text(["typed before the crash"])
    again.reload()
    expect(again.room.texts).to_have_text(["typed before the crash"])
    expect(again.room.field).to_have_value("")


def test_an_edit_survives_another_room_a_reload_a_change_and_a_deletion_elsewhere(ann: Person, shared_room: str) -> None:
    ann.room.say("as it was")
    _begin_edit(ann, "five minutes of typing")
    ann.rooms.create("Elsewhere")
    ann.rooms.open(shared_room)
    expect(_editor(ann)).to_have_value("five minutes of typing")
    ann.reload()
    expect(_editor(ann)).to_have_value("five minutes of typing")

    other = ann.new_tab()
    other.visit(ann.page.url)
    expect(_editor(other)).to_have_value("five minutes of typing")
    room, message = ann.room_id(), ann.room.messages.last.get_attribute("data-message-id")
    ann.rest("PATCH", f"/rooms/{room}/messages/{message}", {"text": "changed elsewhere"})
    ann.room.say("later")
    expect(_editor(ann)).to_have_value("five minutes of typing")
    _editor(ann).press("Enter")
    expect(ann.room.log.get_by_role("alert")).to_contain_text("edited on another device")
    ann.rest("DELETE", f"/rooms/{room}/messages/{message}")
    expect(ann.room.log.get_by_role("alert")).to_contain_text("was deleted")
    expect(_editor(ann)).to_have_value("five minutes of typing")
    ann.room.log.get_by_role("button", name="Discard").click()
    expect(_editor(ann)).to_have_count(0)
    assert room == ann.room_id()


def test_the_next_person_on_this_device_finds_nothing(ann: Person, shared_room: str, stack: Stack) -> None:
    secret = "nobody else may read this"
    ann.room.say("an ordinary message")
    ann.room.field.fill(secret)
    ann.loses_api()
    ann.context.set_offline(True)
    ann.status.is_offline()
    ann.room.write(f"{secret}, unsent")
    ann.room.field.fill(secret)
    ann.context.set_offline(False)
    stack_url = stack.page
    ann.status.is_whole()
    ann.account.sign_out()
    leave = ann.page.get_by_role("dialog").get_by_role("button", name=re.compile("Sign out|Leave"))
    leave.last.click()
    ann.entrance.is_shown()
    left = ann.page.evaluate("""async () => {
      const found = { local: { ...localStorage }, session: { ...sessionStorage }, caches: await caches.keys(), databases: [] }
      for (const { name } of await indexedDB.databases()) {
        const db = await new Promise((done) => (indexedDB.open(name).onsuccess = (event) => done(event.target.result)))
        for (const store of db.objectStoreNames) {
          const all = db.transaction(store).objectStore(store).getAll()
          found.databases.push(await new Promise((done) => (all.onsuccess = () => done(all.result))))
        }
      }
      return JSON.stringify(found)
    }""")
    assert secret not in left
    assert shared_room not in left
    assert "crosstalk.session" not in left
    ann.entrance.as_guest("Cleo")
    ann.status.is_connected()
    ann.visit(f"{stack_url}/")
    ann.rooms.join(shared_room)
    expect(ann.room.field).to_have_value("")
    assert secret not in ann.page.content().replace(f"{secret}, unsent", "")
