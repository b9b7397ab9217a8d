"""Who asks."""

from dataclasses import dataclass
from typing import Protocol


class Connection(Protocol):
    """The live connection over which a command came; the few things a feature may do with it."""

    def extend(self, expires_at: int) -> None:
        """Lets the connection live until then (seconds since 1970): its token was renewed."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Anybody, known by the network address only."""

    address: str


@dataclass(frozen=True, slots=True)
class Actor(Caller):
    """A person with a valid access token."""

    user_id: str
    name: str
    guest: bool
    session_id: str
    expires_at: int
    connection: Connection | None = None
