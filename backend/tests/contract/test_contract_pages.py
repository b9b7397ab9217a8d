"""The contract and the guides over HTTP: what machines fetch, and pages that people read in a browser, from this host alone."""

import json
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

import pytest
from browsing import ROOT, browser_type_launch_args, expect
from documents_of_the_wire import COMMITTED, committed
from playwright.sync_api import Browser, Page

from crosstalk.contract import guides
from crosstalk.core.errors import END_REASONS, ERRORS
from rest import Answer, ask
from server import Server

__all__ = ["browser_type_launch_args"]
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
PAGES = ["/docs", "/docs/rest", "/docs/events", "/docs/errors", *(f"/docs/{name}" for name in guides.names())]
WRITTEN = "http://localhost:5002"
REFERENCES = ["/docs/rest", "/docs/events"]
# One page of each template, and one with code, lists and tables.
INSPECTED = ["/docs", "/docs/errors", "/docs/guides/testing", *REFERENCES]
OPTIONS: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}


class Reading(HTMLParser):
    """What a page has: its text, its links and its ids."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.text, self.links, self.ids = "", [], []  # type: str, list[str], list[str]
        self.feed(answer.raw.decode())

    def handle_starttag(self, _: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.links += [given[name] for name in ("href", "src") if name in given]
        self.ids += [given["id"]] if "id" in given else []

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json", "errors.json"])
def test_a_server_serves_the_committed_document_under_its_own_address(server: Server, name: str) -> None:
    answer = _get(server, f"/{name}")
    assert answer.headers["content-type"] == "application/json"
    host = f"127.0.0.1:{server.port}"
    text = (COMMITTED / name).read_text(encoding="utf-8").replace(WRITTEN, f"http://{host}")
    assert answer.raw.decode() == text.replace('"host": "localhost:5002"', f'"host": "{host}"')


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/docs.css", "/docs/guides/own-page"])
def test_what_has_not_changed_is_not_sent_again(server: Server, path: str) -> None:
    tag = _get(server, path).headers["etag"]
    again = ask(server.port, "GET", path, headers=[("If-None-Match", tag)])
    assert (again.status, again.raw) == (304, b"")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere_and_its_links_lead_somewhere(server: Server, path: str) -> None:
    answer = _get(server, path)
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= set(policy)
    assert not [one for one in policy if "http" in one or "*" in one or "unsafe" in one]
    page = Reading(answer)
    assert len(page.ids) == len(set(page.ids))
    assert [one for one in page.links if one.startswith("/")] == [], "below a path they would lead to another site"
    for link in page.links:
        _follow(server, path, link, page)


@cache
def _read(server: Server, path: str) -> Reading:
    return Reading(_get(server, path))


def _follow(server: Server, path: str, link: str, page: Reading) -> None:
    target = urlsplit(urljoin(f"http://api{path}", link))
    if target.netloc != "api" or target.scheme == "data":
        return
    if target.path != path:
        page = _read(server, target.path + (f"?{target.query}" if target.query else ""))
    assert target.fragment in ("", *page.ids), f"{path} links to {link}"


def test_the_pages_name_the_server_that_they_were_asked_for_under(server: Server) -> None:
    for path in PAGES:
        text = Reading(ask(server.port, "GET", path, headers=[("Host", "chat.example.test:7000")])).text
        assert WRITTEN.removeprefix("http://") not in text, path
    events = Reading(ask(server.port, "GET", "/docs/events", headers=[("Host", "chat.example.test:7000")])).text
    assert 'io("http://chat.example.test:7000/chat"' in events
    document = ask(server.port, "GET", "/asyncapi.json", headers=[("Host", "chat.example.test:7000")]).body
    assert document["servers"]["api"]["host"] == "chat.example.test:7000"


@pytest.mark.parametrize("host", ['a"b', "<i>", "a&b", "x" * 200])
def test_a_strange_host_breaks_neither_page_nor_document(server: Server, host: str) -> None:
    for path in ("/docs/events", "/openapi.json"):
        answer = ask(server.port, "GET", path, headers=[("Host", host)])
        if answer.status == 200:
            assert b"<i>" not in answer.raw
            assert answer.headers["content-type"].startswith("text/html") or json.loads(answer.raw)
        else:
            assert answer.status == 400


def test_the_event_reference_takes_the_view_of_the_client(server: Server) -> None:
    text = re.sub(r"\s+", " ", Reading(_get(server, "/docs/events")).text)
    sent, _, received = text.partition("Events, sent to every connection")
    assert received
    for operation in committed("asyncapi.json")["operations"].values():
        side, words = (sent, "you send") if operation["action"] == "receive" else (received, "you receive")
        assert f"{words} {operation['title']} #" in side
    assert "an operation with the action receive is a command that a client sends" in text


def test_the_type_of_a_problem_leads_to_its_row(server: Server) -> None:
    problem = ask(server.port, "GET", "/api/me")
    page, anchor = problem.body["type"].split("#")
    assert anchor == problem.code == "unauthenticated"
    assert anchor in Reading(_get(server, page)).ids


def test_every_code_and_every_reason_has_an_anchor(server: Server) -> None:
    assert {*ERRORS, *(f"reason-{one}" for one in END_REASONS)} <= set(Reading(_get(server, "/docs/errors")).ids)


def test_what_is_not_served_is_not_found(server: Server) -> None:
    for path in ("/docs/decisions/0001-layout", "/docs/protocol.md", "/docs/guides", "/docs/../README.md"):
        assert ask(server.port, "GET", path).status == 404


@pytest.mark.timeout(240)
def test_the_pages_can_be_read_by_everybody(server: Server, browser: Browser) -> None:
    problems: list[str] = []
    asked: list[str] = []
    with browser.new_context(color_scheme="light") as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        for path in PAGES:
            page.goto(f"{server.url}{path}")
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    problems.append(f"{path} is wider than {width} px")
            if path in INSPECTED:
                problems += _faults(page, path)
    assert problems == []
    assert [url for url in asked if not url.startswith((f"{server.url}/", "data:"))] == []


def _faults(page: Page, path: str) -> list[str]:
    """What axe finds: everything in light, and in dark what depends on colours."""
    page.evaluate(AXE.read_text())
    faults = []
    for theme, options in OPTIONS.items():
        page.emulate_media(color_scheme=theme)
        # Each entry of a reference is made by the same template: the first ones stand for all.
        where = {"include": [["header"], [".side"], ["main > :nth-child(-n + 6)"]]} if path in REFERENCES else None
        violations = page.evaluate(
            "([where, options]) => axe.run(where ?? document, options).then(it => it.violations)", [where, options]
        )
        faults += [f"{path}, {theme}: {json.dumps(violation, indent=1)}" for violation in violations]
    page.emulate_media(color_scheme="light")
    return faults


def test_a_reader_with_a_keyboard_finds_the_way_on_a_phone(server: Server, browser: Browser) -> None:
    with browser.new_context(viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{server.url}/docs/guides/get-started")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        link = page.get_by_role("navigation").get_by_role("link", name="Event reference")
        expect(link).to_be_visible()
        link.press("Enter")
        expect(page.get_by_role("heading", name="Crosstalk live events")).to_be_visible()
        expect(page.get_by_text(f'"{server.url}/chat"').first).to_be_visible()


def _get(server: Server, path: str) -> Answer:
    answer = ask(server.port, "GET", path)
    assert answer.status == 200, f"{path}: {answer.raw[:300]!r}"
    return answer
