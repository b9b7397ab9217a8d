"""What a connection is told of its own session: that it is ready, that it expires, why it ends."""

from crosstalk import __version__
from crosstalk.core.actor import Actor
from crosstalk.core.errors import END_REASONS
from crosstalk.core.installation import installation
from crosstalk.core.operations import Event, event
from crosstalk.core.schema import STREAM_LIMIT, TEXT_LIMIT, Shape
from crosstalk.features.accounts.account import User, user_of_actor


class SessionLimits(Shape):
    text: int
    """Characters (UTF-16) of a message."""
    stream: int
    """Characters (UTF-16) of a stream."""
    packet_bytes: int
    """Bytes of one packet or request."""
    queue_bytes: int
    """Bytes that may wait for this client before it is cut."""
    connections: int
    """Live connections of one user."""
    rate: dict[str, str] | None
    """Command → how often, as `100 per 10 seconds`; null when rate limits are off."""


class ServerName(Shape):
    name: str
    version: str
    assistant: str | None = None
    """Who answers a message that begins with `/ask `; null when nobody does."""


_assistant: str | None = None


def name_assistant(name: str | None) -> None:
    """Who answers questions here, as features above this one know."""
    global _assistant
    _assistant = name


@event("session:ready")
class SessionReady(Event):
    """The connection is signed in and hears its rooms."""

    user: User
    epoch: str
    limits: SessionLimits
    server: ServerName


@event("session:expiring")
class SessionExpiring(Event):
    """The access token of this connection expires soon: refresh it and send `session:renew`."""

    expires_in: int
    """Seconds."""


@event("session:ended")
class SessionEnded(Event):
    """The server ends this connection; the transport is closed next."""

    reason: str
    message: str
    reconnect: bool
    """Whether to come back."""


class LiveSession:
    """Makes these events for `realtime/`, which knows no feature."""

    def __init__(self, *, packet_bytes: int, queue_bytes: int, connections: int, rate: dict[str, str] | None) -> None:
        self._limits = SessionLimits(
            text=TEXT_LIMIT,
            stream=STREAM_LIMIT,
            packet_bytes=packet_bytes,
            queue_bytes=queue_bytes,
            connections=connections,
            rate=rate,
        )

    def ready(self, actor: Actor) -> SessionReady:
        server = ServerName(name="crosstalk", version=__version__, assistant=_assistant)
        return SessionReady(user=user_of_actor(actor), epoch=installation().epoch, limits=self._limits, server=server)

    def expiring(self, seconds: int) -> SessionExpiring:
        return SessionExpiring(expires_in=seconds)

    def ended(self, reason: str) -> SessionEnded:
        return SessionEnded(**END_REASONS[reason].payload())
