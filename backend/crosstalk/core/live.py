"""The port to connected clients. `realtime/` plugs itself in; without it, what is published reaches nobody."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from crosstalk.core.operations import Event


class Clients(Protocol):
    """What an adapter to connected clients can do."""

    def patience(self) -> float:
        """Seconds that the next event had better wait, because those before it are still on their way: what comes
        meanwhile is sent together with it."""

    def together(self) -> AbstractContextManager[None]:
        """What this thread publishes inside goes out together."""

    def publish(self, topics: Sequence[str], event: str, payload: dict[str, Any]) -> None:
        """Sends an event to every connection of these topics, once each."""

    def subscribe(self, user_id: str, topic: str) -> None:
        """Adds the connections of a person to a topic."""

    def unsubscribe(self, user_id: str, topic: str) -> None: ...

    def hearers(self, topic: str) -> int:
        """How many connections receive the events of a topic."""

    def end(self, topic: str, reason: str) -> None:
        """Tells every connection of a topic why, and closes it."""


class _Nobody:
    def patience(self) -> float:
        return 0.0

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def publish(self, topics: Sequence[str], event: str, payload: dict[str, Any]) -> None: ...

    def subscribe(self, user_id: str, topic: str) -> None: ...

    def unsubscribe(self, user_id: str, topic: str) -> None: ...

    def hearers(self, topic: str) -> int:
        return 0

    def end(self, topic: str, reason: str) -> None: ...


clients: Clients = _Nobody()

# Filled by features, asked by the adapter.
topics_of: list[Callable[[str], list[str]]] = []
"""user_id → the topics that a new connection of this person hears."""
opened: list[Callable[[str], None]] = []
"""Called with the user_id for every connection that was opened."""
closed: list[Callable[[str], None]] = []
"""Called with the user_id for every connection that is gone."""


def plug_in(adapter: Clients) -> None:
    """Connects the port to an adapter."""
    global clients
    clients = adapter


def publish(topics: Sequence[str], event: Event) -> None:
    """Publishes an event; directly for what is no part of any transaction (presence, typing)."""
    clients.publish(topics, event.name(), event.wire())
