"""A session: one sign-in on one device, with a short access token and a refresh token that changes at each use."""

from collections.abc import Callable

from pydantic import Field
from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Actor
from crosstalk.core.clock import steady_ms
from crosstalk.core.errors import unauthenticated
from crosstalk.core.ids import digest, new_id
from crosstalk.core.installation import installation
from crosstalk.core.schema import Shape
from crosstalk.features.accounts.account import User, UserRow, user_of
from crosstalk.features.accounts.device import device_token
from crosstalk.features.accounts.refresh_secret import first_secret, new_refresh_key
from crosstalk.features.accounts.token import mint_access_token

_DAY_MS = 24 * 3600 * 1000
UNUSED_MS = 30 * _DAY_MS
"""A session that is not refreshed for so long is over."""
LONGEST_MS = 180 * _DAY_MS
"""The session of an account is over after so long, however often it is refreshed. A guest has nothing else to return with, so
a guest's session has no such end."""


# What else ends with a session, in the same transaction. Features above this one fill it in.
ending: list[Callable[[db.Tx, "SessionRow"], None]] = []


class SessionRow(db.Base):
    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    refresh_digest: Mapped[str]
    """Of the refresh token that was issued last."""
    previous_digest: Mapped[str | None]
    """Of the one before it, which was used at `refreshed_at`."""
    refreshed_at: Mapped[int | None]
    refresh_key: Mapped[str]
    """Derives each refresh token of this session from the one before it, and tells its former tokens from invented ones."""
    created_at: Mapped[int]
    expires_at: Mapped[int]
    ended: Mapped[str | None]
    """Why the session is over: a reason of core/errors.END_REASONS."""


LAST_USED = func.coalesce(SessionRow.refreshed_at, SessionRow.created_at)
"""When a session was last refreshed, or begun."""


class Session(Shape):
    """The tokens of one session."""

    access_token: str
    """Send it as `Authorization: Bearer`, and as `auth: {token}` of the socket."""
    refresh_token: str
    """Valid for one refresh; each refresh returns the next one."""
    expires_in: int
    """Seconds until the access token expires."""
    user: User
    device_token: str | None = Field(None, exclude_if=lambda value: value is None)
    """Of accounts: keep it after signing out and send it with the next sign-in, which then passes while others guess the password."""


def start_session(tx: db.Tx, user: UserRow) -> Session:
    """A new session of a person."""
    key = new_refresh_key()
    secret = first_secret(key)
    row = SessionRow(
        id=new_id(),
        user_id=user.id,
        refresh_digest=digest(secret),
        previous_digest=None,
        refreshed_at=None,
        refresh_key=key,
        created_at=steady_ms(),
        expires_at=steady_ms() + UNUSED_MS,
        ended=None,
    )
    tx.session.add(row)
    return session_of(row, user, secret)


def end_session(session_id: str, reason: str) -> None:
    """Ends a session and every connection that it has."""
    with db.transaction() as tx:
        row = tx.session.get(SessionRow, session_id)
        if row is not None and row.ended is None:
            mark_ended(tx, row, reason)
    live.clients.end(topics.session(session_id), reason)


def require_live_session(tx: db.Tx, actor: Actor) -> None:
    """Refuses what a session sent before it ended and what is run only now. Raises `unauthenticated`."""
    row = tx.session.get(SessionRow, actor.session_id)
    if row is None or row.ended is not None:
        raise unauthenticated("This session has ended. Sign in again.")


def mark_ended(tx: db.Tx, row: SessionRow, reason: str) -> None:
    """Ends a session in a transaction, with all that ends with it; its connections are the caller's to end."""
    row.ended = reason
    for end in ending:
        end(tx, row)


def session_of(row: SessionRow, user: UserRow, secret: str) -> Session:
    return Session(
        access_token=mint_access_token(user_id=user.id, session_id=row.id),
        refresh_token=f"{row.id}.{secret}",
        expires_in=installation().access_token_s,
        user=user_of(user),
        device_token=None if user.name_key is None else device_token(user.id, row.id),
    )
