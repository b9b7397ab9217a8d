"""The newest message of a room, as lists of rooms show it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from crosstalk.core.schema import Shape
from crosstalk.core.statements import Cursor
from crosstalk.features.accounts.account import User

EXCERPT_LIMIT = 120


class LastMessage(Shape):
    """The newest message of a room, in short."""

    id: str
    seq: int
    author: User
    kind: Literal["text", "json", "stream"]
    excerpt: str = Field(max_length=EXCERPT_LIMIT)
    """Up to 120 characters of the text, in one line, or of the JSON. Empty for a stream and for a deleted message."""
    created_at: str
    deleted: Literal[True] | None = Field(None, exclude_if=lambda value: value is None)


# (cursor, room ids) → the newest message of each room that has one. Messages are above rooms in the tower and fill this in.
LastMessages = Callable[[Cursor, Sequence[str]], Mapping[str, LastMessage]]
last_messages: list[LastMessages] = []


def excerpt_of(text: str) -> str:
    """The beginning of a text, in one line."""
    return " ".join(text.split())[:EXCERPT_LIMIT]
