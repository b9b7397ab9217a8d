"""What a row is, how it ends, and how values are told to a person."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crosstalk.wirecheck.client.desk import Desk

TRANSPORTS = ("polling", "upgrade", "websocket")
NAMESPACES = ("/", "/test")
NOT_TRIED = "not tried after "
_SHOWN = 90


@dataclass(frozen=True)
class Outcome:
    """One row over one transport in one namespace."""

    row: str
    namespace: str
    transport: str
    ok: bool
    expected: str
    came: str
    ms: float


class Unlike(Exception):
    """Something else came than was expected. The text says what."""


class NoConnection(Unlike):
    """There was nobody to ask."""


@dataclass(frozen=True)
class Row:
    name: str
    expected: str
    play: "Callable[[Desk], str]"
    """Returns what came, or raises Unlike."""
    once: bool
    """Not once for each namespace."""
    slow: bool
    named: bool
    """Played only when it is asked for by name."""
    transports: tuple[str, ...]
    seconds: float


ROWS: list[Row] = []


def row(
    name: str,
    expected: str,
    *,
    once: bool = False,
    slow: bool = False,
    named: bool = False,
    transports: tuple[str, ...] = TRANSPORTS,
    seconds: float = 20,
) -> "Callable[[Callable[[Desk], str]], Callable[[Desk], str]]":
    """Declares a row. `seconds` bound all its waiting together."""

    def declare(play: "Callable[[Desk], str]") -> "Callable[[Desk], str]":
        ROWS.append(Row(name, expected, play, once, slow, named, transports, seconds))
        return play

    return declare


def show(value: Any) -> str:
    """A value as a person would write it: JSON, shortened; what is long by its size."""
    if isinstance(value, bytes | bytearray):
        return f"{len(value):,} bytes" if len(value) > 16 else f"bytes {bytes(value).hex(' ')}"
    text = json.dumps(value, ensure_ascii=False, default=show)
    if len(text) <= _SHOWN:
        return text
    return f"{text[: _SHOWN - 20]}… ({len(text):,} characters)"


def show_arguments(arguments: tuple[Any, ...]) -> str:
    return ", ".join(show(one) for one in arguments) if arguments else "no arguments"


def same(one: Any, other: Any) -> bool:
    """Equal in value and kind: True is not 1, and text is not bytes."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bytes | bytearray) and isinstance(other, bytes | bytearray):
        return bytes(one) == bytes(other)
    return type(one) is type(other) and bool(one == other)
