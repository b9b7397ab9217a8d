"""What a connection is told of its own session: that it is ready, that it expires, why it ends."""

from crosstalk import __version__
from crosstalk.core.actor import Actor
from crosstalk.core.errors import END_REASONS
from crosstalk.core.installation import installation
from crosstalk.core.limits import Budget
from crosstalk.core.operations import OPERATIONS, Event, event
from crosstalk.core.quotas import Quotas
from crosstalk.core.schema import ROSTER_LIMIT, STREAM_LIMIT, TEXT_LIMIT, Shape
from crosstalk.features.accounts.account import User, user_of_actor


class UnitBudget(Shape):
    burst: int
    """At once."""
    per_second: int
    """What comes back."""


class SessionLimits(Shape):
    text: int
    """Characters (UTF-16) of a message."""
    stream: int
    """Characters (UTF-16) of a stream."""
    packet_bytes: int
    """Bytes of one packet or polling request, once the connection is in a namespace; before that 8,192."""
    command_bytes: dict[str, int]
    """Command → the most bytes of its argument as JSON, also by REST."""
    queue_bytes: int
    """Bytes that may wait for this client before it is cut."""
    connections: int
    """Live connections of one user."""
    rate: dict[str, str] | None
    """Command → how often, as `100 per 10 seconds` or `10 per 1 minute per room_id`; null when rate limits are off."""
    budget: UnitBudget | None
    """Units that the commands of this person may cost; null when rate limits are off."""
    daily_bytes: int | None
    """Bytes that this person may store a day (UTC), with 256 for each message or piece."""
    rooms: int | None
    """Rooms that this person may own."""
    open_streams: int | None
    """Open streams that this person's clients write."""
    written_streams: int | None
    """Open streams that the server writes for this person."""
    answers: int | None
    """Answers of the assistant that are written for this person at once."""
    ask_rate: str | None
    """How often this person may ask the assistant, as `10 per 60 seconds`."""
    roster: int
    """Members of a room beyond which nobody is told who comes, goes, types or reads."""


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
    """Session ready.

    The connection is signed in and receives the events of the user's rooms.
    """

    user: User
    epoch: str
    limits: SessionLimits
    server: ServerName


@event("session:expiring")
class SessionExpiring(Event):
    """Session expiring.

    The connection's access token expires soon: refresh it and send `session:renew`.
    """

    expires_in: int
    """Seconds."""


@event("session:ended")
class SessionEnded(Event):
    """Session ended.

    The server ends this connection and closes its transport next.
    """

    reason: str
    message: str
    reconnect: bool
    """Whether to come back."""


class LiveSession:
    """Makes these events for `realtime/`, which knows no feature."""

    def __init__(
        self,
        *,
        packet_bytes: int,
        queue_bytes: int,
        connections: int,
        rate: dict[str, str] | None,
        budget: Budget | None,
        quotas: Quotas,
    ) -> None:
        self._limits = SessionLimits(
            text=TEXT_LIMIT,
            stream=STREAM_LIMIT,
            packet_bytes=packet_bytes,
            command_bytes={one.command: one.body_bytes for one in OPERATIONS.values() if one.command},
            queue_bytes=queue_bytes,
            connections=connections,
            rate=rate,
            budget=None if budget is None else UnitBudget(burst=budget.burst, per_second=budget.per_second),
            daily_bytes=quotas.daily_bytes,
            rooms=quotas.rooms,
            open_streams=quotas.open_streams,
            written_streams=quotas.written_streams,
            answers=quotas.answers,
            ask_rate=None if quotas.ask_rate is None else str(quotas.ask_rate),
            roster=ROSTER_LIMIT,
        )
        of_guests = {"daily_bytes": quotas.guest_daily_bytes, "rooms": quotas.guest_rooms}
        self._limits_of_guests = self._limits.model_copy(update=of_guests)

    def ready(self, actor: Actor) -> SessionReady:
        server = ServerName(name="crosstalk", version=__version__, assistant=_assistant)
        limits = self._limits_of_guests if actor.guest else self._limits
        return SessionReady(user=user_of_actor(actor), epoch=installation().epoch, limits=limits, server=server)

    def expiring(self, seconds: int) -> SessionExpiring:
        return SessionExpiring(expires_in=seconds)

    def ended(self, reason: str) -> SessionEnded:
        return SessionEnded(**END_REASONS[reason].payload())
