from crosstalk.core.actor import Actor
from crosstalk.core.network import network_of
from crosstalk.core.operations import cost, limit, route
from crosstalk.core.security_log import security_event
from crosstalk.features.accounts.session import end_session


@route("DELETE", "/sessions/current", status=204)
@limit("30 per 1 minute")
@cost(0)
def sign_out(actor: Actor) -> None:
    """Sign out.

    Revokes the tokens of the current session and closes its connections.
    """
    end_session(actor.session_id, "signed_out")
    security_event("sign_out", "ok", user_id=actor.user_id, address=network_of(actor.address))
