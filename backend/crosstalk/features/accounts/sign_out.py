from crosstalk.core.actor import Actor
from crosstalk.core.operations import limit, route
from crosstalk.features.accounts.session import end_session


@route("DELETE", "/sessions/current", status=204)
@limit("30 per 1 minute")
def sign_out(actor: Actor) -> None:
    """Sign out: the tokens of this session are worth nothing, and its connections are ended."""
    end_session(actor.session_id, "signed_out")
