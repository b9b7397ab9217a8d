from typing import Annotated

from pydantic import Field

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import not_found
from crosstalk.core.operations import Repeated, command, on, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.features.accounts.account import user_of_actor
from crosstalk.features.rooms.invite import invited
from crosstalk.features.rooms.membership import MemberJoined, MembershipRow, Role, membership_of
from crosstalk.features.rooms.room import Room, RoomRow, next_seq, room_of


class JoinRoom(Shape):
    room_id: Id
    invite: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """For a private room: what `POST /rooms/{room_id}/invites` answered."""


@route("POST", "/rooms/{room_id}/members", status=201)
@command("room:join")
@refuses("not_found")
def join_room(actor: Actor, body: JoinRoom) -> Room | Repeated[Room]:
    """Become a member of a public room, or, with an invite, of a private one.

    A member already: the same answer, without a change.
    """
    with db.transaction() as tx:
        row = tx.session.get(RoomRow, body.room_id)
        if row is None:
            raise not_found("room")
        if membership_of(tx.session, row.id, actor.user_id) is not None:
            return Repeated(room_of(tx.session, row, actor))
        if row.kind == "private" and not invited(tx.session, row.id, body.invite):
            raise not_found("room")
        add_member(tx, row, actor, "member")
        return room_of(tx.session, row, actor)


def add_member(tx: db.Tx, room: RoomRow, actor: Actor, role: Role) -> None:
    """Makes the actor a member, as one durable change of the room. What was there before counts as read."""
    read_seq = room.seq
    seq = next_seq(room)
    row = tx.session.get(MembershipRow, (room.id, actor.user_id))
    if row is None:
        row = MembershipRow(room_id=room.id, user_id=actor.user_id)
        tx.session.add(row)
    row.role, row.seq, row.present, row.joined_at, row.read_seq = role, seq, True, now_ms(), read_seq
    room.member_count += 1
    tx.session.flush()
    joined = MemberJoined(room_id=room.id, seq=seq, user=user_of_actor(actor))
    tx.announce(joined, to=[topics.room(room.id), topics.user(actor.user_id)])


@on(MemberJoined, before=True)
def hear_the_room(joined: MemberJoined) -> None:
    """The new member's connections receive the room's events from here on, this one included."""
    live.clients.subscribe(joined.user.id, topics.room(joined.room_id))
