from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.network import network_of
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.schema import Shape
from crosstalk.core.security_log import security_event
from crosstalk.features.accounts.account import Name, new_guest, require_free_name
from crosstalk.features.accounts.session import Session, start_session


class EnterAsGuest(Shape):
    name: Name
    """1 to 40 characters; not reserved, not the name of an account or one that looks like it. Other guests may have it too."""


@route("POST", "/guests", status=201)
@limit("120 per 1 minute")
@cost(5)
@refuses("conflict", "quota_exceeded")
def enter_as_guest(caller: Caller, body: EnterAsGuest) -> Session:
    """Sign in as guest.

    Creates a guest from a name alone and returns its session. A guest has no password: when the tokens are lost, the guest
    cannot sign in again.
    """
    db.database().usage.spend_guest(caller.address)
    with db.transaction() as tx:
        require_free_name(tx.session, body.name)
        started = start_session(tx, new_guest(tx.session, body.name))
    security_event("guest", "ok", user_id=started.user.id, address=network_of(caller.address))
    return started
