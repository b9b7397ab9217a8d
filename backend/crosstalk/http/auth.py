"""Who asks by REST: the bearer token of the request."""

from collections.abc import Callable

from flask import Request

from crosstalk.core.actor import Actor, Caller
from crosstalk.core.errors import unauthenticated
from crosstalk.core.operations import Operation

# A longer header is no token of ours, and is not looked at.
HEADER_CHARACTERS = 4_200

Authenticate = Callable[[str, str], Actor]
"""(token, address) → the actor. The accounts feature has it; the composition root passes it in."""


def caller_of(request: Request, operation: Operation, authenticate: Authenticate) -> Caller:
    """The caller that an operation wants. Raises `unauthenticated` or `token_expired`."""
    address = request.remote_addr or ""
    if not operation.needs_actor:
        return Caller(address)
    header = request.headers.get("Authorization", "")
    scheme, _, token = ("" if len(header) > HEADER_CHARACTERS else header).partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated("Sign in, and send the access token as Authorization: Bearer.")
    return authenticate(token.strip(), address)
