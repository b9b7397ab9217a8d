"""Passwords: argon2id with the library's defaults, which follow RFC 9106's second recommendation.

One hash takes 64 MiB and up to a quarter of a second on every CPU. Two threads of their own compute them, with the lowest claim
to the CPUs; a few requests may wait for those, and the rest are refused at once, because each of them holds one of the eight
threads that answer REST.
"""

import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crosstalk.core.aside import aside
from crosstalk.core.errors import unavailable
from crosstalk.core.ids import new_secret

AT_ONCE, WAITING = 2, 4
RETRY_S = 1.0
_NICENESS = 5
_hasher = PasswordHasher()
Result = TypeVar("Result")


class HashingThreads:
    """Two threads, and a bound on the requests that wait for them."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password", initializer=_step_back)

    def run(self, work: Callable[..., Result], *arguments: str | None) -> Result:
        """Computes and waits. Raises `unavailable` at once when as many are waiting as may."""
        if not self._places.acquire(blocking=False):
            raise unavailable("The server is checking too many passwords. Retry in a moment.", RETRY_S)
        try:
            return self._threads.submit(aside, work, *arguments).result()
        finally:
            self._places.release()


def _step_back() -> None:
    """Gives way to the threads that serve. Green threads run in the process's first thread, which must not."""
    if sys.platform == "linux" and threading.get_native_id() != os.getpid():
        with suppress(OSError):  # a sandbox may forbid it; then passwords only compete with everything else
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


@cache
def _threads() -> HashingThreads:
    return HashingThreads()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(new_secret())


def prepared(password: str) -> str:
    """The form in which passwords are hashed: NFC, with plain blanks (OpaqueString of RFC 8265, section 4.2). Keyboards write the
    same letters in different ways."""
    blanks = "".join(" " if unicodedata.category(one) == "Zs" else one for one in password)
    return unicodedata.normalize("NFC", blanks)


class GivenPassword:
    """A password as it was typed. Hashes from before passwords were prepared fit it as well, and are then `outdated`."""

    def __init__(self, typed: str) -> None:
        self._typed = typed
        self._prepared = prepared(typed)
        self.outdated = False

    def fits(self, stored: str | None) -> bool:
        if password_fits(self._prepared, stored):
            return True
        self.outdated = self._prepared != self._typed and password_fits(self._typed, stored)
        return self.outdated

    def hashed(self) -> str:
        return hash_password(self._prepared)


def hash_password(password: str) -> str:
    """Of a password that was prepared."""
    return _threads().run(_hasher.hash, password)


def password_fits(password: str, stored: str | None) -> bool:
    # For an unknown name as well, so that the answer takes as long as for a known one.
    return _threads().run(_verified, stored, password) and stored is not None


def _verified(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
