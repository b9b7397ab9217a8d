"""Who is connected to the wire check, and what each has under way."""

from dataclasses import dataclass, field
from typing import Any, cast

from flask import request

from crosstalk.core.errors import CrosstalkError
from crosstalk.wirecheck.allowance import VISITOR_BYTES, VISITOR_RATE, Allowance
from crosstalk.wirecheck.typewriter import Typewriter


@dataclass(eq=False)
class Visitor:
    """One connection to one of the namespaces."""

    sid: str
    typewriter: Typewriter
    rooms: set[str] = field(default_factory=set)
    allowance: Allowance = field(default_factory=lambda: Allowance(VISITOR_BYTES, VISITOR_RATE))
    """What this connection may have the server send to others."""
    unconfirmed: int = 0
    """How many `confirm_me` wait for its ack."""


class Visitors:
    """By session id, from the connect to the disconnect."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Visitor] = {}

    def enter(self, visitor: Visitor) -> None:
        self._by_sid[visitor.sid] = visitor

    def leave(self, sid: str) -> None:
        visitor = self._by_sid.pop(sid, None)
        if visitor is not None:
            visitor.typewriter.close()

    def current(self) -> Visitor:
        """The one whose event is being handled."""
        visitor = self._by_sid.get(current_sid())
        if visitor is None:
            raise CrosstalkError("not_found", "This connection has ended.")
        return visitor


def current_sid() -> str:
    """Flask-SocketIO puts the session id on the request."""
    sid: str = cast(Any, request).sid
    return sid
