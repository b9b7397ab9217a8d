"""Guests who never wrote and have not been here for CROSSTALK_GUEST_DAYS leave their rooms; after as many days more their rows
are deleted.

The days between are for clients that catch up: a member's leaving is in the log as long as the membership's row is there.
"""

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.orm import aliased

from crosstalk.core import db
from crosstalk.core.clock import now_ms
from crosstalk.core.operations import every
from crosstalk.core.quotas import DAY_MS
from crosstalk.features.accounts.account import UserRow, user_of
from crosstalk.features.accounts.session import LAST_USED, SessionRow
from crosstalk.features.accounts.stored_bytes import StoredBytesRow
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.rooms.invite import InviteRow
from crosstalk.features.rooms.leave import end_membership
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import RoomRow

BATCH = 20


def delete_guests(now: int, days: int) -> int:
    """Ends the memberships of silent guests, and deletes those who have none, some at a time. Returns how many were deleted."""
    deleted, after = 0, ""
    while True:
        with db.reading() as session:
            ids = list(
                session.scalars(_silent(now - days * DAY_MS).where(UserRow.id > after).order_by(UserRow.id).limit(BATCH))
            )
        if not ids:
            return deleted
        after = ids[-1]
        with db.transaction() as tx:
            # Looked at again: a guest may have come back meanwhile.
            for user_id in list(tx.session.scalars(_silent(now - days * DAY_MS).where(UserRow.id.in_(ids)))):
                if not _leave_rooms(tx, user_id) and _is_silent(tx, user_id, now - 2 * days * DAY_MS):
                    _delete(tx, user_id)
                    deleted += 1


def _silent(since: int) -> Select[str]:
    """Guests who came before and have done nothing since, except for owners of rooms that others use."""
    owned = aliased(MembershipRow)
    used = or_(RoomRow.member_count > 1, exists().where(MessageRow.room_id == RoomRow.id))
    return select(UserRow.id).where(
        UserRow.name_key.is_(None),
        UserRow.bot.is_(False),
        UserRow.created_at < since,
        ~exists().where(MessageRow.author_id == UserRow.id),
        # A connection needs a refresh every quarter of an hour.
        ~exists().where(SessionRow.user_id == UserRow.id, since <= LAST_USED),
        ~exists().where(owned.user_id == UserRow.id, owned.role == "owner", owned.present, RoomRow.id == owned.room_id, used),
    )


def _is_silent(tx: db.Tx, user_id: str, since: int) -> bool:
    return tx.session.scalar(_silent(since).where(UserRow.id == user_id)) is not None


def _leave_rooms(tx: db.Tx, user_id: str) -> bool:
    """Whether there was a room to leave."""
    user = user_of(tx.session.get_one(UserRow, user_id))
    rooms = list(
        tx.session.scalars(select(MembershipRow.room_id).where(MembershipRow.user_id == user_id, MembershipRow.present))
    )
    for room_id in rooms:
        end_membership(tx, room_id, user)
    return bool(rooms)


def _delete(tx: db.Tx, user_id: str) -> None:
    for row in (MembershipRow, SessionRow, StoredBytesRow):
        tx.session.execute(delete(row).where(row.user_id == user_id))
    tx.session.execute(delete(InviteRow).where(InviteRow.created_by == user_id))
    tx.session.execute(delete(UserRow).where(UserRow.id == user_id))


@every(600)
def delete_silent_guests() -> None:
    days = db.database().usage.quotas.guest_days
    if days:
        delete_guests(now_ms(), days)
