from crosstalk.core import db, live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.operations import Repeated, command, on, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.features.accounts.account import user_of_actor
from crosstalk.features.rooms.membership import MemberLeft, membership_of
from crosstalk.features.rooms.room import Room, next_seq, room_of, visible_room


class LeaveRoom(Shape):
    room_id: Id


@route("DELETE", "/rooms/{room_id}/members/me")
@command("room:leave")
@refuses("not_found")
def leave_room(actor: Actor, body: LeaveRoom) -> Room | Repeated[Room]:
    """Stop being a member. The room's events stop; its history stays."""
    with db.transaction() as tx:
        room = visible_room(tx.session, actor, body.room_id)
        member = membership_of(tx.session, room.id, actor.user_id)
        if member is None:
            return Repeated(room_of(tx.session, room, actor))
        member.seq = next_seq(room)
        member.present = False
        room.member_count -= 1
        tx.session.flush()
        left = MemberLeft(room_id=room.id, seq=member.seq, user=user_of_actor(actor))
        tx.announce(left, to=[topics.room(room.id), topics.user(actor.user_id)])
        return room_of(tx.session, room, actor)


@on(MemberLeft, before=True)
def stop_hearing_the_room(left: MemberLeft) -> None:
    """The one who left hears of it on the personal topic."""
    live.clients.unsubscribe(left.user.id, topics.room(left.room_id))
