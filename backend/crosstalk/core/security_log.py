"""Security events: one structured log line each, and a counter for /metrics.

ASVS 5.0, 16.3: authentication outcomes, refused authorisation and limits that apply are logged with who, from where and the
outcome. Names, passwords, tokens, session ids and texts are never among the fields.
"""

import structlog
from prometheus_client import Counter

log = structlog.get_logger("security")
_events = Counter("crosstalk_security_events", "Security events", ["event", "outcome"])


def security_event(event: str, outcome: str, **fields: str | int | None) -> None:
    """Logs and counts one event.

    `event` is a fixed name (`sign_in`, `refresh`, `limit`), `outcome` one of a few fixed words (`ok`, `refused`, `limited`,
    `revoked`): both become labels. `fields` may hold `user_id`, `address`, `operation` and numbers; None is left out.
    """
    _events.labels(event, outcome).inc()
    log.info(event, outcome=outcome, **{name: value for name, value in fields.items() if value is not None})
