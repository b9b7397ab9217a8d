"""What the page costs before anything can be done on it."""

import gzip
import json
import re

from playwright.sync_api import Response, expect

from people import People

BUDGET = 80_000


def test_the_first_load_takes_at_most_80_kb_of_javascript(people: People) -> None:
    person = people.arrive("Ann")
    scripts: list[Response] = []
    person.page.on("response", lambda answer: scripts.append(answer) if answer.url.endswith(".js") else None)
    person.visit()
    person.entrance.is_shown()
    person.page.wait_for_load_state("networkidle")
    sizes = {answer.url: len(gzip.compress(answer.body(), 9)) for answer in scripts}
    assert sizes, "no script was loaded"
    assert sum(sizes.values()) <= BUDGET, json.dumps(sizes, indent=2)


def test_everything_comes_from_the_pages_own_origin_and_the_api(people: People) -> None:
    person = people.enter("Ann")
    asked = {re.match(r"\w+://[^/]+", address)[0].replace("ws://", "http://") for address in person.witness.requests}  # type: ignore[index]
    assert asked == {person.stack.page, person.stack.api}


def test_the_language_of_the_browser_is_the_language_of_the_page(people: People) -> None:
    person = people.arrive("Ann")
    person.visit()
    expect(person.page.locator("html")).to_have_attribute("lang", "en")
    person.page.get_by_role("radio", name="简体中文").check()
    expect(person.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(person.page.get_by_role("button", name="以访客身份继续")).to_be_visible()
    person.reload()
    expect(person.page.get_by_role("button", name="以访客身份继续")).to_be_visible()
