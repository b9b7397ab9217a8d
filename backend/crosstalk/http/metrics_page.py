"""`GET /metrics`: open in development, behind a bearer token of its own where one is set, absent in production without one."""

import hmac
from collections.abc import Callable

from flask import Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from crosstalk.core.errors import CrosstalkError, unauthenticated


def metrics_page(transport: CollectorRegistry, *, token: str, public: bool) -> Callable[[], Response]:
    """The view. Without `token` it answers everybody when `public`, and is not found otherwise.

    The token decides, not the peer's address: behind a proxy on the same machine every peer is loopback.
    """

    def metrics() -> Response:
        if token:
            _check(token)
        elif not public:
            raise CrosstalkError("not_found", "Set CROSSTALK_METRICS_TOKEN to read the metrics in production.")
        return Response(generate_latest() + generate_latest(transport), content_type=CONTENT_TYPE_LATEST)

    return metrics


def _check(token: str) -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise unauthenticated("Send CROSSTALK_METRICS_TOKEN as Authorization: Bearer.")
