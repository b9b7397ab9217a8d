from sqlalchemy import bindparam

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.operations import Repeated, command, cost, deferrable, limit, on, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.accounts.account import User, user_of_actor
from crosstalk.features.rooms.membership import CHANGE_MEMBERSHIP, MemberLeft, audience
from crosstalk.features.rooms.owner import hand_over
from crosstalk.features.rooms.room import Room, known_room, next_seq, room_of, visible_room

_LEAVE = Statement(CHANGE_MEMBERSHIP.values(seq=bindparam("seq"), present=bindparam("present")))


class LeaveRoom(Shape):
    room_id: Id


@route("DELETE", "/rooms/{room_id}/members/me")
@command("room:leave")
@limit("10 per 1 minute", per="room_id")
@cost(lambda body: 10 + audience(body.room_id))
@deferrable
@refuses("not_found")
def leave_room(actor: Actor, body: LeaveRoom) -> Room | Repeated[Room]:
    """Leave a room.

    Ends the user's membership. The user's connections receive no more events of the room; the messages in it stay. When
    the owner leaves, the longest-standing member becomes the owner.
    """
    with db.transaction() as tx:
        room = visible_room(tx.cursor, actor, body.room_id)
        if not room.mine:
            return Repeated(room_of(tx.cursor, room, actor))
        end_membership(tx, room.id, user_of_actor(actor))
        return room_of(tx.cursor, known_room(tx.cursor, actor, room.id), actor)


def end_membership(tx: db.Tx, room_id: str, user: User) -> None:
    """A member leaves, as one durable change of the room. When it was the owner, another member becomes the owner."""
    seq = next_seq(tx, room_id, joined=-1)
    tx.run(_LEAVE, room_id=room_id, user_id=user.id, seq=seq, present=False)
    tx.announce(MemberLeft(room_id=room_id, seq=seq, user=user), to=[topics.room(room_id), topics.user(user.id)])
    hand_over(tx, room_id)


@on(MemberLeft, before=True)
def stop_hearing_the_room(left: MemberLeft) -> None:
    """The event itself reaches the person on the personal topic."""
    live.clients.unsubscribe(left.user.id, topics.room(left.room_id))
