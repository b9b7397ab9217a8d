"""Opaque ids and secrets."""

import hashlib
import secrets

from crosstalk.core.clock import now_ms

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new_id() -> str:
    """20 characters: 50 bits of time, so that new rows land at the end of an index, and 50 random bits."""
    bits = (now_ms() << 50) | secrets.randbits(50)
    return "".join([_PAIRS[(bits >> shift) & 1023] for shift in range(90, -10, -10)])


def made_at(made: str) -> int | None:
    """When `new_id` made an id, in milliseconds since 1970; None for what is no such id."""
    try:
        return int(made, 32) >> 50 if len(made) == 20 else None
    except ValueError:
        return None


def new_secret() -> str:
    """192 random bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def digest(secret: str) -> str:
    """What is stored of a secret with enough randomness of its own: SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
