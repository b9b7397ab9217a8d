"""Presence: a person is online while one of their connections is, and for a few seconds after the last one."""

import threading
import time

from sqlalchemy import select

from crosstalk.core import db, live, topics
from crosstalk.core.operations import Event, event, every, on
from crosstalk.core.schema import ROSTER_LIMIT
from crosstalk.features.rooms.membership import MemberJoined, MemberLeft, MembershipRow
from crosstalk.features.rooms.room import RoomRow

GRACE_S = 3.0
JOIN_S = 0.25


@event("presence:changed")
class PresenceChanged(Event):
    """Presence changed.

    Members came online or went offline. Not sent in rooms of more than 500 members; use `presence:list` there.
    """

    room_id: str
    online: list[str]
    """User ids."""
    offline: list[str]


class Presence:
    """Who is here, in this process. Changes wait a moment, so that a reload is no news and many changes are one event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: dict[str, int] = {}
        self._leaving: dict[str, float] = {}
        self._told: set[str] = set()

    def opened(self, user_id: str) -> None:
        with self._lock:
            self._connections[user_id] = self._connections.get(user_id, 0) + 1
            self._leaving.pop(user_id, None)

    def closed(self, user_id: str) -> None:
        with self._lock:
            self._connections[user_id] -= 1
            if self._connections[user_id] == 0:
                del self._connections[user_id]
                self._leaving[user_id] = time.monotonic() + GRACE_S

    def online(self, user_ids: list[str]) -> list[str]:
        with self._lock:
            return [one for one in user_ids if one in self._connections or one in self._leaving]

    def is_announced(self, user_id: str) -> bool:
        """Whether those who were in a room with them know that they are here."""
        with self._lock:
            return user_id in self._told

    def differences(self) -> tuple[set[str], set[str]]:
        """Who came and who went since the last time."""
        with self._lock:
            now = time.monotonic()
            for user_id in [one for one, until in self._leaving.items() if until <= now]:
                del self._leaving[user_id]
            here = self._connections.keys() | self._leaving.keys()
            came, went = here - self._told, self._told - here
            self._told = set(here)
            return came, went


presence = Presence()
live.opened.append(presence.opened)
live.closed.append(presence.closed)


@every(JOIN_S)
def tell_differences() -> None:
    """Tells each room once who came and who went."""
    came, went = presence.differences()
    if not came and not went:
        return
    rooms: dict[str, tuple[list[str], list[str]]] = {}
    with db.reading() as session:
        found = session.execute(
            select(MembershipRow.room_id, MembershipRow.user_id)
            .join(RoomRow, RoomRow.id == MembershipRow.room_id)
            .where(MembershipRow.user_id.in_(came | went), MembershipRow.present, RoomRow.member_count <= ROSTER_LIMIT)
        )
        for room_id, user_id in found:
            online, offline = rooms.setdefault(room_id, ([], []))
            (online if user_id in came else offline).append(user_id)
    for room_id, (online, offline) in rooms.items():
        live.publish([topics.room(room_id)], PresenceChanged(room_id=room_id, online=online, offline=offline))


@on(MemberJoined)
def tell_of_newcomer(joined: MemberJoined) -> None:
    """A new member may have been online for long. Whoever has just come is told of with the next differences."""
    if presence.is_announced(joined.user.id) and _is_told(joined.room_id):
        came = PresenceChanged(room_id=joined.room_id, online=[joined.user.id], offline=[])
        live.publish([topics.room(joined.room_id)], came)


@on(MemberLeft)
def tell_of_leaver(left: MemberLeft) -> None:
    """Whoever left the room is not present in it, wherever else they are."""
    if _is_told(left.room_id):
        gone = PresenceChanged(room_id=left.room_id, online=[], offline=[left.user.id])
        live.publish([topics.room(left.room_id)], gone)


def _is_told(room_id: str) -> bool:
    with db.reading() as session:
        return session.get_one(RoomRow, room_id).member_count <= ROSTER_LIMIT
