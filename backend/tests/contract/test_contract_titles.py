"""Operations are found by their titles, and explained by more than their limits."""

import json
import re
from typing import Any

import pytest

from crosstalk import features
from crosstalk.contract.documents import documents

features.declare()

# A title begins with one of these. A new verb is added here once it has been checked that it is the one people search for.
VERBS = {
    "Append", "Check", "Connect", "Continue", "Create", "Delete", "Edit", "Finish", "Get", "Join", "Leave", "List", "Mark", "Open",
    "Read", "Refresh", "Renew", "Resume", "Send", "Sign", "Start", "Stop",
}  # fmt: skip
METHODS = {"get", "post", "put", "patch", "delete"}


def _entries() -> dict[str, dict[str, Any]]:
    openapi, asyncapi = (json.loads(documents()[name]) for name in ("openapi.json", "asyncapi.json"))
    routes = {
        f"{method} {path}": one for path, item in openapi["paths"].items() for method, one in item.items() if method in METHODS
    }
    commands = {name: one for name, one in asyncapi["operations"].items() if one["action"] == "receive"}
    return routes | commands


ENTRIES = _entries()
EVENTS = {name: one for name, one in json.loads(documents()["asyncapi.json"])["operations"].items() if one["action"] == "send"}


@pytest.mark.parametrize("name", ENTRIES)
def test_every_operation_has_a_short_title_in_the_imperative(name: str) -> None:
    title = ENTRIES[name]["summary"]
    assert 2 <= len(title.split()) <= 5
    assert title.split()[0] in VERBS
    assert "." not in title


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_has_a_short_title(name: str) -> None:
    assert 2 <= len(EVENTS[name]["summary"].split()) <= 5
    assert "." not in EVENTS[name]["summary"]


@pytest.mark.parametrize("name", ENTRIES | EVENTS)
def test_every_description_begins_with_a_sentence_about_what_happens(name: str) -> None:
    described = (ENTRIES | EVENTS)[name]
    sentence = described["description"].split("\n\n")[0]
    assert re.fullmatch(r"[A-Z].{20,}\.", sentence, re.DOTALL)
    assert not sentence.startswith(("At most", "Rate limit", "Refusals"))
    assert sentence.removesuffix(".") != described["summary"]
