"""A session: one sign-in on one device, with a short access token and a refresh token that changes at each use."""

import hmac
from collections.abc import Callable

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import unauthenticated
from crosstalk.core.ids import digest, new_id, new_secret
from crosstalk.core.schema import Shape
from crosstalk.features.accounts.account import User, UserRow, user_of
from crosstalk.features.accounts.token import ACCESS_TOKEN_S, mint_access_token

SESSION_MS = 30 * 24 * 3600 * 1000


# What else ends with a session, in the same transaction. Features above this one fill it in.
ending: list[Callable[[db.Tx, "SessionRow"], None]] = []


class SessionRow(db.Base):
    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    refresh_digest: Mapped[str]
    previous_digest: Mapped[str | None]
    created_at: Mapped[int]
    expires_at: Mapped[int]
    ended: Mapped[str | None]
    """Why the session is over: a reason of core/errors.END_REASONS."""


class Session(Shape):
    """What a person needs to talk to the API."""

    access_token: str
    """For `Authorization: Bearer` and for the `auth` of the socket."""
    refresh_token: str
    """Good for one refresh; each refresh answers the next one."""
    expires_in: int
    """Seconds until the access token expires."""
    user: User


def start_session(tx: db.Tx, user: UserRow) -> Session:
    """A new session of a person."""
    secret = new_secret()
    row = SessionRow(
        id=new_id(),
        user_id=user.id,
        refresh_digest=digest(secret),
        previous_digest=None,
        created_at=now_ms(),
        expires_at=now_ms() + SESSION_MS,
        ended=None,
    )
    tx.session.add(row)
    return _session(row, user, secret)


def rotate_session(tx: db.Tx, refresh_token: str) -> Session | None:
    """The next tokens, or None when the token was used twice and the session is therefore over.

    The token before the current one is accepted until the current one is used: its answer may have been lost.
    """
    session_id, _, secret = refresh_token.partition(".")
    row = tx.session.get(SessionRow, session_id)
    if row is None or row.ended or row.expires_at < now_ms():
        raise unauthenticated("This refresh token is not good any more; sign in again.")
    given = digest(secret)
    if hmac.compare_digest(given, row.refresh_digest):
        row.previous_digest = given
    elif row.previous_digest is None or not hmac.compare_digest(given, row.previous_digest):
        _end(tx, row, "session_revoked")
        return None
    fresh = new_secret()
    row.refresh_digest = digest(fresh)
    row.expires_at = now_ms() + SESSION_MS
    return _session(row, tx.session.get_one(UserRow, row.user_id), fresh)


def end_session(session_id: str, reason: str) -> None:
    """Ends a session and every connection that it has."""
    with db.transaction() as tx:
        row = tx.session.get(SessionRow, session_id)
        if row is not None and row.ended is None:
            _end(tx, row, reason)
    live.clients.end(topics.session(session_id), reason)


def require_live_session(tx: db.Tx, actor: Actor) -> None:
    """Refuses what a session sent before it ended and what is run only now. Raises `unauthenticated`."""
    row = tx.session.get(SessionRow, actor.session_id)
    if row is None or row.ended is not None:
        raise unauthenticated("This session is over; sign in again.")


def _end(tx: db.Tx, row: SessionRow, reason: str) -> None:
    row.ended = reason
    for end in ending:
        end(tx, row)


def _session(row: SessionRow, user: UserRow, secret: str) -> Session:
    return Session(
        access_token=mint_access_token(user_id=user.id, session_id=row.id),
        refresh_token=f"{row.id}.{secret}",
        expires_in=ACCESS_TOKEN_S,
        user=user_of(user),
    )
