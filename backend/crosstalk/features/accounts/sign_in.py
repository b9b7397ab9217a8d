from typing import Annotated

from pydantic import Field

from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.errors import unauthenticated
from crosstalk.core.operations import cost, limit, refuses, route
from crosstalk.core.schema import Shape
from crosstalk.features.accounts.account import account_named
from crosstalk.features.accounts.password import password_fits
from crosstalk.features.accounts.session import Session, start_session

GivenName = Annotated[str, Field(min_length=1, max_length=256)]


class SignIn(Shape):
    name: GivenName
    password: Annotated[str, Field(min_length=1, max_length=256)]


@route("POST", "/sessions", status=201)
@limit("30 per 1 minute")
@cost(20)
@refuses("unauthenticated")
def sign_in(caller: Caller, body: SignIn) -> Session:
    """Sign in with a name and a password."""
    with db.reading() as session:
        row = account_named(session, body.name)
    # The same words and the same time for an unknown name as for a wrong password.
    if not password_fits(body.password, row.password_hash if row else None) or row is None:
        raise unauthenticated("The name or the password is wrong.")
    with db.transaction() as tx:
        return start_session(tx, row)
