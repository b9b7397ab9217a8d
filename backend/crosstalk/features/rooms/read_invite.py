from typing import Annotated

from pydantic import Field

from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.clock import iso
from crosstalk.core.errors import not_found
from crosstalk.core.network import network_of
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.core.security_log import security_event
from crosstalk.features.accounts.account import User, UserRow, user_of
from crosstalk.features.rooms.invite import open_invite
from crosstalk.features.rooms.room import RoomRow


class ReadInvite(Shape):
    room_id: Id
    invite: Annotated[str, Field(min_length=1, max_length=100)]
    """What `POST /rooms/{room_id}/invites` answered."""


class Invitation(Shape):
    """What an invite opens, for the page on which it is accepted."""

    room_id: str
    name: str
    """The room's name."""
    member_count: int
    inviter: User
    expires_at: str


@route("POST", "/rooms/{room_id}/invitation")
@limit("30 per 1 minute")
@cost(5)
@refuses("not_found")
def read_invite(caller: Caller, body: ReadInvite) -> Invitation:
    """Get an invitation.

    Returns the room and the inviter before the invite is accepted. The invite is in the body, so that it stays out of the logs of
    proxies. No session is needed. An invite that does not open this room now is `not_found`.
    """
    with db.reading() as session:
        row = open_invite(session, body.room_id, body.invite)
        if row is None:
            security_event("invite", "refused", address=network_of(caller.address))
            raise not_found("invite")
        room, inviter = session.get_one(RoomRow, row.room_id), session.get_one(UserRow, row.created_by)
        return Invitation(
            room_id=room.id,
            name=room.name,
            member_count=room.member_count,
            inviter=user_of(inviter),
            expires_at=iso(row.expires_at),
        )
