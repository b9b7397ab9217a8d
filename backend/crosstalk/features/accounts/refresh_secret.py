"""The secrets in the refresh tokens of one session. Each is derived from the one before it and a key of the session.

So the successor of a token can be answered again, by any process and after a restart, while nothing in the database is a token.
A secret ends with a code that only the key makes (HMAC-SHA256, RFC 2104): a former token of the session is told from an invented one
without a list of them.
"""

import base64
import hashlib
import hmac

from crosstalk.core.ids import new_secret

_NONCE_LENGTH = 32


def new_refresh_key() -> str:
    return new_secret()


def first_secret(key: str) -> str:
    return _sealed(key, new_secret())


def next_secret(key: str, secret: str) -> str:
    """The one successor of this secret: 192 bits that only a holder of both the secret and the key can derive."""
    return _sealed(key, _mac(key, "next", secret)[:_NONCE_LENGTH])


def is_former(key: str, secret: str) -> bool:
    """Whether this secret was made with this key."""
    return hmac.compare_digest(secret.encode(), _sealed(key, secret[:_NONCE_LENGTH]).encode())


def _sealed(key: str, nonce: str) -> str:
    return nonce + _mac(key, "seal", nonce)[:_NONCE_LENGTH]


def _mac(key: str, use: str, text: str) -> str:
    made = hmac.digest(key.encode(), f"{use} {text}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).decode()
