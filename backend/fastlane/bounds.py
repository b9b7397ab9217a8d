"""How much a client may send, before anything of it is read."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from fastlane.engine import Engine
    from fastlane.session import Session

# A client that is in no namespace has nothing to send but a CONNECT: a message, or a polling request, has so many bytes at most.
EARLY_BYTES = 8_192
QUERY_CHARACTERS = 4_096
QUERY_FIELDS = 32


def query_of(text: str) -> dict[str, list[str]]:
    """The fields of a query. Raises ValueError, whose text says which bound is broken."""
    if len(text) > QUERY_CHARACTERS:
        raise ValueError(f"A query has at most {QUERY_CHARACTERS} characters")
    if text.count("&") >= QUERY_FIELDS:
        raise ValueError(f"A query has at most {QUERY_FIELDS} fields")
    return parse_qs(text)


def most_bytes(session: "Session") -> int:
    """The most bytes that a message, or a polling request, of a client may have now."""
    most: int = session.engine.max_http_buffer_size
    has_namespaces = session.engine.connect_timeout is not None
    return min(EARLY_BYTES, most) if has_namespaces and not session.joined else most


def request_bytes(engine: "Engine", query: str) -> int:
    """The most bytes that the body of a polling request with this query may have."""
    try:
        session = engine.sockets.get(query_of(query).get("sid", [""])[0])
    except ValueError:
        session = None
    return EARLY_BYTES if session is None else most_bytes(session)


def is_in(session: "Session", namespaces: int) -> None:
    """So many namespaces is the client in now."""
    session.joined = namespaces
    if session.websocket is not None:
        session.websocket.bound(most_bytes(session))


def may_send(session: "Session", size: int) -> bool:
    """Counts a packet or a ping of the client; ends the session when that was one too many."""
    if session.engine.floods_are_cut and not session.inbox.may_take_another(size):
        session.inbox.put(lambda: session.engine.on_flood(session))
        return False
    return True
