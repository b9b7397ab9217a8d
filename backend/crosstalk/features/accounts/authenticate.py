"""From an access token to the actor: what both REST and Socket.IO ask at the door."""

from sqlalchemy import select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import unauthenticated
from crosstalk.features.accounts.account import UserRow
from crosstalk.features.accounts.session import SessionRow
from crosstalk.features.accounts.token import read_access_token


def authenticate(token: str, address: str) -> Actor:
    """The person to whom a token belongs. Raises `token_expired` or `unauthenticated`."""
    claims = read_access_token(token)
    with db.reading() as session:
        found = session.execute(
            select(UserRow.name, UserRow.name_key, SessionRow.ended)
            .join(SessionRow, SessionRow.user_id == UserRow.id)
            .where(SessionRow.id == claims.session_id, UserRow.id == claims.user_id)
        ).one_or_none()
    if found is None or found.ended is not None:
        raise unauthenticated("This session is over; sign in again.")
    return Actor(
        address=address,
        user_id=claims.user_id,
        name=found.name,
        guest=found.name_key is None,
        session_id=claims.session_id,
        expires_at=claims.expires_at,
    )
