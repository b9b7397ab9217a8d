from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.errors import invalid
from crosstalk.core.network import network_of
from crosstalk.core.operations import body_limit, cost, limit, refuses, route
from crosstalk.core.schema import Shape
from crosstalk.core.security_log import security_event
from crosstalk.features.accounts.account import Name, Password, new_account, require_free_name
from crosstalk.features.accounts.password import hash_password, prepared
from crosstalk.features.accounts.password_rules import password_problem
from crosstalk.features.accounts.session import Session, start_session


class SignUp(Shape):
    name: Name
    """1 to 40 characters; not reserved, and no other account's, without regard to case and to letters that look alike."""
    password: Password
    """8 to 256 characters; not the name, not one of the most common passwords, not a simple sequence."""


@route("POST", "/accounts", status=201)
@body_limit(8_192, why="a password of 256 characters, each written as a surrogate pair, is 3,072 bytes, and there is the name")
@limit("30 per 1 minute")
@cost(20)
@refuses("conflict")
def sign_up(caller: Caller, body: SignUp) -> Session:
    """Create an account.

    Creates an account with a name and a password, and signs it in.
    """
    db.database().usage.require_space()
    with db.reading() as session:
        require_free_name(session, body.name)  # a hash is dear; the name is looked at again when it is taken
    if problem := password_problem(body.password, body.name):
        raise invalid(password=problem)
    password_hash = hash_password(prepared(body.password))
    with db.transaction() as tx:
        require_free_name(tx.session, body.name)
        row = new_account(tx.session, body.name, password_hash)
        started = start_session(tx, row)
    security_event("sign_up", "ok", user_id=row.id, address=network_of(caller.address))
    return started
