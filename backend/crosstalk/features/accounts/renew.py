from typing import Annotated

from pydantic import Field

from crosstalk.core.actor import Actor
from crosstalk.core.clock import steady_ms
from crosstalk.core.errors import forbidden
from crosstalk.core.operations import command, cost, limit, refuses
from crosstalk.core.schema import Shape
from crosstalk.features.accounts.authenticate import authenticate


class RenewSession(Shape):
    token: Annotated[str, Field(min_length=1, max_length=4096)]
    """A newer access token of the same session."""


class Renewed(Shape):
    expires_in: int
    """Seconds until the connection expires."""


@command("session:renew")
@limit("30 per 1 minute")
@cost(0)
@refuses("unauthenticated", "token_expired", "forbidden")
def renew_session(actor: Actor, body: RenewSession) -> Renewed:
    """Renew a connection's session.

    Gives an open connection a newer access token of the same session, so that the connection stays open when the token it
    connected with expires.
    """
    newer = authenticate(body.token, actor.address)
    if newer.session_id != actor.session_id:
        raise forbidden("This token belongs to another session. Send one of the session that the connection was opened with.")
    if actor.connection is not None:
        actor.connection.extend(newer.expires_at)
    return Renewed(expires_in=max(0, newer.expires_at - steady_ms() // 1000))
