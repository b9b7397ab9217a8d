from sqlalchemy import bindparam

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.operations import Repeated, command, deferrable, on, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.accounts.account import user_of_actor
from crosstalk.features.rooms.membership import CHANGE_MEMBERSHIP, MemberLeft
from crosstalk.features.rooms.room import Room, known_room, next_seq, room_of, visible_room

_LEAVE = Statement(CHANGE_MEMBERSHIP.values(seq=bindparam("seq"), present=bindparam("present")))


class LeaveRoom(Shape):
    room_id: Id


@route("DELETE", "/rooms/{room_id}/members/me")
@command("room:leave")
@deferrable
@refuses("not_found")
def leave_room(actor: Actor, body: LeaveRoom) -> Room | Repeated[Room]:
    """Stop being a member. The room's events stop; its history stays."""
    with db.transaction() as tx:
        room = visible_room(tx.cursor, actor, body.room_id)
        if not room.mine:
            return Repeated(room_of(tx.cursor, room, actor))
        seq = next_seq(tx, room.id, joined=-1)
        tx.run(_LEAVE, room_id=room.id, user_id=actor.user_id, seq=seq, present=False)
        left = MemberLeft(room_id=room.id, seq=seq, user=user_of_actor(actor))
        tx.announce(left, to=[topics.room(room.id), topics.user(actor.user_id)])
        return room_of(tx.cursor, known_room(tx.cursor, actor, room.id), actor)


@on(MemberLeft, before=True)
def stop_hearing_the_room(left: MemberLeft) -> None:
    """The one who left hears of it on the personal topic."""
    live.clients.unsubscribe(left.user.id, topics.room(left.room_id))
