"""What OpenAPI and AsyncAPI say in the same words: tags, descriptions, and which errors to expect."""

import sys
from typing import Any, get_args, get_type_hints

from crosstalk.core.errors import ERRORS
from crosstalk.core.operations import Operation, Repeated

_FIRST = ("accounts", "rooms", "messages", "streams")
LICENSE = {"name": "MIT", "identifier": "MIT"}


def tags(features: set[str]) -> list[dict[str, str]]:
    """The features as tags: what a reader looks for first comes first."""
    order = sorted(features, key=place_of)
    return [{"name": one, "description": _purpose(one)} for one in order]


def place_of(feature: str) -> tuple[int, str]:
    return (_FIRST.index(feature) if feature in _FIRST else len(_FIRST), feature)


def _purpose(feature: str) -> str:
    return (sys.modules[f"crosstalk.features.{feature}"].__doc__ or "").strip()


def description(operation: Operation) -> str:
    """The sentences of the docstring and, as a paragraph of its own, the rate limit."""
    if operation.frequency is None:
        return operation.description
    counted = "user" if operation.needs_actor else "client network"
    return f"{operation.description}\n\nRate limit: {operation.frequency} for each {counted}."


def size_in_words(operation: Operation) -> str:
    """How many bytes the input may have, and why more than others."""
    why = f": {operation.why_more}" if operation.why_more else ""
    return f"At most {operation.body_bytes:,} bytes of JSON{why}."


def expected_errors(operation: Operation, *of_the_transport: str) -> list[str]:
    """The codes that an operation may answer, in the order of the table."""
    codes = {*operation.errors, *of_the_transport, "invalid", "rate_limited", "internal", "unavailable"}
    return [code for code in ERRORS if code in codes]


def may_be_repeated(operation: Operation) -> bool:
    """Whether the operation tells something new from something done before."""
    answer: Any = get_type_hints(operation.run)["return"]
    return any(getattr(one, "__origin__", None) is Repeated for one in get_args(answer))
