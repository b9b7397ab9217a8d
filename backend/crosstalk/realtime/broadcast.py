"""The adapter behind core/live: events to connections, each encoded once."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from crosstalk.core.actor import Actor
from crosstalk.core.clock import steady_ms
from crosstalk.core.operations import Event
from crosstalk.realtime.connections import NAMESPACE, Connections, LiveConnection
from fastlane import Engine
from fastlane.packets import encode
from fastlane.session import Session

# `session:expiring` comes so long before the end of the access token, and never before two thirds of its life are over.
EXPIRING_S = 60.0
EXPIRING_SHARE = 1 / 3


class SessionEvents(Protocol):
    """What a connection is told of its own session. The accounts feature has it."""

    def ready(self, actor: Actor) -> Event: ...

    def expiring(self, seconds: int) -> Event: ...

    def ended(self, reason: str) -> Event: ...


class Broadcast:
    """Implements core.live.Clients."""

    def __init__(
        self, engine: Engine, connections: Connections, session_events: SessionEvents, *, access_token_s: float = 900
    ) -> None:
        self._engine = engine
        self._connections = connections
        self._session_events = session_events
        self._expiring_s = min(EXPIRING_S, access_token_s * EXPIRING_SHARE)
        self.ends = 0
        """How often connections were told to end. Whoever comes in and sees another number than before it was decided that they
        may, has perhaps been missed."""

    def patience(self) -> float:
        return self._engine.patience()

    def together(self) -> AbstractContextManager[None]:
        return self._engine.together()

    def publish(self, topics: Sequence[str], event: str, payload: dict[str, Any]) -> None:
        hearers = self._connections.sessions_of(*topics)
        if hearers:
            self._engine.fan_out(hearers, encode(event, payload, NAMESPACE))

    def subscribe(self, user_id: str, topic: str) -> None:
        self._connections.subscribe(user_id, topic)

    def unsubscribe(self, user_id: str, topic: str) -> None:
        self._connections.unsubscribe(user_id, topic)

    def hearers(self, topic: str) -> int:
        return self._connections.count(topic)

    def end(self, topic: str, reason: str) -> None:
        self.ends += 1  # before the look at who is there
        for connection in self._connections.of(topic):
            self._end(connection, reason)

    def tell_all_ended(self, reason: str) -> list[Session]:
        """The reason alone, to these; the transports are closed later."""
        told = self._connections.all()
        for connection in told:
            self.tell(connection, self._session_events.ended(reason))
        return [connection.session for connection in told]

    def end_the_expired(self) -> None:
        """Ends what has expired, and warns what soon will."""
        now = steady_ms() / 1000
        for connection in self._connections.all():
            left = connection.actor.expires_at - now
            if left <= 0:
                self._end(connection, "token_expired")
            elif left <= self._expiring_s and not connection.told_expiring:
                connection.told_expiring = True
                self.tell(connection, self._session_events.expiring(int(left)))

    def tell(self, connection: LiveConnection, event: Event) -> None:
        connection.send(encode(event.name(), event.wire(), NAMESPACE))

    def _end(self, connection: LiveConnection, reason: str) -> None:
        self.tell(connection, self._session_events.ended(reason))
        connection.session.end(reason)
