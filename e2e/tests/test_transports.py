"""Over what the page is connected, as it says and as the wire shows."""

import re
from typing import Literal

import pytest
from playwright.sync_api import expect

from person import Person


@pytest.mark.parametrize(("transport", "words"), [("polling", "Polling"), ("websocket", "WebSocket")])
@pytest.mark.seed("S1")
def test_rooms_and_live_texts_work_over_one_transport_only(
    ann: Person, bob: Person, shared_room: str, transport: Literal["polling", "websocket"], words: str
) -> None:
    ann.status.choose(transport)
    ann.status.is_over(transport)
    ann.witness.requests.clear()
    ann.reload()
    ann.status.is_over(transport)
    ann.status.is_whole()
    expect(ann.status.button).to_have_accessible_name("Connection: Connected")
    ann.status.open()
    expect(ann.status.details).to_contain_text(words)
    ann.status.close()
    ann.room.say("over one transport")
    bob.room.say("an answer")
    bob.room.start_live_text("written for 一个 transport 🛤️", 95)
    for person in (ann, bob):
        person.room.shows("over one transport", "an answer")
        person.room.stream().is_over("finished")
        person.room.stream().reads("written for 一个 transport 🛤️")
    other = {"polling": "transport=websocket", "websocket": "transport=polling"}[transport]
    assert any(f"transport={transport}" in address for address in ann.witness.requests)
    assert not [address for address in ann.witness.requests if other in address]


@pytest.mark.seed("S1")
def test_the_page_begins_with_polling_and_goes_over_to_websocket(ann: Person) -> None:
    ann.status.is_over("websocket")
    live = [address for address in ann.witness.requests if "/socket.io/" in address]
    assert "transport=polling" in live[0]
    assert any(address.startswith("ws://") for address in live)
    expect(ann.status.button).to_have_accessible_name("Connection: Connected")


def test_the_details_name_both_origins_and_how_it_is_connected(ann: Person) -> None:
    ann.status.is_over("websocket")
    ann.status.open()
    for words in (ann.stack.api, ann.stack.page, "WebSocket"):
        expect(ann.status.details).to_contain_text(words)
    expect(ann.status.details).to_contain_text(re.compile(r"Latency\s*\d+ ms"))
    ann.status.close()
    expect(ann.status.button).to_be_focused()
