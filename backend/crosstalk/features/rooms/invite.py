"""Invites: a link lets those who have it into a private room for a week."""

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import iso, steady_ms
from crosstalk.core.ids import digest, new_secret
from crosstalk.core.network import network_of
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.quotas import ROW_BYTES, exceeded
from crosstalk.core.schema import Id, Shape
from crosstalk.core.security_log import security_event
from crosstalk.features.rooms.room import postable_room

INVITE_MS = 7 * 24 * 3600 * 1000
INVITERS_A_ROOM = 5
"""One member may have a fifth of a room's open invites."""


class InviteRow(db.Base):
    __tablename__ = "invites"

    digest: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id"), index=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[int]


class InviteToRoom(Shape):
    room_id: Id


class Invite(Shape):
    room_id: str
    invite: str
    """Send it with `room:join`. Anyone who has it can join the room."""
    expires_at: str


@route("POST", "/rooms/{room_id}/invites", status=201)
@limit("10 per 1 minute")
@cost(5)
@refuses("not_found", "forbidden", "quota_exceeded")
def invite_to_room(actor: Actor, body: InviteToRoom) -> Invite:
    """Create an invite.

    Creates an invite to a room, valid for seven days. Only members of the room can create one.
    """
    secret = new_secret()
    with db.transaction() as tx:
        room = postable_room(tx, actor, body.room_id)
        _check_open_invites(tx, room.id, actor.user_id)
        db.spend(tx, actor, ROW_BYTES)
        row = InviteRow(digest=digest(secret), room_id=room.id, created_by=actor.user_id, expires_at=steady_ms() + INVITE_MS)
        tx.session.add(row)
    security_event("invite", "made", user_id=actor.user_id, address=network_of(actor.address))
    return Invite(room_id=body.room_id, invite=secret, expires_at=iso(row.expires_at))


def _check_open_invites(tx: db.Tx, room_id: str, user_id: str) -> None:
    most = db.database().usage.quotas.room_invites
    if most is None:
        return
    open_ones = select(func.count()).where(InviteRow.room_id == room_id, InviteRow.expires_at > steady_ms())
    if (tx.session.scalar(open_ones) or 0) >= most:
        raise exceeded("room_invites", f"This room has reached its limit of {most} open invites. Wait until one expires.")
    if (tx.session.scalar(open_ones.where(InviteRow.created_by == user_id)) or 0) >= most // INVITERS_A_ROOM:
        raise exceeded(
            "room_invites",
            f"You have reached the limit of {most // INVITERS_A_ROOM} open invites to this room. Wait until one expires.",
        )


def open_invite(session: Session, room_id: str, invite: str) -> InviteRow | None:
    """The invite, when it opens this room now."""
    row = session.get(InviteRow, digest(invite))
    return row if row is not None and row.room_id == room_id and row.expires_at > steady_ms() else None


def invited(session: Session, actor: Actor, room_id: str, invite: str | None) -> bool:
    """Whether an invite opens this room now."""
    if invite is None:
        return False
    opens = open_invite(session, room_id, invite) is not None
    security_event("invite", "ok" if opens else "refused", user_id=actor.user_id, address=network_of(actor.address))
    return opens
