"""Who may come in: the page's own origin, and no other."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Frame, Page, expect

from people import People
from person import Person
from stack import Stack

# What a browser says of what it was refused.
_REFUSED = (r"blocked by CORS policy", r"net::ERR_FAILED", r"403", r"WebSocket connection to '[^']*' failed")

# Everything that a page can try, one after the other, and what it gets to see of each.
_ATTEMPTS = """async ({ api, sid }) => {
  const asked = (path, how) => fetch(api + path, how).then(answer => `readable ${answer.status}`, error => error.name)
  const opened = path => new Promise(resolve => {
    const socket = new WebSocket(api.replace('http', 'ws') + path)
    socket.onopen = () => { socket.onclose = null; socket.close(); resolve('open') }
    socket.onclose = event => resolve(`closed ${event.code}`)
  })
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
  return {
    rest: await asked('/api/me'),
    preflight: await asked('/api/guests', json),
    polling: await asked('/socket.io/?EIO=4&transport=polling'),
    websocket: await opened('/socket.io/?EIO=4&transport=websocket'),
    upgrade: await opened(`/socket.io/?EIO=4&transport=websocket&sid=${sid}`),
    downloads: await asked('/openapi.json'),
  }
}"""

_GOT_IN = {
    "rest": "readable 401",
    "preflight": "readable 400",
    "polling": "readable 200",
    "websocket": "open",
    "upgrade": "open",
    "downloads": "readable 200",
}
_KEPT_OUT = {
    "rest": "TypeError",
    "preflight": "TypeError",
    "polling": "TypeError",
    "websocket": "closed 1006",
    "upgrade": "closed 1006",
    "downloads": "TypeError",
}

_CHECK = """({ api }) => fetch(`${api}/origin-check?origin=${encodeURIComponent(self.origin)}`).then(answer => answer.json())"""


class _Sandboxed(BaseHTTPRequestHandler):
    """Serves a document that has no origin of its own, like one in a frame with `sandbox="allow-scripts"`."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", "sandbox allow-scripts")
        self.end_headers()
        self.wfile.write(b'<!doctype html><title>a sandbox</title><link rel="icon" href="data:,">')

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger(people: People, stack: Stack) -> Person:
    """Somebody with the page on an origin that is not on the list."""
    person = people.arrive("Stranger")
    person.witness.allowed_origins.append(stack.third_origin)
    person.visit(stack.third_origin)
    expect(person.unreachable.alert).to_be_visible()
    return person


def test_a_page_from_a_third_origin_says_why_it_may_not_come_in(stranger: Person, stack: Stack) -> None:
    expect(stranger.unreachable.alert).to_contain_text("doesn’t allow this page’s origin")
    for origin in (stack.third_origin, stack.api):
        expect(stranger.unreachable.alert).to_contain_text(origin)
    near = f"the list has {stack.page}, but this origin is {stack.third_origin}: the port differs"
    expect(stranger.unreachable.alert).to_contain_text(near)
    expect(stranger.entrance.name).to_have_count(0)
    stranger.unreachable.try_again.click()
    expect(stranger.unreachable.alert).to_contain_text(near)


def test_a_near_miss_is_named(people: People, stack: Stack) -> None:
    near = stack.page.replace("localhost", "127.0.0.1")
    person = people.arrive("Near")
    person.witness.allowed_origins.append(near)
    person.visit(near)
    expect(person.unreachable.alert).to_contain_text("doesn’t allow this page’s origin")
    expect(person.unreachable.alert).to_contain_text(f"the list has {stack.page}, but this origin is {near}: the host differs")


@pytest.mark.parametrize("width", [1280, 390])
def test_somebody_who_was_signed_in_reads_why_the_page_does_not_connect_any_more(
    people: People, stack: Stack, width: int
) -> None:
    person = people.enter("Moved")
    session = person.page.evaluate("localStorage.getItem('crosstalk.session')")
    person.witness.allowed_origins.append(stack.third_origin)
    person.expects_complaints(*_REFUSED)
    person.visit(stack.third_origin)
    expect(person.unreachable.alert).to_be_visible()
    person.page.set_viewport_size({"width": width, "height": 844})
    person.page.evaluate("session => localStorage.setItem('crosstalk.session', session)", session)
    person.reload()
    why = person.status.banner.get_by_text(f"this origin is {stack.third_origin}: the port differs")
    expect(why).to_be_visible()


@dataclass(frozen=True)
class Place:
    """Where a script runs, and the origin it has there."""

    person: Person
    origin: str
    frame: Page | Frame


def _another_port(person: Person, stack: Stack, _folder: Path, _sandbox: str) -> Place:
    person.visit(stack.third_origin)
    return Place(person, stack.third_origin, person.page)


def _another_name(person: Person, stack: Stack, _folder: Path, _sandbox: str) -> Place:
    origin = stack.page.replace("localhost", "127.0.0.1")
    person.visit(origin)
    return Place(person, origin, person.page)


def _sandbox(person: Person, _stack: Stack, _folder: Path, sandbox: str) -> Place:
    person.witness.allowed_origins.append(sandbox)
    person.visit(sandbox)
    return Place(person, "null", person.page)


def _file(person: Person, _stack: Stack, folder: Path, _sandbox: str) -> Place:
    page = folder / "page.html"
    page.write_text("<!doctype html><title>a file</title>")
    person.page.goto(page.as_uri())
    return Place(person, "null", person.page)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Sandboxed) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=[_another_port, _another_name, _sandbox, _file], ids=lambda made: made.__name__.strip("_"))
def refused_place(people: People, stack: Stack, tmp_path: Path, sandbox: str, request: pytest.FixtureRequest) -> Place:
    person = people.arrive("Outside")
    person.witness.allowed_origins += [stack.third_origin, stack.page.replace("localhost", "127.0.0.1"), "file://"]
    place: Place = request.param(person, stack, tmp_path, sandbox)
    person.expects_complaints(*_REFUSED)
    return place


@pytest.fixture
def refused_since(stack: Stack) -> Callable[[], dict[str, int]]:
    """How many requests the API has refused since now because of their origin, by surface."""

    def counted() -> dict[str, int]:
        with urlopen(f"{stack.api}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
        counts = re.findall(r'^crosstalk_origins_refused_total\{surface="(\w+)"\} (\d+)', metrics, re.MULTILINE)
        return {surface: int(count) for surface, count in counts}

    before = counted()
    return lambda: {
        surface: count - before.get(surface, 0) for surface, count in counted().items() if count != before.get(surface)
    }


@pytest.fixture
def sid(stack: Stack) -> str:
    """An open polling session of somebody who is no page."""
    with urlopen(f"{stack.api}/socket.io/?EIO=4&transport=polling", timeout=10) as answer:
        opened: str = json.loads(answer.read()[1:])["sid"]
    return opened


@pytest.mark.seed("S11")
def test_nothing_of_a_refused_page_gets_through(
    refused_place: Place, stack: Stack, sid: str, refused_since: Callable[[], dict[str, int]]
) -> None:
    assert refused_place.frame.evaluate("self.origin") == refused_place.origin
    assert refused_place.frame.evaluate(_ATTEMPTS, {"api": stack.api, "sid": sid}) == _KEPT_OUT
    assert refused_since() == dict.fromkeys(_KEPT_OUT, 1), "each was refused by the API itself, once"


def test_a_form_that_needs_no_preflight_is_refused_too(
    refused_place: Place, stack: Stack, refused_since: Callable[[], dict[str, int]]
) -> None:
    blind = "({ api }) => fetch(`${api}/api/guests`, { method: 'POST', mode: 'no-cors', body: '{\"name\": \"Eve\"}' }).then(a => a.type)"
    assert refused_place.frame.evaluate(blind, {"api": stack.api}) == "opaque"
    assert refused_since() == {"rest": 1}


def test_a_refused_page_can_read_why(refused_place: Place, stack: Stack) -> None:
    check = refused_place.frame.evaluate(_CHECK, {"api": stack.api})
    assert (check["origin"], check["allowed"]) == (refused_place.origin, False)
    assert stack.page in check["hint"]


@pytest.mark.seed("S11")
def test_everything_of_the_allowed_page_gets_through(
    people: People, stack: Stack, sid: str, refused_since: Callable[[], dict[str, int]]
) -> None:
    person = people.arrive("Inside")
    person.visit()
    person.expects_complaints(r"401", r"400")
    assert person.page.evaluate(_ATTEMPTS, {"api": stack.api, "sid": sid}) == _GOT_IN
    assert person.page.evaluate(_CHECK, {"api": stack.api}) == {"origin": stack.page, "allowed": True, "hint": None}
    assert refused_since() == {}


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
