"""Typing: who is writing. Nothing of it is stored; it ends by itself when nobody says that it goes on."""

import threading
import time

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.operations import Event, command, cost, event, every, limit, on, refuses
from crosstalk.core.schema import ROSTER_LIMIT, Id, Shape
from crosstalk.features.accounts.account import User, user_of_actor
from crosstalk.features.messages.events import MessageCreated
from crosstalk.features.rooms.membership import MemberLeft, audience
from crosstalk.features.rooms.room import joined_room

EXPIRES_S = 6.0


class Typing(Shape):
    room_id: Id


@event("typing:changed")
class TypingChanged(Event):
    """Typing changed.

    A member started or stopped typing. Ends by itself 6 seconds after the last `typing:start`. Not sent in rooms of more than
    500 members.
    """

    room_id: str
    user: User
    typing: bool


_lock = threading.Lock()
_writing: dict[tuple[str, str], tuple[User, float]] = {}


@command("typing:start")
@limit("5 per 5 seconds", per="room_id")
@cost(lambda body: 1 + audience(body.room_id))
@refuses("not_found", "forbidden")
def start_typing(actor: Actor, body: Typing) -> None:
    """Start typing.

    Shows the user as typing to the other members of the room for 6 seconds. Repeat it every few seconds while the user types.
    """
    with db.snapshot() as cursor:
        room = joined_room(cursor, actor, body.room_id)
    if room.member_count > ROSTER_LIMIT:
        return
    user = user_of_actor(actor)
    with _lock:
        news = (body.room_id, user.id) not in _writing
        _writing[body.room_id, user.id] = (user, time.monotonic() + EXPIRES_S)
    if news:
        _tell(body.room_id, user, True)


@command("typing:stop")
@limit("5 per 5 seconds", per="room_id")
@cost(lambda body: 1 + audience(body.room_id))
@refuses("not_found", "forbidden")
def stop_typing(actor: Actor, body: Typing) -> None:
    """Stop typing.

    Stops showing the user as typing.
    """
    with db.snapshot() as cursor:
        joined_room(cursor, actor, body.room_id)
    _stop(body.room_id, actor.user_id)


@on(MessageCreated)
def stop_with_the_message(created: MessageCreated) -> None:
    """Whoever has sent the message has finished writing it."""
    _stop(created.room_id, created.message.author.id)


@on(MemberLeft)
def stop_with_the_membership(left: MemberLeft) -> None:
    _stop(left.room_id, left.user.id)


@every(0.5)
def forget_the_silent() -> None:
    now = time.monotonic()
    with _lock:
        silent = [(key, user) for key, (user, until) in _writing.items() if until <= now]
        for key, _ in silent:
            del _writing[key]
    for (room_id, _), user in silent:
        _tell(room_id, user, False)


def _stop(room_id: str, user_id: str) -> None:
    with _lock:
        found = _writing.pop((room_id, user_id), None)
    if found is not None:
        _tell(room_id, found[0], False)


def _tell(room_id: str, user: User, typing: bool) -> None:
    live.publish([topics.room(room_id)], TypingChanged(room_id=room_id, user=user, typing=typing))
