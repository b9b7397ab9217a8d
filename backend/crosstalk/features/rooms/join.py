from typing import Annotated

from pydantic import Field
from sqlalchemy import bindparam, insert

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import not_found
from crosstalk.core.operations import Repeated, command, cost, deferrable, limit, on, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.accounts.account import user_of_actor
from crosstalk.features.rooms.invite import invited
from crosstalk.features.rooms.membership import CHANGE_MEMBERSHIP, MemberJoined, MembershipRow, Role, audience
from crosstalk.features.rooms.owner import is_owned, resign
from crosstalk.features.rooms.room import KnownRoom, Room, known_room, next_seq, room_of

_ENTER = Statement(insert(MembershipRow))
_COME_BACK = Statement(
    CHANGE_MEMBERSHIP.values(
        {name: bindparam(name) for name in ("role", "seq", "role_seq", "present", "joined_at", "read_seq")}
    )
)


class JoinRoom(Shape):
    room_id: Id
    invite: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Required for a private room: the `invite` from `POST /rooms/{room_id}/invites`."""


@route("POST", "/rooms/{room_id}/members", status=201)
@command("room:join")
@limit("10 per 1 minute", per="room_id")
@cost(lambda body: 10 + audience(body.room_id))
@deferrable
@refuses("not_found")
def join_room(actor: Actor, body: JoinRoom) -> Room | Repeated[Room]:
    """Join a room.

    Makes the user a member of a public room or, with an invite, of a private one. For a member it returns the room and
    changes nothing. The first member of a room that all members have left becomes its owner.
    """
    with db.transaction() as tx:
        room = known_room(tx.cursor, actor, body.room_id)
        if room.mine:
            return Repeated(room_of(tx.cursor, room, actor))
        if room.kind == "private" and not invited(tx.session, actor, room.id, body.invite):
            raise not_found("room")
        return room_of(tx.cursor, add_member(tx, room, actor), actor)


def add_member(tx: db.Tx, room: KnownRoom, actor: Actor) -> KnownRoom:
    """Makes the actor a member, as one durable change of the room; the owner, when no member owns it. What was there before
    counts as read."""
    role: Role = "member"
    if not is_owned(tx.cursor, room.id):
        resign(tx, room.id)
        role = "owner"
    seq = next_seq(tx, room.id, joined=1)
    tx.run(
        _ENTER if room.role is None else _COME_BACK,
        room_id=room.id,
        user_id=actor.user_id,
        role=role,
        seq=seq,
        role_seq=None,
        present=True,
        joined_at=now_ms(),
        read_seq=seq - 1,
    )
    joined = MemberJoined(room_id=room.id, seq=seq, user=user_of_actor(actor), role=role)
    tx.announce(joined, to=[topics.room(room.id), topics.user(actor.user_id)])
    return known_room(tx.cursor, actor, room.id)


@on(MemberJoined, before=True)
def hear_the_room(joined: MemberJoined) -> None:
    """The new member's connections receive the room's events from here on, this one included."""
    live.clients.subscribe(joined.user.id, topics.room(joined.room_id))
