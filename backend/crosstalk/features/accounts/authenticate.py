"""From an access token to the actor: what both REST and Socket.IO ask at the door."""

from sqlalchemy import bindparam, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import unauthenticated
from crosstalk.core.statements import Statement
from crosstalk.features.accounts.account import UserRow
from crosstalk.features.accounts.session import SessionRow
from crosstalk.features.accounts.token import read_access_token

_FIND = Statement(
    select(UserRow.name, UserRow.name_key)
    .join(SessionRow, SessionRow.user_id == UserRow.id)
    .where(SessionRow.id == bindparam("session_id"), UserRow.id == bindparam("user_id"), SessionRow.ended.is_(None))
)


def authenticate(token: str, address: str) -> Actor:
    """The person to whom a token belongs. Raises `token_expired` or `unauthenticated`."""
    claims = read_access_token(token)
    found = db.find(_FIND, session_id=claims.session_id, user_id=claims.user_id)
    if not found:
        raise unauthenticated("This session is over; sign in again.")
    [(name, name_key)] = found
    return Actor(
        address=address,
        user_id=claims.user_id,
        name=name,
        guest=name_key is None,
        session_id=claims.session_id,
        expires_at=claims.expires_at,
    )
