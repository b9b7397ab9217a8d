from crosstalk.core.actor import Actor
from crosstalk.core.operations import route
from crosstalk.features.accounts.account import User, user_of_actor


@route("GET", "/me")
def who_am_i(actor: Actor) -> User:
    """Whose token this is."""
    return user_of_actor(actor)
