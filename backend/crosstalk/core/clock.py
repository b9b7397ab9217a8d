"""The time: milliseconds since 1970 in the database, ISO 8601 with Z on the wire.

Two clocks. `now_ms` says when something happened. `steady_ms` decides what is due: leases, deadlines, windows, ages. The machine's
clock may be set while the server runs, and nothing may end early or live too long for it.
"""

import time
from datetime import UTC, datetime
from functools import lru_cache


def now_ms() -> int:
    """Milliseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1_000_000


# Linux's CLOCK_MONOTONIC stands still while the machine sleeps; CLOCK_BOOTTIME does not, so that a token expires during the sleep.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_BEGAN_NS = time.time_ns() - time.clock_gettime_ns(_STEADY)


def steady_ms() -> int:
    """Milliseconds since 1970 by the machine's clock at the start of the process, and since then by a clock that cannot be set."""
    return (_BEGAN_NS + time.clock_gettime_ns(_STEADY)) // 1_000_000


def iso(ms: int) -> str:
    """`2026-11-22T17:00:00.123Z`."""
    seconds, rest = divmod(ms, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    # What is written now, and a page of history, falls into few seconds.
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
