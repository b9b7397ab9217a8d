"""The wire check's REST: what a request looked like when it came, and events that come from no handler."""

import math
import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, request

from crosstalk import __version__
from crosstalk.core.errors import CrosstalkError, invalid
from crosstalk.core.schema import NotJSON, TooDeep, dumps, loads
from crosstalk.core.windows import Rate, Windows
from crosstalk.wirecheck.allowance import Deliveries
from crosstalk.wirecheck.extension import SocketIO
from crosstalk.wirecheck.payload import MAX_PAYLOAD_BYTES, size_of
from crosstalk.wirecheck.shapes import Emit
from crosstalk.wirecheck.wsgi_server import wsgi_server

RATE = Rate(100, 10)
# The payload, and what stands around it.
BODY_LIMIT = MAX_PAYLOAD_BYTES + 4096
_PACKAGES = ("flask", "flask-socketio", "python-socketio", "python-engineio")
_PROXIES_SAY = ("forwarded", "via", "x-real-ip")


def wirecheck_blueprint(
    socketio: SocketIO, deliveries: Deliveries, *, accepts: Callable[[str | None], bool], limits_on: bool
) -> Blueprint:
    blueprint = Blueprint("wirecheck", __name__)
    windows = Windows()

    @blueprint.get("/wirecheck")
    def look() -> Response:
        """What proxies make of a request on its way."""
        origin = request.headers.get("Origin")
        return _json(
            {
                "method": request.method,
                "scheme": request.scheme,
                "host": request.host,
                "origin": origin,
                "origin_allowed": origin is None or accepts(origin),
                "remote_address": request.remote_addr,
                "forwarded": {name.lower(): value for name, value in request.headers if _of_a_proxy(name.lower())},
                "user_agent": request.headers.get("User-Agent"),
                "server": wsgi_server(request.environ),
                "async_mode": socketio.async_mode,
                "versions": {name: version(name) for name in _PACKAGES}
                | {"crosstalk": __version__, "python": platform.python_version()},
            }
        )

    @blueprint.post("/wirecheck/emit")
    def originate() -> Response:
        """Emits an event that no client caused."""
        if limits_on:
            _count(windows, request.remote_addr or "")
        asked = Emit.read(_body())
        emit(asked)
        return _json({"event": asked.event, "namespace": asked.namespace, "room": asked.room}, 202)

    def emit(asked: Emit) -> None:
        given = "data" in asked.model_fields_set
        receivers = sum(1 for _ in socketio.server.manager.get_participants(asked.namespace, asked.room))
        deliveries.check(size_of(asked.data), receivers, None)
        if asked.event == "message":
            if not isinstance(asked.data, str):
                raise invalid(data="must be a string for the event `message`")
            socketio.send(asked.data, namespace=asked.namespace, to=asked.room)
        elif asked.event == "json":
            if not given:
                raise invalid(data="is required for the event `json`")
            socketio.send((asked.data,), json=True, namespace=asked.namespace, to=asked.room)
        else:
            socketio.emit(asked.event, (asked.data,) if given else (), namespace=asked.namespace, to=asked.room)

    return blueprint


def _count(windows: Windows, address: str) -> None:
    if wait := windows.hit((address,), RATE):
        raise CrosstalkError(
            "rate_limited",
            f"At most {RATE.amount} requests per {RATE.seconds} seconds.",
            retry_after=math.ceil(max(wait, 0.1) * 10) / 10,
        )


def _body() -> Any:
    request.max_content_length = BODY_LIMIT
    raw = request.get_data(cache=False)
    if request.mimetype != "application/json":
        raise invalid(body="must be JSON, sent with Content-Type: application/json")
    try:
        return loads(raw)
    except TooDeep as deep:
        raise invalid(body=str(deep)) from None
    except NotJSON as broken:
        raise invalid(body=f"is not JSON: {broken}") from None


def _of_a_proxy(name: str) -> bool:
    return name in _PROXIES_SAY or name.startswith("x-forwarded-")


def _json(value: Any, status: int = 200) -> Response:
    return Response(dumps(value), status=status, mimetype="application/json")
