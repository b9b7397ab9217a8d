"""What is on its way: shared by all tabs, sent once and in order, and told when it is refused."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import WebSocketRoute, expect

from inspection import Inspection
from person import Person
from stack import Stack

_SEND = re.compile(r'^42/chat,(\d+)\["message:send",')


@dataclass
class Refusals:
    """Stands between a page and its API, and refuses sends with what is on the list, one after the other."""

    codes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def stand_before(self, person: Person) -> None:
        person.context.route_web_socket(re.compile("/socket.io/"), self._connect)
        person.reload()
        person.status.is_connected()
        person.status.choose("websocket")
        person.status.close()
        person.status.is_over("websocket")

    def _connect(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def heard(packet: str | bytes) -> None:
            send = _SEND.match(packet) if isinstance(packet, str) else None
            if send is None or not self.codes:
                server.send(packet)
                return
            code = self.codes.pop(0)
            self.refused.append(code)
            error = {"code": code, "message": code} | ({"retry_after": 0.1} if code == "rate_limited" else {})
            route.send(f"43/chat,{send[1]}{json.dumps([{'ok': False, 'error': error}])}")

        route.on_message(heard)


REASONS = {
    "too_large": "This is too long. Shorten it.",
    "invalid": "Check what you entered and try again.",
    "forbidden": "You can no longer post in this room.",
    "not_found": "You can no longer post in this room.",
    "conflict": "Another message has the same ID. Resend it to use a new one.",
    "internal": "The server had a problem. Try again later.",
}


def test_each_refusal_is_told_and_can_be_tried_again_or_discarded(ann: Person, bob: Person, shared_room: str) -> None:
    refusals = Refusals()
    refusals.stand_before(ann)
    sent = []
    for code, reason in REASONS.items():
        # What may pass is tried again some times first.
        refusals.codes = [code] * (4 if code == "internal" else 1)
        for name in ("kept", "dropped"):
            text = f"{name} {code}"
            ann.room.write(text)
            message = ann.room.message(text)
            expect(message).to_have_attribute("data-state", "failed", timeout=20_000)
            expect(message.locator("[data-delivery=failed]")).to_contain_text(f"Not sent. {reason}")
            if name == "kept":
                message.get_by_role("button", name="Resend").click()
                expect(message).to_have_attribute("data-state", "sent")
                sent.append(text)
                refusals.codes = [code] * (4 if code == "internal" else 1)
            else:
                message.get_by_role("button", name="Discard").click()
                expect(message).to_have_count(0)
    ann.status.is_whole()
    for person in (ann, bob):
        person.room.shows(*sent)
    ann.reload()
    ann.room.shows(*sent)


@pytest.mark.parametrize("code", ["unavailable", "rate_limited", "token_expired"])
def test_what_passes_by_itself_is_sent_without_a_word(ann: Person, bob: Person, shared_room: str, code: str) -> None:
    refusals = Refusals()
    refusals.stand_before(ann)
    refusals.codes = [code] * 2
    ann.room.say("one")
    ann.room.say("two")
    assert refusals.refused == [code] * 2
    for person in (ann, bob):
        person.room.shows("one", "two")


def test_what_was_written_before_leaving_waits_for_a_decision(
    ann: Person, bob: Person, shared_room: str, pytestconfig: pytest.Config, results: Path
) -> None:
    room_id = bob.room_id()
    bob.go_offline()
    bob.status.is_offline()
    for text in ("to be sent later", "to be forgotten"):
        bob.room.write(text)
    bob.rest("DELETE", f"/rooms/{room_id}/members/me")
    bob.go_online()
    bob.status.is_connected()
    expect(bob.status.box).to_have_attribute("data-unsent", "2")
    # The room is closed to him now: the list of what was not sent is not.
    bob.status.open()
    unsent = bob.status.details.locator("[data-unsent-list] li")
    expect(unsent).to_have_count(2)
    expect(unsent.first).to_contain_text(f"{shared_room} · You can no longer post in this room.")
    inspection = Inspection(bob, results / "screens" if pytestconfig.getoption("--screens") else None)
    inspection.look("status-unsent")
    inspection.found_nothing()
    unsent.filter(has_text="to be forgotten").get_by_role("button", name="Discard").click()
    expect(unsent).to_have_count(1)
    bob.status.close()
    bob.page.get_by_role("button", name=f"Join {shared_room}").last.click()
    message = bob.room.message("to be sent later")
    expect(message).to_have_attribute("data-state", "failed")
    message.get_by_role("button", name="Resend").click()
    for person in (ann, bob):
        person.room.shows("to be sent later")


def test_two_tabs_share_one_outbox_and_double_nothing(ann: Person, bob: Person, shared_room: str, stack: Stack) -> None:
    other = ann.new_tab()
    other.visit(ann.page.url)
    expect(other.room.field).to_be_visible()
    other.status.is_whole()
    for person in (ann, bob):
        person.loses_api()
    stack.kill()
    try:
        for tab in (ann, other):
            tab.status.is_offline()
        texts = []
        for number in range(3):
            for name, tab in (("first", ann), ("second", other)):
                texts.append(f"{name} tab, {number}")
                tab.room.write(texts[-1])
                for each in (ann, other):
                    expect(each.status.box).to_have_attribute("data-unsent", str(len(texts)))
        other.reload()
        expect(other.status.box).to_have_attribute("data-unsent", str(len(texts)))
        other.room.write("after the reload")
        texts.append("after the reload")
    finally:
        stack.start()
    for tab in (ann, other):
        tab.status.is_whole()
        tab.room.shows(*texts)
    bob.status.is_whole()
    bob.room.shows(*texts)
    ann.reload()
    ann.room.shows(*texts)
