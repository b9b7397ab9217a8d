from crosstalk.core.actor import Actor
from crosstalk.core.operations import limit, route
from crosstalk.features.accounts.account import User, user_of_actor


@route("GET", "/me")
@limit("100 per 10 seconds")
def who_am_i(actor: Actor) -> User:
    """Get the current user.

    Returns the user to whom the access token belongs.
    """
    return user_of_actor(actor)
