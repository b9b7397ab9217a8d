"""How many live connections one user has, and how often one user connects."""

import threading
from collections import Counter

from crosstalk.core.errors import CrosstalkError
from crosstalk.core.security_log import security_event
from crosstalk.core.windows import Rate, Windows
from crosstalk.realtime import metrics

# A person with twenty tabs whose network comes and goes stays below it.
_CONNECTS = Rate(60, 10)
# A client that is refused asks again and again: one line in the log is enough.
_LINES = Rate(1, 60)
_RETRY_AFTER_S = 5


class UserBounds:
    """The connections of this process by user. `rated` bounds how often a user connects, too."""

    def __init__(self, most: int, *, rated: bool) -> None:
        self._most = most
        self._rated = rated
        self._windows = Windows()
        self._users: dict[str, str] = {}
        """Socket.IO session → user."""
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, sid: str, user_id: str) -> None:
        """Counts a connection until `leave`. Raises `rate_limited`."""
        if self._rated and self._windows.hit(("connect", user_id), _CONNECTS):
            rate = f"{_CONNECTS.amount} connects in {_CONNECTS.seconds} seconds"
            raise self._refusal("rate", user_id, f"At most {rate} a user.")
        with self._lock:
            if self._counts[user_id] < self._most:
                self._users[sid] = user_id
                self._counts[user_id] += 1
                return
        raise self._refusal(
            "number", user_id, f"You have reached the limit of {self._most} connections. Close another one first."
        )

    def leave(self, sid: str) -> None:
        with self._lock:
            user_id = self._users.pop(sid, None)
            if user_id is not None:
                self._counts[user_id] -= 1
                if not self._counts[user_id]:
                    del self._counts[user_id]

    def _refusal(self, bound: str, user_id: str, message: str) -> CrosstalkError:
        metrics.connects_refused.labels(bound).inc()
        if not self._windows.hit(("line", user_id), _LINES):
            security_event("limit", "limited", user_id=user_id, operation="connect")
        return CrosstalkError("rate_limited", message, retry_after=_RETRY_AFTER_S)
