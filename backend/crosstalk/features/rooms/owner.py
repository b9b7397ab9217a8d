"""The owner of a room: which member follows when the owner leaves, and when a new member owns the room."""

from sqlalchemy import ColumnElement, bindparam, literal_column, select, update

from crosstalk.core import db, topics
from crosstalk.core.statements import Cursor, Statement
from crosstalk.features.accounts.account import UserRow, user_from
from crosstalk.features.rooms.membership import CHANGE_MEMBERSHIP, MemberChanged, MembershipRow
from crosstalk.features.rooms.room import next_seq

_OWNER: ColumnElement[str] = literal_column("'owner'")
_OWNED = Statement(
    select(MembershipRow.user_id).where(
        MembershipRow.room_id == bindparam("room_id"), MembershipRow.role == _OWNER, MembershipRow.present
    )
)
_OLDEST = Statement(
    select(UserRow.id, UserRow.name, UserRow.name_key, UserRow.bot)
    .join(MembershipRow, MembershipRow.user_id == UserRow.id)
    .where(MembershipRow.room_id == bindparam("room_id"), MembershipRow.present)
    .order_by(MembershipRow.joined_at, MembershipRow.seq)
    .limit(literal_column("1"))
    .offset(literal_column("0"))
)
_RESIGN = Statement(
    update(MembershipRow)
    .where(MembershipRow.room_id == bindparam("room_id"), MembershipRow.role == _OWNER)
    .values(role=literal_column("'member'"))
)
_SUCCEED = Statement(CHANGE_MEMBERSHIP.values(role=_OWNER, seq=bindparam("seq"), role_seq=bindparam("seq")))


def is_owned(cursor: Cursor, room_id: str) -> bool:
    """Whether a member owns the room. When none does, the next person to join becomes its owner."""
    return bool(cursor.rows(_OWNED, room_id=room_id))


def resign(tx: db.Tx, room_id: str) -> None:
    """Makes the owner a member like others, before another owner follows."""
    tx.run(_RESIGN, room_id=room_id)


def hand_over(tx: db.Tx, room_id: str) -> None:
    """Makes the longest-standing member the owner, as one durable change, when the owner has just left. Without members the role
    stays with the person who left."""
    if is_owned(tx.cursor, room_id):
        return
    heirs = tx.cursor.rows(_OLDEST, room_id=room_id)
    if not heirs:
        return
    heir = user_from(*heirs[0])
    resign(tx, room_id)
    seq = next_seq(tx, room_id)
    tx.run(_SUCCEED, room_id=room_id, user_id=heir.id, seq=seq)
    tx.announce(MemberChanged(room_id=room_id, seq=seq, user=heir, role="owner"), to=topics.room(room_id))
