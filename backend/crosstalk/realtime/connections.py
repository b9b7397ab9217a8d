"""The live connections of this process: whose they are, which topics they hear, and how long they may live."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engineio import packet as engine_packet

from crosstalk.core import live, topics
from crosstalk.core.actor import Actor
from fastlane.session import Session

NAMESPACE = "/chat"
# Up to so many hearers of a topic are a tuple: most topics are of one person, and a dict of one takes four times as much.
_FEW = 4


@dataclass(eq=False, slots=True)
class LiveConnection:
    """One connection of one person. To a feature it is the `core.actor.Connection` of a command's actor."""

    session: Session
    actor: Actor
    heard: list[str] = field(default_factory=list)
    told_expiring: bool = False

    def extend(self, expires_at: int) -> None:
        self.actor = replace(self.actor, expires_at=expires_at)
        self.told_expiring = False

    def charge(self, packets: int) -> None:
        """Counts so many packets of the client more against the bound of its flood."""
        self.session.inbox.charge(packets)

    def send(self, encoded: engine_packet.Packet) -> None:
        """Hands an encoded event to the transport; a session that is over takes nothing more."""
        self.session.send(encoded)


class Connections:
    """Who is connected and hears what. Its lock is not held while an event goes out to its hearers."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._by_sid: dict[str, LiveConnection] = {}
        self._by_topic: dict[str, tuple[LiveConnection, ...] | dict[LiveConnection, None]] = {}
        self._sessions: dict[str, tuple[Session, ...]] = {}
        """The sessions of a topic, made when they are asked for and kept until somebody comes or goes."""

    def open(self, sid: str, connection: LiveConnection, greet: Callable[[], None]) -> None:
        """Adds a connection, which hears its topics from here on; `greet` sends what comes before everything else."""
        actor = connection.actor
        with self._lock:
            # Under the lock: a membership that changes meanwhile is applied by `subscribe`, after this.
            self._by_sid[sid] = connection
            greet()
            own = [topics.user(actor.user_id), topics.session(actor.session_id), topics.EVERYONE]
            for topic in own + [one for ask in live.topics_of for one in ask(actor.user_id)]:
                self._hear(connection, topic)
        for tell in live.opened:
            tell(actor.user_id)

    def close(self, sid: str) -> None:
        with self._lock:
            connection = self._by_sid.pop(sid, None)
            if connection is None:
                return
            for topic in list(connection.heard):
                self._ignore(connection, topic)
        for tell in live.closed:
            tell(connection.actor.user_id)

    def get(self, sid: str) -> LiveConnection | None:
        return self._by_sid.get(sid)

    def all(self) -> list[LiveConnection]:
        with self._lock:
            return list(self._by_sid.values())

    def of(self, topic: str) -> list[LiveConnection]:
        with self._lock:
            return list(self._by_topic.get(topic, ()))

    def count(self, topic: str) -> int:
        """How many connections hear a topic."""
        return len(self._by_topic.get(topic, ()))

    def sessions_of(self, *wanted: str) -> Sequence[Session]:
        """The sessions of the connections of these topics, each once. The same object, as long as nobody came or went."""
        with self._lock:
            if len(wanted) == 1:
                return self._sessions_of(wanted[0])
            return tuple({session: None for topic in wanted for session in self._sessions_of(topic)})

    def _sessions_of(self, topic: str) -> tuple[Session, ...]:
        sessions = self._sessions.get(topic)
        if sessions is None:
            sessions = tuple(one.session for one in self._by_topic.get(topic, ()))
            if len(sessions) > 1:
                self._sessions[topic] = sessions
        return sessions

    def subscribe(self, user_id: str, topic: str) -> None:
        with self._lock:
            for connection in self._by_topic.get(topics.user(user_id), ()):
                self._hear(connection, topic)

    def unsubscribe(self, user_id: str, topic: str) -> None:
        with self._lock:
            for connection in self._by_topic.get(topics.user(user_id), ()):
                self._ignore(connection, topic)

    def _hear(self, connection: LiveConnection, topic: str) -> None:
        hearers = self._by_topic.get(topic, ())
        if connection in hearers:
            return
        connection.heard.append(topic)
        self._sessions.pop(topic, None)
        if isinstance(hearers, dict):
            hearers[connection] = None
        elif len(hearers) < _FEW:
            self._by_topic[topic] = (*hearers, connection)
        else:
            self._by_topic[topic] = dict.fromkeys((*hearers, connection))

    def _ignore(self, connection: LiveConnection, topic: str) -> None:
        hearers = self._by_topic.get(topic, ())
        if connection not in hearers:
            return
        connection.heard.remove(topic)
        self._sessions.pop(topic, None)
        if isinstance(hearers, dict):
            del hearers[connection]
        else:
            hearers = self._by_topic[topic] = tuple(one for one in hearers if one is not connection)
        if not hearers:
            del self._by_topic[topic]
