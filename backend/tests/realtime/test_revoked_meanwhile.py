"""A session that ends while somebody comes in with it."""

from types import SimpleNamespace
from typing import Any

import pytest

from crosstalk.core import live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.realtime.broadcast import Broadcast
from crosstalk.realtime.chat import Chat
from crosstalk.realtime.connections import NAMESPACE, Connections
from crosstalk.realtime.user_bounds import UserBounds

ANN = Actor(address="", user_id="ann", name="Ann", guest=False, session_id="s", expires_at=2**40)


class _Event:
    @staticmethod
    def name() -> str:
        return "session:ended"

    @staticmethod
    def wire() -> dict[str, Any]:
        return {}


class Door:
    """A namespace with stand-ins around it, and one client before it."""

    def __init__(self) -> None:
        self.looks = 0
        self.ended_with: list[str] = []
        self.revoked = False
        session = SimpleNamespace(closed=False, send=lambda _packet: None, end=self.ended_with.append)
        server: Any = SimpleNamespace(after_connect={}, deferring=set(), session_of=lambda _eio_sid: session)
        server.eio = SimpleNamespace(workers=SimpleNamespace(settle=None))
        server.manager = SimpleNamespace(eio_sid_from_sid=lambda sid, _namespace: sid)
        events: Any = SimpleNamespace(ready=lambda _actor: _Event, ended=lambda _reason: _Event)
        self.broadcast = Broadcast(server.eio, Connections(), events)
        bounds = UserBounds(1, rated=False)
        self.chat = Chat(
            server, self.broadcast._connections, self.broadcast, SimpleNamespace(), events, self._authenticate, bounds
        )
        self._connected = server.after_connect[NAMESPACE]

    def _authenticate(self, _token: str, _address: str) -> Actor:
        self.looks += 1
        if self.revoked:
            raise CrosstalkError("unauthenticated", "This session is over; sign in again.")
        return ANN

    def revoke(self) -> None:
        self.revoked = True
        self.broadcast.end(topics.session("s"), "session_revoked")

    def knock(self) -> None:
        self.chat.trigger_event("connect", "sid", {}, {"token": "t"})

    def come_in(self) -> None:
        self._connected("sid")


@pytest.fixture(autouse=True)
def _nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("topics_of", "opened", "closed"):
        monkeypatch.setattr(live, name, [])


def test_who_was_let_in_before_it_ended_is_cut_on_coming_in() -> None:
    door = Door()
    door.knock()
    door.revoke()
    door.come_in()
    assert door.ended_with == ["session_revoked"]


def test_who_is_in_when_it_ends_is_cut_once() -> None:
    door = Door()
    door.knock()
    door.come_in()
    door.revoke()
    assert door.ended_with == ["session_revoked"]


def test_nobody_is_looked_up_twice_when_nothing_has_ended() -> None:
    door = Door()
    door.knock()
    door.come_in()
    assert (door.looks, door.ended_with) == (1, [])
