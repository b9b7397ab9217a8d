from sqlalchemy import select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import iso
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.paging import PageLimit
from crosstalk.core.schema import Id, Shape
from crosstalk.core.statements import Cursor
from crosstalk.features.accounts.account import User, UserRow, user_of
from crosstalk.features.presence.presence import presence
from crosstalk.features.rooms.membership import MembershipRow, Role
from crosstalk.features.rooms.room import joined_room


class ListMembers(Shape):
    room_id: Id
    after: Id | None = None
    """The last user id of the previous page."""
    limit: PageLimit = 100


class Member(Shape):
    """A member of a room."""

    user: User
    role: Role
    joined_at: str
    read_seq: int
    """The member's read marker."""
    online: bool


class Roster(Shape):
    members: list[Member]
    """Ordered by user id."""
    more: bool


@route("GET", "/rooms/{room_id}/members")
@limit("60 per 10 seconds")
@cost(lambda body: 1 + body.limit // 20)
@refuses("not_found", "forbidden")
def list_members(actor: Actor, body: ListMembers) -> Roster:
    """List members.

    Returns the members of a room: how far each has read, and whether each is online.
    """
    with db.reading() as session:
        joined_room(Cursor(session.connection()), actor, body.room_id)
        query = (
            select(MembershipRow, UserRow)
            .join(UserRow, UserRow.id == MembershipRow.user_id)
            .where(MembershipRow.room_id == body.room_id, MembershipRow.present, MembershipRow.user_id > (body.after or ""))
            .order_by(MembershipRow.user_id)
            .limit(body.limit + 1)
        )
        rows = session.execute(query).all()
    page = rows[: body.limit]
    online = set(presence.online([user.id for _, user in page]))
    members = [
        Member(
            user=user_of(user),
            role=member.role,
            joined_at=iso(member.joined_at),
            read_seq=member.read_seq,
            online=user.id in online,
        )
        for member, user in page
    ]
    return Roster(members=members, more=len(rows) > body.limit)
