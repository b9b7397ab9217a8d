"""The contract over HTTP: what machines fetch, and pages that people read in a browser, from this host alone."""

import gzip
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from documents_of_the_wire import COMMITTED
from playwright.sync_api import Browser, Page, expect

from crosstalk.core.errors import END_REASONS, ERRORS
from rest import Answer, ask
from server import Server

ROOT = Path(__file__).parents[3]
PAGES = ["/docs", "/docs/rest", "/docs/events", "/docs/errors"]
# A loaded machine is slow, not wrong.
expect.set_options(timeout=25_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium that the end-to-end tests use."""
    found = subprocess.run([ROOT / "scripts/chromium.sh"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    # Chromium's sandbox does not work for root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": found.stdout.strip(), "args": sandbox}


@pytest.fixture(params=["light", "dark"])
def reader(request: pytest.FixtureRequest, browser: Browser) -> Any:
    """A page that writes down what goes wrong on it and what it asks of whom."""
    with browser.new_context(color_scheme=request.param) as context:
        page = context.new_page()
        page.set_default_timeout(25_000)
        yield page


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json", "errors.json"])
def test_a_server_serves_the_committed_document(server: Server, name: str) -> None:
    answer = _get(server, f"/{name}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.raw == (COMMITTED / name).read_bytes()


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/docs.css"])
def test_what_has_not_changed_is_not_sent_again(server: Server, path: str) -> None:
    tag = _get(server, path).headers["etag"]
    again = ask(server.port, "GET", path, headers=[("If-None-Match", tag)])
    assert (again.status, again.raw) == (304, b"")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_nothing_from_elsewhere(server: Server, path: str) -> None:
    policy = _get(server, path).headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert not [one for one in policy if "http" in one or "*" in one]


def test_redoc_is_compressed_and_kept_by_the_browser(server: Server) -> None:
    plain = _get(server, "/docs/redoc.js")
    compressed = ask(server.port, "GET", "/docs/redoc.js", headers=[("Accept-Encoding", "gzip")])
    assert compressed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed.raw) == plain.raw
    assert len(compressed.raw) < 700_000
    assert "immutable" in compressed.headers["cache-control"]
    assert "accept-encoding" in compressed.vary()


def test_the_type_of_a_problem_leads_to_its_row(server: Server) -> None:
    problem = ask(server.port, "GET", "/api/me")
    page, anchor = problem.body["type"].split("#")
    assert anchor == problem.code == "unauthenticated"
    assert f'id="{anchor}"' in _get(server, page).raw.decode()


def test_every_code_and_every_reason_has_an_anchor(server: Server) -> None:
    page = _get(server, "/docs/errors").raw.decode()
    assert [code for code in ERRORS if f'id="{code}"' not in page] == []
    assert [reason for reason in END_REASONS if f'id="reason-{reason}"' not in page] == []


def test_the_pages_can_be_read_and_stay_on_their_host(server: Server, reader: Page) -> None:
    problems: list[str] = []
    asked: list[str] = []
    reader.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    reader.on("pageerror", lambda error: problems.append(str(error)))
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(f"{server.url}/docs")
    reader.get_by_role("link", name="REST reference").click()
    expect(reader.get_by_role("heading", name="Crosstalk REST API")).to_be_visible()
    reader.goto(f"{server.url}/docs/rest#/messages/send_message")
    expect(reader.get_by_role("heading", name="Send a message")).to_be_visible()
    reader.goto(f"{server.url}/docs")
    reader.get_by_role("link", name="Event reference").click()
    expect(reader.get_by_role("heading", name="Crosstalk live events")).to_be_visible()
    reader.goto(f"{server.url}/docs/events#/channels/chat")
    expect(reader.get_by_role("heading", name="connect_error").first).to_be_visible()
    reader.goto(f"{server.url}/docs/errors#wrong_offset")
    expect(reader.locator("#wrong_offset")).to_contain_text("Continue from the offset")
    assert problems == []
    assert [url for url in asked if not url.startswith((f"{server.url}/", "data:"))] == []


def _get(server: Server, path: str) -> Answer:
    answer = ask(server.port, "GET", path)
    assert answer.status == 200, answer.raw
    return answer
