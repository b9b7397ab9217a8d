from sqlalchemy import bindparam

from crosstalk.core import db, topics
from crosstalk.core.actor import Actor
from crosstalk.core.errors import invalid
from crosstalk.core.operations import command, cost, deferrable, limit, refuses, route
from crosstalk.core.schema import ROSTER_LIMIT, Id, Position, Shape
from crosstalk.core.statements import Statement
from crosstalk.features.reads.read_marker import ReadMarked, UnreadChanged, count_unread
from crosstalk.features.rooms.membership import CHANGE_MEMBERSHIP, audience
from crosstalk.features.rooms.room import postable_room

_MARK = Statement(CHANGE_MEMBERSHIP.values(read_seq=bindparam("read_seq")))


class MarkRead(Shape):
    room_id: Id
    seq: Position
    """The last seq that the user has seen."""


@route("PUT", "/rooms/{room_id}/read", status=204)
@command("read:mark")
@limit("100 per 10 seconds")
@cost(lambda body: 1 + audience(body.room_id))
@deferrable
@refuses("not_found", "forbidden")
def mark_read(actor: Actor, body: MarkRead) -> None:
    """Mark as read.

    Moves the user's read marker in a room forward. It never moves back.
    """
    with db.transaction() as tx:
        room = postable_room(tx, actor, body.room_id)
        if body.seq > room.seq:
            raise invalid(seq=f"must be at most {room.seq}, the room's last change")
        if room.read_seq is None or body.seq <= room.read_seq:
            return
        tx.run(_MARK, room_id=room.id, user_id=actor.user_id, read_seq=body.seq)
        unread = count_unread(tx.cursor, actor.user_id, room.id, body.seq)
        changed = UnreadChanged(room_id=room.id, seq=body.seq, unread=unread)
        tx.announce(changed, to=topics.user(actor.user_id))
        if room.member_count <= ROSTER_LIMIT:
            tx.announce(ReadMarked(room_id=room.id, user_id=actor.user_id, seq=body.seq), to=topics.room(room.id))
