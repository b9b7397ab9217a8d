from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import conflict, invalid
from crosstalk.core.ids import new_id
from crosstalk.core.network import network_of
from crosstalk.core.operations import body_limit, cost, limit, refuses, route
from crosstalk.core.schema import Shape
from crosstalk.core.security_log import security_event
from crosstalk.features.accounts.account import Name, Password, UserRow, account_named, name_key
from crosstalk.features.accounts.password import hash_password
from crosstalk.features.accounts.password_rules import password_problem
from crosstalk.features.accounts.session import Session, start_session


class SignUp(Shape):
    name: Name
    """1 to 40 characters, unique without regard to case."""
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
    if problem := password_problem(body.password, body.name):
        raise invalid(password=problem)
    password_hash = hash_password(body.password)
    with db.transaction() as tx:
        if account_named(tx.session, body.name) is not None:
            raise conflict("This name is already taken. Choose another one.", name="is already taken; choose another one")
        row = UserRow(
            id=new_id(), name=body.name, name_key=name_key(body.name), password_hash=password_hash, created_at=now_ms()
        )
        tx.session.add(row)
        started = start_session(tx, row)
    security_event("sign_up", "ok", user_id=row.id, address=network_of(caller.address))
    return started
