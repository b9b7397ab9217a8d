"""Security events: structured log lines, bounded in number, and a counter for /metrics.

ASVS 5.0, 16.3: authentication outcomes, refused authorisation and limits that apply are logged with the account, the network and
the outcome. Names, passwords, tokens, session ids and texts are never among the fields.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Counter

LINES = 30
"""Log lines in one period for each pair of event and outcome; the events beyond it are counted and their number is logged."""
PERIOD_S = 60.0

log = structlog.get_logger()
_events = Counter("crosstalk_security_events", "Security events", ["event", "outcome"])


@dataclass(slots=True)
class _Period:
    begun: float
    lines: int = 0
    suppressed: int = 0


class SecurityLog:
    """Writes the lines of one process. The kinds of events are fixed words in the code, so their number is bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._periods: dict[tuple[str, str], _Period] = {}

    def write(self, event: str, outcome: str, fields: dict[str, str | int | None]) -> None:
        """Logs one event, or counts it as suppressed when its kind has had its lines of this period."""
        now = self._clock()
        with self._lock:
            period = self._periods.get((event, outcome))
            suppressed = 0
            if period is None or now - period.begun >= PERIOD_S:
                suppressed = 0 if period is None else period.suppressed
                period = self._periods[event, outcome] = _Period(begun=now)
            if period.lines >= LINES:
                period.suppressed += 1
                return
            period.lines += 1
        known = {name: value for name, value in fields.items() if value is not None}
        log.info(event, kind="security", outcome=outcome, **known, **({"suppressed": suppressed} if suppressed else {}))

    def flush(self, *, all_periods: bool = False) -> None:
        """Logs how many events were suppressed in each period that is over, or in all of them when the server stops."""
        now = self._clock()
        over: list[tuple[str, str, int]] = []
        with self._lock:
            for (event, outcome), period in self._periods.items():
                if period.suppressed and (all_periods or now - period.begun >= PERIOD_S):
                    over.append((event, outcome, period.suppressed))
                    period.suppressed = 0
        for event, outcome, suppressed in over:
            log.info(event, kind="security", outcome=outcome, suppressed=suppressed)


security_log = SecurityLog()
"""The log of this process. At module level because every layer reports events and no object is common to all of them."""


def security_event(event: str, outcome: str, **fields: str | int | None) -> None:
    """Logs and counts one event.

    `event` is a fixed name (`sign_in`, `refresh`, `limit`), `outcome` one of a few fixed words (`ok`, `refused`, `limited`,
    `revoked`): both become labels. `fields` may hold `user_id`, `address`, `operation` and numbers; None is left out.
    """
    count_security_event(event, outcome)
    security_log.write(event, outcome, fields)


def count_security_event(event: str, outcome: str) -> None:
    """Counts an event that is too ordinary for a line of its own: a refresh that succeeded, for example."""
    _events.labels(event, outcome).inc()
