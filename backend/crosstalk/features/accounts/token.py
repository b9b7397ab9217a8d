"""Access tokens: JWTs (RFC 7519, HS256) signed with the installation's newest key."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jwt

from crosstalk.core.clock import steady_ms
from crosstalk.core.errors import CrosstalkError, unauthenticated
from crosstalk.core.installation import installation
from crosstalk.core.keys import SigningKey

_ISSUER, _AUDIENCE = "crosstalk", "crosstalk"
# RFC 9068 §2.1. Tokens of versions that did not set it have PyJWT's own.
_TYPE, _OLD_TYPE = "at+jwt", "JWT"


@dataclass(frozen=True)
class AccessToken:
    user_id: str
    session_id: str
    expires_at: int
    """Seconds since 1970."""


def mint_access_token(*, user_id: str, session_id: str) -> str:
    key = installation().keys.signing[0]
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": user_id,
        "sid": session_id,
        "exp": steady_ms() // 1000 + installation().access_token_s,
    }
    return jwt.encode(claims, key.key, algorithm="HS256", headers={"typ": _TYPE, "kid": key.kid})


def read_access_token(token: str) -> AccessToken:
    """Raises `token_expired` or `unauthenticated`."""
    try:
        claims = _verified(token)
    except jwt.ExpiredSignatureError:
        raise CrosstalkError("token_expired", "The access token has expired. Refresh the session.") from None
    except (jwt.InvalidTokenError, UnicodeError, RecursionError):  # the header of a token may be nested as deep as it is long
        raise unauthenticated("This is not a valid access token of this server. Sign in again.") from None
    return AccessToken(claims["sub"], claims["sid"], claims["exp"])


def _verified(token: str) -> dict[str, Any]:
    """The claims. Raises InvalidTokenError."""
    keys = installation().keys.signing
    try:
        return _verified_by(keys[0], token)
    except jwt.InvalidSignatureError:
        # Most tokens are signed with the newest key; only for others the header is read by itself.
        kid = jwt.get_unverified_header(token).get("kid")
    for key in keys[1:]:
        if kid is None or kid == key.kid:
            with suppress(jwt.InvalidSignatureError):
                return _verified_by(key, token)
    raise jwt.InvalidSignatureError("signed with no key of this server")


def _verified_by(key: SigningKey, token: str) -> dict[str, Any]:
    found = jwt.decode_complete(
        token,
        key.key,
        algorithms=["HS256"],
        issuer=_ISSUER,
        options={"require": ["exp", "iss", "sub", "sid"], "verify_aud": False, "verify_exp": False},
    )
    header, claims = found["header"], found["payload"]
    # Tokens of versions that did not set a kid and an audience have none.
    if header.get("typ") not in (_TYPE, _OLD_TYPE) or header.get("kid", key.kid) != key.kid:
        raise jwt.InvalidTokenError("another type of token, or another key than it says")
    # PyJWT would compare with the machine's clock, which may have been set since the token was signed.
    if not isinstance(claims["exp"], int):
        raise jwt.DecodeError("the expiry must be an integer")
    if claims["exp"] <= steady_ms() // 1000:
        raise jwt.ExpiredSignatureError("expired")
    if claims.get("aud", _AUDIENCE) != _AUDIENCE:
        raise jwt.InvalidAudienceError("for another audience")
    return dict(claims)
