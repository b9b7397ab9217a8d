"""How often one actor may ask. One policy for REST and commands, declared beside each operation with `@limit`."""

import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from crosstalk.core.actor import Actor, Caller
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import OPERATIONS, Operation

DEFAULT_RATE = "300 per 10 seconds"


class Limits:
    """The counters of this process."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._items: dict[str, RateLimitItem] = {}

    def rates(self) -> dict[str, str] | None:
        """Command or route name → rate, for `session:ready`; None when limits are off."""
        if not self.on:
            return None
        return {one.command: one.rate or DEFAULT_RATE for one in OPERATIONS.values() if one.command}

    def check(self, operation: Operation, caller: Caller) -> None:
        """Counts one more. Raises `rate_limited` with the seconds to wait."""
        if not self.on:
            return
        item = self._items.get(operation.name)
        if item is None:
            item = self._items[operation.name] = parse(operation.rate or DEFAULT_RATE)
        who = caller.user_id if isinstance(caller, Actor) else caller.address
        if not self._limiter.hit(item, operation.name, who):
            wait = self._limiter.get_window_stats(item, operation.name, who).reset_time - time.time()
            raise CrosstalkError(
                "rate_limited", f"At most {item.amount} in {item.get_expiry()} seconds.", retry_after=round(max(wait, 0.1), 1)
            )
