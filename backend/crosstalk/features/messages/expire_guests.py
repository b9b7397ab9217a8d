"""Guests who are away leave: public rooms after CROSSTALK_GUEST_AWAY_HOURS, all rooms after CROSSTALK_GUEST_DAYS. The rows of
guests who never wrote are deleted after as many days more; messages keep their author.

The days between are for clients that catch up: a member's leaving is in the log as long as the membership's row is there.
"""

from sqlalchemy import Select, delete, exists, select

from crosstalk.core import db
from crosstalk.core.clock import steady_ms
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
HOUR_MS = 3_600_000


def end_memberships(now: int, *, away_ms: int, public_only: bool) -> int:
    """Ends the memberships of guests who have been away for so long at `now`, some at a time. Returns how many guests left."""
    memberships = _memberships(now - away_ms, public_only=public_only)
    guests = memberships.with_only_columns(MembershipRow.user_id).distinct().order_by(MembershipRow.user_id)
    left, after = 0, ""
    while True:
        with db.reading() as session:
            ids = list(session.scalars(guests.where(MembershipRow.user_id > after).limit(BATCH)))
        if not ids:
            return left
        after = ids[-1]
        with db.transaction() as tx:
            # Looked at again: a guest may have come back meanwhile.
            for user_id in ids:
                rooms = list(tx.session.scalars(memberships.where(MembershipRow.user_id == user_id)))
                user = user_of(tx.session.get_one(UserRow, user_id))
                for room_id in rooms:
                    end_membership(tx, room_id, user)
                left += bool(rooms)


def delete_guests(now: int, days: int) -> int:
    """Deletes guests who never wrote, are in no room and have been away for twice the days, some at a time. Returns how many."""
    silent = _away(now - 2 * days * DAY_MS).where(
        ~exists().where(MessageRow.author_id == UserRow.id),
        ~exists().where(MembershipRow.user_id == UserRow.id, MembershipRow.present),
    )
    deleted, after = 0, ""
    while True:
        with db.reading() as session:
            ids = list(session.scalars(silent.where(UserRow.id > after).order_by(UserRow.id).limit(BATCH)))
        if not ids:
            return deleted
        after = ids[-1]
        with db.transaction() as tx:
            for user_id in list(tx.session.scalars(silent.where(UserRow.id.in_(ids)))):
                _delete(tx, user_id)
                deleted += 1


def _away(since: int) -> Select[str]:
    """Guests who came before and have not been here since."""
    return select(UserRow.id).where(
        UserRow.name_key.is_(None),
        UserRow.bot.is_(False),
        UserRow.created_at < since,
        # A connection needs a refresh every quarter of an hour.
        ~exists().where(SessionRow.user_id == UserRow.id, since <= LAST_USED),
    )


def _memberships(since: int, *, public_only: bool) -> Select[str]:
    """The rooms of these guests."""
    rooms = (
        select(MembershipRow.room_id)
        .join(RoomRow, RoomRow.id == MembershipRow.room_id)
        .where(MembershipRow.present, MembershipRow.user_id.in_(_away(since)))
    )
    return rooms.where(RoomRow.kind == "public") if public_only else rooms


def _delete(tx: db.Tx, user_id: str) -> None:
    for row in (MembershipRow, SessionRow, StoredBytesRow):
        tx.session.execute(delete(row).where(row.user_id == user_id))
    tx.session.execute(delete(InviteRow).where(InviteRow.created_by == user_id))
    tx.session.execute(delete(UserRow).where(UserRow.id == user_id))


@every(600)
def expire_guests() -> None:
    quotas = db.database().usage.quotas
    if quotas.guest_away_hours:
        end_memberships(steady_ms(), away_ms=int(quotas.guest_away_hours * HOUR_MS), public_only=True)
    if quotas.guest_days:
        end_memberships(steady_ms(), away_ms=quotas.guest_days * DAY_MS, public_only=False)
        delete_guests(steady_ms(), quotas.guest_days)
