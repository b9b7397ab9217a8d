from typing import Annotated

from pydantic import Field

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Caller
from crosstalk.core.errors import unauthenticated
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.schema import Shape
from crosstalk.features.accounts.session import Session, rotate_session


class RefreshSession(Shape):
    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


@route("POST", "/sessions/refresh", status=201)
@limit("120 per 1 minute")
@cost(2)
@refuses("unauthenticated")
def refresh_session(caller: Caller, body: RefreshSession) -> Session:
    """Trade a refresh token for new tokens."""
    with db.transaction() as tx:
        session = rotate_session(tx, body.refresh_token)
    if session is None:
        live.clients.end(topics.session(body.refresh_token.partition(".")[0]), "session_revoked")
        raise unauthenticated("This refresh token was used before; the session was ended for safety. Sign in again.")
    return session
