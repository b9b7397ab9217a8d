"""Failed sign-ins: counted per account, per known device and per network.

An attempt counts as failed before its password is compared, and is taken back when the password is right: attempts at the same
time cannot outrun the count. An attempt from a known device counts for that device alone, so the owner of an account signs in
while others guess (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

import hashlib
from collections.abc import Callable, Sequence

from crosstalk.features.accounts.failure_store import FailureStore, Rule, Subject

ACCOUNT = Rule(free=5, longest_s=900, forget_s=3600)
# One address may stand for a whole office: many failures are free there, and the wait stays short.
NETWORK = Rule(free=100, longest_s=60, forget_s=36)


class FailedSignIns:
    """Decides whether an attempt to sign in may go on."""

    def __init__(self) -> None:
        self._store: FailureStore | None = None

    def use(self, store: FailureStore | None) -> None:
        """Counts in this store; None: no attempt is limited."""
        self._store = store

    def attempt(self, subjects: Sequence[Subject], fits: Callable[[], bool]) -> tuple[float, bool]:
        """`(0, whether the password fits)`, or `(seconds to wait, False)` without a look at the password.

        After a success the account or device starts anew. Of its network only this attempt is taken back, because an attacker
        can succeed with an account of their own.
        """
        store = self._store
        if store is None:
            return 0.0, fits()
        if wait := store.count(subjects):
            return wait, False
        try:
            right = fits()
        except BaseException:
            store.take_back(subjects)
            raise
        if right:
            store.reset(subjects[0])
            store.take_back(subjects[1:])
        else:
            store.failed(subjects)
        return 0.0, right


failed_sign_ins = FailedSignIns()
"""The counts of this process; the composition root gives it a store."""


def subjects_of(name_key: str, network: str, device: str | None) -> list[Subject]:
    """What an attempt counts for: its device when the account knows it, else the account and the network.

    The account is its name, whether one of that name exists or not, so that a wait reveals nothing.
    """
    if device is not None:
        return [Subject(f"device {device}", ACCOUNT)]
    account = hashlib.blake2b(name_key.encode(), digest_size=16).hexdigest()
    return [Subject(f"account {account}", ACCOUNT), Subject(f"network {network}", NETWORK)]
