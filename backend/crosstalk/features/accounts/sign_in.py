import math
from typing import Annotated

from pydantic import Field

from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.errors import CrosstalkError, unauthenticated
from crosstalk.core.names import name_key
from crosstalk.core.network import network_of
from crosstalk.core.operations import body_limit, cost, limit, refuses, route
from crosstalk.core.schema import Shape
from crosstalk.core.security_log import security_event
from crosstalk.features.accounts.account import UserRow, account_named
from crosstalk.features.accounts.device import known_device
from crosstalk.features.accounts.failed_sign_ins import failed_sign_ins, subjects_of
from crosstalk.features.accounts.password import GivenPassword
from crosstalk.features.accounts.session import Session, start_session

GivenName = Annotated[str, Field(min_length=1, max_length=256)]


class SignIn(Shape):
    name: GivenName
    password: Annotated[str, Field(min_length=1, max_length=256)]
    device_token: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """From an earlier `Session` of this account: lets this device sign in while others guess the password."""


@route("POST", "/sessions", status=201)
@body_limit(8_192, why="a name and a password of 256 characters, each written as a surrogate pair, are 6,144 bytes")
@limit("300 per 1 minute")
@cost(20)
@refuses("unauthenticated")
def sign_in(caller: Caller, body: SignIn) -> Session:
    """Sign in with password.

    Creates a session from the name and password of an account. After failed attempts, further ones are refused as
    `rate_limited` for a time that grows, per account and per network.
    """
    with db.reading() as session:
        row = account_named(session, body.name)
    user_id = None if row is None else row.id
    network = network_of(caller.address)
    subjects = subjects_of(
        name_key(body.name) if row is None else row.name_key or "", network, known_device(user_id, body.device_token)
    )
    # The same words and the same time for an unknown name as for a wrong password.
    stored = None if row is None else row.password_hash
    password = GivenPassword(body.password)
    wait, fits = failed_sign_ins.attempt(subjects, lambda: password.fits(stored))
    if wait:
        security_event("sign_in", "limited", user_id=user_id, address=network)
        again = math.ceil(wait * 10) / 10
        raise CrosstalkError(
            "rate_limited", "Too many failed attempts to sign in. Wait before you try again.", retry_after=again
        )
    if not fits or row is None:
        security_event("sign_in", "refused", user_id=user_id, address=network)
        raise unauthenticated("Wrong name or password.")
    rehashed = password.hashed() if password.outdated else None
    with db.transaction() as tx:
        if rehashed is not None:
            tx.session.get_one(UserRow, row.id).password_hash = rehashed
        started = start_session(tx, row)
    security_event("sign_in", "ok", user_id=user_id, address=network)
    return started
