"""What visitors may have the server send to others: the wire check needs no token, so its broadcasts are counted."""

import threading
import time
from collections.abc import Callable

from prometheus_client import Counter

from crosstalk.core.errors import CrosstalkError, too_large

# Bytes of one event, over all that receive it; and of all events of one visitor and of all visitors, at once and a second.
MOST_AT_ONCE = 16 * 1_048_576
VISITOR_BYTES, VISITOR_RATE = 4 * 1_048_576, 1_048_576
TOTAL_BYTES, TOTAL_RATE = 32 * 1_048_576, 8 * 1_048_576

refused = Counter("crosstalk_wirecheck_refused", "Events of the wire check that would have been sent to too many")


class Allowance:
    """A bucket of bytes that fills again. What is in it is enough for one more event, whatever its size: the debt is waited for."""

    def __init__(self, most: int, a_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._a_second = a_second
        self._clock = clock
        self._left = float(most)
        self._at = clock()

    def wait(self) -> float:
        """Seconds until the next event may be sent; 0 when it may be now."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._a_second)
        self._at = now
        return max(0.0, (1 - self._left) / self._a_second)

    def take(self, size: int) -> None:
        self._left -= size


class Deliveries:
    """The allowance of all visitors together. Off, only the size of one event is bounded."""

    def __init__(self, *, on: bool) -> None:
        self._on = on
        self._lock = threading.Lock()
        self._total = Allowance(TOTAL_BYTES, TOTAL_RATE)

    def check(self, size: int, receivers: int, own: Allowance | None) -> None:
        """Counts an event to so many receivers. Raises `too_large`, or `rate_limited` with the seconds to wait."""
        if size * receivers > MOST_AT_ONCE:
            refused.inc()
            raise too_large(
                data=f"would be {size * receivers:,} bytes for {receivers:,} receivers; at most {MOST_AT_ONCE:,} are allowed"
            )
        if not self._on:
            return
        buckets = [self._total] if own is None else [self._total, own]
        with self._lock:
            wait = max(one.wait() for one in buckets)
            if not wait:
                for one in buckets:
                    one.take(size * receivers)
                return
        refused.inc()
        raise CrosstalkError(
            "rate_limited",
            "You have sent too much data to others. Wait before you send more.",
            retry_after=round(max(wait, 0.1), 1),
        )
