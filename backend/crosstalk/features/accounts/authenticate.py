"""From an access token to the actor: what both REST and Socket.IO ask at the door."""

from sqlalchemy import bindparam, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError, unauthenticated
from crosstalk.core.network import network_of
from crosstalk.core.security_log import count_security_event, security_event
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
    try:
        claims = read_access_token(token)
    except CrosstalkError as refused:
        # That a token expires is everyday; that one was not signed here is not.
        if refused.code != "token_expired":
            security_event("token", "refused", address=network_of(address))
        raise
    found = db.find(_FIND, session_id=claims.session_id, user_id=claims.user_id)
    if not found:
        # Every other tab of a session that was signed out gets here once.
        count_security_event("token", "ended")
        raise unauthenticated("This session has ended. Sign in again.")
    [(name, name_key)] = found
    return Actor(
        address=address,
        user_id=claims.user_id,
        name=name,
        guest=name_key is None,
        session_id=claims.session_id,
        expires_at=claims.expires_at,
    )
