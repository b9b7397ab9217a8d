"""What a refresh token gets: its successor, or the end of the session when it has been used before (RFC 9700, 4.14.2)."""

import hmac
from dataclasses import dataclass
from typing import Literal

from crosstalk.core import db
from crosstalk.core.clock import steady_ms
from crosstalk.core.ids import digest
from crosstalk.features.accounts.account import UserRow
from crosstalk.features.accounts.refresh_secret import is_former, next_secret
from crosstalk.features.accounts.session import LONGEST_MS, UNUSED_MS, Session, SessionRow, mark_ended, session_of

REPEATABLE_MS = 60_000
"""For so long after its use a refresh token gets its successor again: the answer may have been lost, or another tab may ask."""


@dataclass(frozen=True)
class Rotation:
    """The outcome of one refresh."""

    outcome: Literal["ok", "refused", "reused"]
    session_id: str
    user_id: str | None = None
    session: Session | None = None


def rotate(tx: db.Tx, refresh_token: str) -> Rotation:
    """The successor of a refresh token. A token that was used before ends the session; one that never was a token does not."""
    session_id, _, secret = refresh_token.partition(".")
    row = tx.session.get(SessionRow, session_id)
    now = steady_ms()
    if row is None or row.ended or row.expires_at < now:
        return Rotation("refused", session_id, None if row is None else row.user_id)
    given = digest(secret)
    current = hmac.compare_digest(given, row.refresh_digest)
    previous = row.previous_digest is not None and hmac.compare_digest(given, row.previous_digest)
    repeatable = previous and row.refreshed_at is not None and now - row.refreshed_at < REPEATABLE_MS
    if current or repeatable:
        user = tx.session.get_one(UserRow, row.user_id)
        successor = next_secret(row.refresh_key, secret)
        if current:
            row.previous_digest, row.refresh_digest, row.refreshed_at = given, digest(successor), now
            row.expires_at = _end(row, user, now)
        return Rotation("ok", row.id, user.id, session_of(row, user, successor))
    if previous or is_former(row.refresh_key, secret):
        mark_ended(tx, row, "session_revoked")
        return Rotation("reused", row.id, row.user_id)
    return Rotation("refused", row.id, row.user_id)


def _end(row: SessionRow, user: UserRow, now: int) -> int:
    unused = now + UNUSED_MS
    return unused if user.name_key is None else min(unused, row.created_at + LONGEST_MS)
