"""Passwords: argon2id with the library's defaults, which follow RFC 9106's second recommendation."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crosstalk.core.aside import aside
from crosstalk.core.ids import new_secret

_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(new_secret())


def hash_password(password: str) -> str:
    return aside(_hasher.hash, password)


def password_fits(password: str, stored: str | None) -> bool:
    # For an unknown name as well, so that the answer takes as long as for a known one.
    nobodys = _nobodys_hash()
    try:
        return aside(_hasher.verify, stored or nobodys, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
