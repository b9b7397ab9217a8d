"""Who may come in: the page's own origin, and no other."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from people import People
from person import Person
from stack import Stack

_REFUSED = (r"blocked by CORS policy", r"net::ERR_FAILED", r"403")

_FETCH = """async address => {
  try {
    const answer = await fetch(address, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
    return `readable: ${answer.status}`
  } catch (error) {
    return error.name
  }
}"""

_POLL = "address => fetch(address).then(answer => `readable: ${answer.status}`, error => error.name)"

_SOCKET = """address => new Promise(resolve => {
  const socket = new WebSocket(address)
  socket.onopen = () => resolve('open')
  socket.onclose = event => resolve(`closed ${event.code}`)
})"""


@pytest.fixture
def stranger(people: People, stack: Stack) -> Person:
    """Somebody with the page on an origin that is not on the list."""
    person = people.arrive("Stranger")
    person.witness.allowed_origins.append(stack.third_origin)
    person.visit(stack.third_origin)
    expect(person.unreachable.alert).to_be_visible()
    return person


def test_a_page_from_a_third_origin_says_why_it_may_not_come_in(stranger: Person, stack: Stack) -> None:
    expect(stranger.unreachable.alert).to_contain_text("does not allow this page’s origin")
    for origin in (stack.third_origin, stack.api):
        expect(stranger.unreachable.alert).to_contain_text(origin)
    expect(stranger.entrance.name).to_have_count(0)
    stranger.unreachable.try_again.click()
    expect(stranger.unreachable.alert).to_contain_text("does not allow this page’s origin")


def test_a_near_miss_is_named(people: People, stack: Stack) -> None:
    near = stack.page.replace("localhost", "127.0.0.1")
    person = people.arrive("Near")
    person.witness.allowed_origins.append(near)
    person.visit(near)
    expect(person.unreachable.alert).to_contain_text("does not allow this page’s origin")
    expect(person.unreachable.alert).to_contain_text(re.compile("localhost"))


def refusals(person: Person) -> list[int]:
    """The statuses of all answers from now on, also of those that the browser keeps from the page."""
    statuses: list[int] = []
    wire = person.context.new_cdp_session(person.page)
    wire.on("Network.responseReceivedExtraInfo", lambda answer: statuses.append(answer["statusCode"]))
    wire.send("Network.enable")
    return statuses


def test_rest_is_refused_to_a_third_origin(stranger: Person, stack: Stack) -> None:
    stranger.expects_complaints(*_REFUSED)
    statuses = refusals(stranger)
    assert stranger.page.evaluate(_FETCH, f"{stack.api}/api/guests") == "TypeError"
    assert statuses == [403], "refused at the preflight, and never sent"


def test_polling_is_refused_to_a_third_origin(stranger: Person, stack: Stack) -> None:
    stranger.expects_complaints(*_REFUSED)
    statuses = refusals(stranger)
    assert stranger.page.evaluate(_POLL, f"{stack.api}/socket.io/?EIO=4&transport=polling") == "TypeError"
    assert statuses == [403]


def test_a_websocket_is_refused_to_a_third_origin(stranger: Person, stack: Stack) -> None:
    stranger.expects_complaints(r"WebSocket connection to '[^']*' failed: .*Unexpected response code: 403")
    address = f"ws://{urlsplit(stack.api).netloc}/socket.io/?EIO=4&transport=websocket"
    with stranger.page.expect_console_message(lambda said: "Unexpected response code: 403" in said.text):
        assert stranger.page.evaluate(_SOCKET, address) == "closed 1006"


@pytest.fixture
def other_address(stack: Stack) -> Iterator[str]:
    """The same API under another name, as the page's config.json tells it."""
    address = stack.api.replace("localhost", "127.0.0.1")
    stack.name_api(address)
    yield address
    stack.name_api(stack.api)


def test_config_json_alone_decides_which_api_the_page_uses(people: People, stack: Stack, other_address: str) -> None:
    person = people.arrive("Mover")
    person.witness.allowed_origins.append(other_address)
    person.enter("Mover")
    person.status.open()
    expect(person.status.details).to_contain_text(other_address)
    assert not [address for address in person.witness.requests if address.startswith(stack.api)]


def test_a_page_whose_api_is_down_says_so_and_recovers(people: People, stack: Stack) -> None:
    person = people.arrive("Early")
    person.loses_api()
    stack.kill()
    try:
        person.visit()
        expect(person.unreachable.title).to_be_visible()
        expect(person.unreachable.alert).to_contain_text(stack.api)
    finally:
        stack.start()
    person.unreachable.try_again.click()
    person.entrance.as_guest("Early")
    person.status.is_connected()
