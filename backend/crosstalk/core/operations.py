"""The registry: what can be asked of Crosstalk, each thing declared once, for REST and for Socket.IO.

    @route("POST", "/rooms/{room_id}/messages", status=201)
    @command("message:send")
    def send_message(actor: Actor, body: SendMessage) -> Message | Repeated[Message]:
        '''Send a message.

        Stores a message and sends it to the members of the room.
        '''

The decorators only declare. `http/` and `realtime/` read the registry and build their routes and handlers from it,
`contract/` the documents. The first parameter says who may ask: an `Actor` (signed in) or any `Caller`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from crosstalk.core.actor import Actor
from crosstalk.core.schema import Empty, Shape

# The most bytes of an operation's input, as JSON: enough for ids and short texts. Less where no token is needed, because every peer can
# send it.
BODY_BYTES = 16_384
OPEN_BODY_BYTES = 4_096
_AROUND_BYTES = 1_024

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Repeated(Generic[T]):
    """The answer to something that was done before: nothing new was made (REST says 200, not 201)."""

    value: T


@dataclass(frozen=True)
class Route:
    """One REST route, below /api; a path that begins with two slashes stands at the root."""

    method: Method
    path: str
    status: int

    @property
    def full_path(self) -> str:
        return self.path[1:] if self.path.startswith("//") else f"/api{self.path}"

    @property
    def path_fields(self) -> tuple[str, ...]:
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


@dataclass
class Operation:
    """One thing that can be asked, with everything that the adapters and the contract need to know."""

    run: Callable[..., Any]
    feature: str
    command: str | None = None
    routes: list[Route] = field(default_factory=list)
    rate: str | None = None
    rate_per: str | None = None
    cost: "int | Callable[[Any], int]" = 1
    errors: tuple[str, ...] = ()
    deferrable: bool = False
    more_bytes: int | None = None
    """What `@body_limit` declares, with the reason in the next field."""
    why_more: str = ""

    def __post_init__(self) -> None:
        hints = get_type_hints(self.run)
        answer = hints.pop("return")
        parameters = list(hints.values())
        self.needs_actor = parameters[0] is Actor
        self.input: type[Shape] = parameters[1] if len(parameters) > 1 else Empty
        self.output: type[Shape] | None = _answer(answer)

    @property
    def name(self) -> str:
        """`messages.send_message`: names the operation in limits, metrics and documents."""
        return f"{self.feature}.{self.run.__name__}"

    @property
    def body_bytes(self) -> int:
        """The most bytes that the input may have as JSON: the body of a request, the argument of a command."""
        return self.more_bytes or (BODY_BYTES if self.needs_actor else OPEN_BODY_BYTES)

    @property
    def frequency(self) -> str | None:
        """`10 per 1 minute per room_id`, or None for what is not limited."""
        return f"{self.rate} per {self.rate_per}" if self.rate and self.rate_per else self.rate

    @property
    def title(self) -> str:
        """What people look for, in the imperative: `List changes`."""
        return titled(self.run)[0]

    @property
    def description(self) -> str:
        return titled(self.run)[1]

    def __call__(self, caller: Any, body: Shape) -> Any:
        return self.run(caller, body) if self.input is not Empty else self.run(caller)


def titled(declared: Any) -> tuple[str, str]:
    """The title and the description of an operation or an event: the first line of its docstring without the full stop, and the
    sentences below it."""
    first, _, rest = (declared.__doc__ or "").strip().partition("\n")
    return first.removesuffix("."), " ".join(rest.split())


def _answer(annotation: Any) -> type[Shape] | None:
    if get_origin(annotation) in (Union, UnionType):
        annotation = get_args(annotation)[0]
    return None if annotation is type(None) else annotation


@dataclass(frozen=True)
class Listener:
    """A feature's reaction to an event that was announced; runs after the commit, in the order of the log."""

    event: type["Event"]
    run: Callable[[Any], None]
    before: bool
    """Whether it runs before the event is published, not after."""


@dataclass(frozen=True)
class PeriodicJob:
    """Work that is done again and again while the server runs."""

    seconds: float
    run: Callable[[], None]


class Event(Shape):
    """A live event, announced by a feature and published to a topic. Its wire name is `name`."""

    @classmethod
    def name(cls) -> str:
        return EVENT_NAMES[cls]


OPERATIONS: dict[Callable[..., Any], Operation] = {}
EVENTS: dict[str, type[Event]] = {}
EVENT_NAMES: dict[type[Event], str] = {}
LISTENERS: list[Listener] = []
JOBS: list[PeriodicJob] = []


def _operation(run: Callable[..., Any]) -> Operation:
    feature = run.__module__.split(".")[-2]
    return OPERATIONS.setdefault(run, Operation(run, feature))


def command(name: str) -> Callable[[F], F]:
    """Declares a Socket.IO command, `noun:verb`, acked with what the function returns."""

    def declare(run: F) -> F:
        _operation(run).command = name
        return run

    return declare


def route(method: Method, path: str, *, status: int = 200) -> Callable[[F], F]:
    """Declares a REST route. Path parameters are fields of the input."""

    def declare(run: F) -> F:
        _operation(run).routes.append(Route(method, path, status))
        return run

    return declare


def limit(rate: str, *, per: str | None = None) -> Callable[[F], F]:
    """Declares how often one person may ask, or one network without a token: `100 per 10 seconds`. `per` names a field of the
    input; each of its values is counted apart."""

    def declare(run: F) -> F:
        operation = _operation(run)
        operation.rate, operation.rate_per = rate, per
        return run

    return declare


def cost(units: int | Callable[[Any], int]) -> Callable[[F], F]:
    """Declares what an operation costs in units of core/limits.py; a function computes it from the input."""

    def declare(run: F) -> F:
        _operation(run).cost = units
        return run

    return declare


def body_limit(most_bytes: int, *, why: str) -> Callable[[F], F]:
    """Declares an operation whose input may have more bytes than the others, and what they are needed for."""

    def declare(run: F) -> F:
        operation = _operation(run)
        operation.more_bytes, operation.why_more = most_bytes, why
        return run

    return declare


def largest_body() -> int:
    """The most bytes that any operation takes: what a server must be able to receive in one piece."""
    return max(one.body_bytes for one in OPERATIONS.values())


def packet_bytes() -> int:
    """The most bytes of a packet of a live connection: the largest input, and around it the event's name and the ack's id."""
    return largest_body() + _AROUND_BYTES


def refuses(*codes: str) -> Callable[[F], F]:
    """Declares the error codes particular to an operation, for the contract."""

    def declare(run: F) -> F:
        _operation(run).errors = codes
        return run

    return declare


def deferrable(run: F) -> F:
    """Declares that a transaction is the last thing that an operation does, and that it does nothing slow: so whoever runs
    many need not wait for each one's commit."""
    _operation(run).deferrable = True
    return run


E = TypeVar("E", bound=type[Event])


def event(name: str) -> Callable[[E], E]:
    """Declares a live event, `noun:past`."""

    def declare(shape: E) -> E:
        EVENTS[name] = shape
        EVENT_NAMES[shape] = name
        return shape

    return declare


def on(*events: type[Event], before: bool = False) -> Callable[[F], F]:
    """Declares a listener: what it does, clients see after the event, or `before` it."""

    def declare(run: F) -> F:
        LISTENERS.extend(Listener(one, run, before) for one in events)
        return run

    return declare


def every(seconds: float) -> Callable[[F], F]:
    """Declares periodic work."""

    def declare(run: F) -> F:
        JOBS.append(PeriodicJob(seconds, run))
        return run

    return declare
