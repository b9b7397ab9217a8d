"""Requests that the engine refuses: an HTTP error for the client, a count by reason, and log lines that cannot flood the log."""

import logging
import threading
from collections import Counter

from fastlane.clock import now

# A client that is refused asks again and again: one line a reason in so many seconds is enough to find the mistake.
AGAIN_S = 60.0
log = logging.getLogger("fastlane")


class Refusal(Exception):
    """An HTTP error. The text is for the developer who reads the answer or the log; `reason` is one of a few fixed words, the
    label in the metrics. Neither holds anything that the client sent."""

    def __init__(self, status: str, problem: str, *headers: tuple[str, str], reason: str = "bad_request") -> None:
        super().__init__(problem)
        self.status = status
        self.headers = list(headers)
        self.reason = reason


class Refusals:
    """Counts every refusal. Logs the first of each reason, then at most one a minute with the number since the line before."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._logged: dict[str, tuple[float, int]] = {}
        """Reason → when the last line was written, and the count at that time."""
        self._lock = threading.Lock()

    def record(self, refused: Refusal) -> None:
        reason, moment = refused.reason, now()
        with self._lock:
            self._counts[reason] += 1
            last_at, counted = self._logged.get(reason, (-AGAIN_S, 0))
            if moment - last_at < AGAIN_S:
                return
            self._logged[reason] = moment, self._counts[reason]
            number = self._counts[reason] - counted
        log.warning("request refused", extra={"reason": reason, "problem": str(refused), "count": number})
