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
    """Units that can be spent at once."""
    per_second: int
    """Units that are added every second."""


class SessionLimits(Shape):
    text: int
    """UTF-16 characters of a message."""
    stream: int
    """UTF-16 characters of a stream."""
    packet_bytes: int
    """Bytes of one packet or polling request once the connection is in a namespace; 8,192 before."""
    command_bytes: dict[str, int]
    """Maximum bytes of each command's argument as JSON, also over REST."""
    queue_bytes: int
    """Bytes that can wait for this client before it is disconnected."""
    connections: int
    """Live connections of one user."""
    rate: dict[str, str] | None
    """Rate limit of each command, as `100 per 10 seconds` or `10 per 1 minute per room_id`; null when rate limits are off."""
    budget: UnitBudget | None
    """Units that the user's commands can cost; null when rate limits are off."""
    daily_bytes: int | None
    """Bytes that the user can store per day (UTC), including 256 for each message or piece."""
    rooms: int | None
    """Rooms that the user can own."""
    open_streams: int | None
    """Open streams that the user's clients write."""
    written_streams: int | None
    """Open streams that the server writes for the user."""
    answers: int | None
    """Answers of the assistant that are written for the user at the same time."""
    ask_rate: str | None
    """How often the user can ask the assistant, as `10 per 60 seconds`."""
    roster: int
    """Rooms with more members than this receive no presence, typing or read events."""


class ServerName(Shape):
    name: str
    version: str
    assistant: str | None = None
    """Name of the assistant that answers messages that begin with `/ask `; null without one."""


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
    """Whether the client should reconnect."""


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
