"""Opaque ids and secrets."""

import hashlib
import secrets

from crosstalk.core.clock import now_ms

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"


def new_id() -> str:
    """20 characters: 50 bits of time, so that new rows land at the end of an index, and 50 random bits."""
    bits = (now_ms() << 50) | secrets.randbits(50)
    return "".join(_ALPHABET[(bits >> shift) & 31] for shift in range(95, -5, -5))


def new_secret() -> str:
    """192 random bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def digest(secret: str) -> str:
    """What is stored of a secret with enough randomness of its own: SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
