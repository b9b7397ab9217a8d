"""A membership: its row, its events, and which rooms a connection hears."""

from typing import Literal

from sqlalchemy import ForeignKey, Index, bindparam, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crosstalk.core import db, live, topics
from crosstalk.core.limits import CONNECTIONS_A_UNIT, TEXT_A_UNIT
from crosstalk.core.operations import Event, event
from crosstalk.core.statements import Statement
from crosstalk.features.accounts.account import User

Role = Literal["owner", "member"]


class MembershipRow(db.Base):
    """One person in one room, kept when they leave: leaving is a change that others catch up with."""

    __tablename__ = "memberships"
    __table_args__ = (Index("memberships_by_seq", "room_id", "seq"),)

    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[Role]
    """A room with members has one owner among them. Of a room that all have left, the owner who left last keeps the role until
    the first comes back."""
    seq: Mapped[int]
    role_seq: Mapped[int | None]
    """The same as `seq` when the last change of the membership was one of the role."""
    present: Mapped[bool]
    joined_at: Mapped[int]
    read_seq: Mapped[int]


CHANGE_MEMBERSHIP = update(MembershipRow).where(
    MembershipRow.room_id == bindparam("room_id"), MembershipRow.user_id == bindparam("user_id")
)


@event("member:joined")
class MemberJoined(Event):
    """Member joined.

    A user became a member of the room. Durable change.
    """

    room_id: str
    seq: int
    user: User
    role: Role


@event("member:left")
class MemberLeft(Event):
    """Member left.

    A user is no longer a member of the room. Durable change.
    """

    room_id: str
    seq: int
    user: User


@event("member:changed")
class MemberChanged(Event):
    """Member role changed.

    A member of the room has another role: the owner left, and this member became the owner. Durable change.
    """

    room_id: str
    seq: int
    user: User
    role: Role


def audience(room_id: str, size: int = 0) -> int:
    """What an event with so many characters costs that goes to the whole room, in units of core/limits.py."""
    return live.clients.hearers(topics.room(room_id)) * (1 + size // TEXT_A_UNIT) // CONNECTIONS_A_UNIT


_ROOMS = Statement(select(MembershipRow.room_id).where(MembershipRow.user_id == bindparam("user_id"), MembershipRow.present))


def _topics_of_member(user_id: str) -> list[str]:
    return [topics.room(room_id) for (room_id,) in db.find(_ROOMS, user_id=user_id)]


live.topics_of.append(_topics_of_member)
