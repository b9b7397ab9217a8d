"""Access tokens: JWTs (RFC 7519, HS256) signed with the installation's key, good for a quarter of an hour."""

import time
from dataclasses import dataclass

import jwt

from crosstalk.core.errors import CrosstalkError, unauthenticated
from crosstalk.core.installation import installation

ACCESS_TOKEN_S = 900
_ISSUER = "crosstalk"


@dataclass(frozen=True)
class AccessToken:
    user_id: str
    session_id: str
    expires_at: int
    """Seconds since 1970."""


def mint_access_token(*, user_id: str, session_id: str) -> str:
    claims = {"iss": _ISSUER, "sub": user_id, "sid": session_id, "exp": int(time.time()) + ACCESS_TOKEN_S}
    return jwt.encode(claims, installation().signing_key, algorithm="HS256")


def read_access_token(token: str) -> AccessToken:
    """Raises `token_expired` or `unauthenticated`."""
    try:
        claims = jwt.decode(
            token,
            installation().signing_key,
            algorithms=["HS256"],
            issuer=_ISSUER,
            options={"require": ["exp", "iss", "sub", "sid"]},
        )
    except jwt.ExpiredSignatureError:
        raise CrosstalkError("token_expired", "The access token has expired.") from None
    except (jwt.InvalidTokenError, UnicodeError, RecursionError):  # the header of a token may be nested as deep as it is long
        raise unauthenticated("This is not an access token of this server.") from None
    return AccessToken(claims["sub"], claims["sid"], claims["exp"])
