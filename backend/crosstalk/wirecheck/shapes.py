"""The inputs of the wire check that are objects."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from crosstalk.core.schema import AtMost, Shape

MAX_NAME = 100
MAX_STREAMED = 10_000
DEFAULT_TEXT = "Crosstalk writes this one character at a time: é, 文, 😀. So far, so good."
DEFAULT_PACE_MS = 50
RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})


def _not_reserved(event: str) -> str:
    if event in RESERVED:
        raise PydanticCustomError("reserved", "is reserved by Socket.IO; use another name")
    return event


Name = Annotated[str, Field(min_length=1), AfterValidator(AtMost(MAX_NAME, kind="too_long"))]


class Membership(Shape):
    username: Name
    room: Name


class RoomMessage(Shape):
    room: Name
    data: Any


class StartStream(Shape):
    text: Annotated[str, Field(max_length=MAX_STREAMED)] = DEFAULT_TEXT
    pace_ms: Annotated[int, Field(ge=0, le=5_000)] = DEFAULT_PACE_MS


class Emit(Shape):
    event: Annotated[Name, AfterValidator(_not_reserved)]
    data: Any = None
    """Left out, the event has no arguments."""
    namespace: Literal["/", "/test"] = "/"
    room: Name | None = None
    """A room or a session id; nobody named, everybody in the namespace."""
