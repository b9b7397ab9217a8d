"""The wire check in a real browser, over two origins."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from inspection import Inspection
from pages.wire_check import Transport
from people import People
from person import NARROW, WIDE, Looks, Person
from stack import Stack

TEXT = "naïve 文字 👩‍🚀 one by one."
# Rows of refusals: the server closes while the browser upgrades, and REST says no.
_SET_OFF_BY_ROWS = (r"WebSocket is closed before the connection is established", r"400 \(BAD REQUEST\)")

SCREENS = [
    pytest.param(Looks(size=size, language=language, still=True), id=f"{size[0]}-{language}")
    for size in (WIDE, NARROW)
    for language in ("en", "zh")
]


@pytest.fixture
def dora(people: People, stack: Stack) -> Person:
    """A developer, who has not signed in and has the wire check before her."""
    person = people.arrive("Dora")
    person.visit(f"{stack.page}/#/wirecheck")
    person.wire_check.is_connected_over("websocket")
    return person


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
def test_every_row_passes(dora: Person, transport: Transport) -> None:
    check = dora.wire_check
    dora.expects_complaints(*_SET_OFF_BY_ROWS)
    check.choose(transport)
    check.is_connected_over("polling" if transport == "polling" else "websocket")
    assert check.run() == []
    expect(check.summary).to_have_text(re.compile(r"^\d\d+ passed, 0 failed$"))
    check.cell("/test my event: bytes").click()
    expect(check.detail("/test my event: bytes")).to_contain_text("64 bytes")


def test_one_row_is_run_again(dora: Person) -> None:
    check = dora.wire_check
    cell = check.cell("/test my_event")
    expect(cell).to_have_attribute("data-state", "notRun")
    cell.click()
    expect(cell).to_have_attribute("data-state", "passed")
    cell.click()
    detail = check.detail("/test my_event")
    before = detail.inner_text()
    detail.get_by_role("button", name="Run again").click()
    expect(detail).not_to_have_text(before, use_inner_text=True)
    expect(cell).to_have_attribute("data-state", "passed")
    expect(check.cell("/ my_event")).to_have_attribute("data-state", "notRun")


@pytest.mark.seed("S4")
def test_the_typewriter_writes_character_by_character(dora: Person) -> None:
    check = dora.wire_check
    check.text.fill(TEXT)
    check.pace.fill("60")
    growth = check.record_growth()
    check.start.click()
    expect(check.written).not_to_be_empty()
    assert check.has_caret()
    expect(check.written).to_have_attribute("data-state", "finished")
    expect(check.written).to_have_text(TEXT)
    seen = growth()
    assert seen == sorted(seen)
    # A busy machine may show two at once; never many, and never all at the end.
    assert len(seen) > len(TEXT) / 2
    assert not check.has_caret()


def test_the_typewriter_is_stopped(dora: Person) -> None:
    check = dora.wire_check
    check.text.fill("x" * 5_000)
    check.pace.fill("20")
    check.start.click()
    expect(check.written).to_have_text(re.compile("^x{5,}$"))
    check.stop.click()
    expect(check.written).to_have_attribute("data-state", "stopped")
    count = len(check.written.inner_text())
    expect(dora.page.locator("[data-count]")).to_contain_text(f"{count} characters · stopped, {count} sent")


def test_the_console_sends_and_the_log_tells_all(dora: Person) -> None:
    check = dora.wire_check
    check.emit("my event", '["first", ]')
    expect(check.fault).to_contain_text("Not valid JSON")
    check.emit("my event", '[{"first": [1, null]}]', namespace="/test")
    check.shows("out", "my event", '{"first": [1, null]}')
    check.shows("in", "my response", '{"first": [1, null]}')
    check.shows("in", "my event", '"one", 2')
    check.kind.select_option("hex")
    check.emit("my event", "00 ff 10", ack=False)
    check.shows("in", "my response", "<3 bytes 00ff10>")


def test_the_log_is_filtered_paused_copied_and_cleared(dora: Person) -> None:
    check = dora.wire_check
    dora.context.grant_permissions(["clipboard-read", "clipboard-write"])
    check.emit("my event", '["wanted"]')
    check.shows("in", "my event", '"one", 2')
    check.emit("message", '["something else"]', ack=False)
    check.shows("in", "message", "something else")
    check.filter.fill("WANTED")
    expect(check.entries).to_have_count(2)
    check.pause.click()
    check.emit("my event", '["wanted later"]')
    expect(check.log).to_contain_text(re.compile(r"[1-9] new"))
    expect(check.entries).to_have_count(2)
    check.copy.click()
    expect(check.log).to_contain_text("2 entries copied")
    copied = [json.loads(line) for line in dora.page.evaluate("navigator.clipboard.readText()").splitlines()]
    assert [(entry["direction"], entry["namespace"], entry["event"], entry["args"]) for entry in copied] == [
        ("out", "/", "my event", ["wanted"]),
        ("in", "/", "my response", ["wanted"]),
    ]
    check.resume.click()
    expect(check.entries).to_have_count(4)
    check.clear.click()
    expect(check.entries).to_have_count(0)


def test_the_log_is_read_by_keyboard_and_sent_again(dora: Person) -> None:
    check = dora.wire_check
    check.emit("my event", '["once"]')
    check.shows("in", "my event", '"one", 2')
    check.filter.fill("once")
    check.log.get_by_role("listbox").focus()
    dora.page.keyboard.press("Home")
    expect(check.entry).to_contain_text('"once"')
    check.emit("message", '["other"]')
    check.entry.get_by_role("button", name="Send again").click()
    expect(check.event).to_have_value("my event")
    expect(check.arguments).to_have_value('["once"]')
    check.arguments.focus()
    dora.page.keyboard.press("Control+Enter")
    expect(check.entries).to_have_count(4)


def test_choices_are_there_again_after_a_reload(dora: Person) -> None:
    check = dora.wire_check
    check.choose("polling")
    check.emit("broadcast", '["kept"]')
    dora.reload()
    check.is_connected_over("polling")
    expect(check.event).to_have_value("broadcast")
    expect(check.arguments).to_have_value('["kept"]')


def test_a_refused_origin_is_told_why(people: People, stack: Stack) -> None:
    person = people.arrive("Stranger")
    person.witness.allowed_origins.append(stack.third_origin)
    person.expects_complaints(r"blocked by CORS policy", r"net::ERR_FAILED", r"403")
    person.visit(f"{stack.third_origin}/#/wirecheck")
    expect(person.wire_check.why).to_have_attribute("data-why", "origin")
    expect(person.wire_check.why).to_contain_text(stack.page)
    expect(person.wire_check.why).to_contain_text(stack.third_origin)


def test_it_says_when_the_wire_check_is_off(people: People, stack: Stack) -> None:
    person = people.arrive("Dora")
    person.expects_complaints(r"net::ERR_FAILED", r"404 \(Not Found\)")
    person.page.route(f"{stack.api}/socket.io/**", lambda route: route.abort())
    person.page.route(f"{stack.api}/wirecheck", lambda route: route.fulfill(status=404, headers=_anybody(stack)))
    person.visit(f"{stack.page}/#/wirecheck")
    expect(person.wire_check.why).to_have_attribute("data-why", "off")
    expect(person.wire_check.why).to_contain_text("CROSSTALK_WIRECHECK=on")


def test_one_gets_there_from_the_entrance_and_from_the_status(people: People, ann: Person) -> None:
    person = people.arrive("Dora")
    # Its check is left while it connects.
    person.expects_complaints("WebSocket is closed before the connection is established")
    person.visit()
    person.wire_check.link.click()
    expect(person.wire_check.title).to_be_visible()
    person.page.go_back()
    person.entrance.is_shown()
    ann.status.open()
    ann.wire_check.link.click()
    ann.wire_check.is_connected_over("websocket")
    ann.page.go_back()
    ann.status.is_connected()


@pytest.fixture
def pictures(pytestconfig: pytest.Config, results: Path) -> Path | None:
    return results / "screens" if pytestconfig.getoption("--screens") else None


@pytest.mark.parametrize("looks", SCREENS)
def test_axe_finds_nothing_among_the_rows(people: People, stack: Stack, looks: Looks, pictures: Path | None) -> None:
    person = people.arrive("Dora", looks)
    person.expects_complaints(*_SET_OFF_BY_ROWS)
    check, inspection = person.wire_check, Inspection(person, pictures)
    person.visit(f"{stack.page}/#/wirecheck")
    check.is_connected_over("websocket")
    # One answer is changed on the way, so that there is a failure to look at.
    person.page.route(f"{stack.api}/wirecheck", lambda route: route.fulfill(json={"method": "GET"}, headers=_anybody(stack)))
    check.run()
    expect(check.cell("GET /wirecheck")).to_have_attribute("data-state", "failed")
    inspection.look("wirecheck-rows")
    inspection.found_nothing()


@pytest.mark.parametrize("looks", SCREENS)
def test_axe_finds_nothing_on_the_desk(people: People, stack: Stack, looks: Looks, pictures: Path | None) -> None:
    person = people.arrive("Dora", looks)
    check, inspection = person.wire_check, Inspection(person, pictures)
    person.visit(f"{stack.page}/#/wirecheck")
    check.is_connected_over("websocket")
    if looks.size == NARROW:
        check.go_to("typewriter")
    check.text.fill(TEXT * 8)
    check.pace.fill("20")
    check.start.click()
    expect(check.written).to_have_text(re.compile(".{30,}"))
    if looks.size == NARROW:
        inspection.look("wirecheck-typewriter")
        check.go_to("console")
    check.emit("my event", '[{"colour": "green", "list": [1, 2, 3]}]')
    check.filter.fill("my")
    check.shows("out", "my event", "green").last.click()
    check.emit("my event", "[oops")
    expect(check.fault).to_be_visible()
    inspection.look("wirecheck-desk")
    inspection.found_nothing()


def _anybody(stack: Stack) -> dict[str, str]:
    return {"access-control-allow-origin": stack.page}
