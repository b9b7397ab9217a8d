from typing import Annotated

from pydantic import Field

from crosstalk.core import db, live, topics
from crosstalk.core.actor import Caller
from crosstalk.core.errors import unauthenticated
from crosstalk.core.network import network_of
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.schema import Shape
from crosstalk.core.security_log import count_security_event, security_event
from crosstalk.features.accounts.rotation import rotate
from crosstalk.features.accounts.session import Session


class RefreshSession(Shape):
    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


@route("POST", "/sessions/refresh", status=201)
@limit("120 per 1 minute")
@cost(2)
@refuses("unauthenticated")
def refresh_session(caller: Caller, body: RefreshSession) -> Session:
    """Refresh a session.

    Exchanges a refresh token for a new access token and a new refresh token. For 60 seconds after its first use, and until
    the new refresh token is used, the same refresh token returns the same tokens again, so a lost response does no harm.
    """
    with db.transaction() as tx:
        rotation = rotate(tx, body.refresh_token)
    if rotation.session is not None:
        count_security_event("refresh", "ok")
        return rotation.session
    security_event("refresh", rotation.outcome, user_id=rotation.user_id, address=network_of(caller.address))
    if rotation.outcome == "reused":
        live.clients.end(topics.session(rotation.session_id), "session_revoked")
        raise unauthenticated("This refresh token was already used, so the session was ended for safety. Sign in again.")
    raise unauthenticated("This refresh token is no longer valid. Sign in again.")
