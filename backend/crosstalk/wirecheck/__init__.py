"""The wire check: the namespaces `/` and `/test`, where a frontend team proves its client, its proxy and its origin.

docs/protocol.md §8 is its contract. It needs no token, keeps nothing, and knows no feature of the product.
"""

from collections.abc import Callable

from flask import Flask

from crosstalk.wirecheck.allowance import Deliveries
from crosstalk.wirecheck.extension import SocketIO
from crosstalk.wirecheck.namespaces import register_namespace
from crosstalk.wirecheck.rest import wirecheck_blueprint

NAMESPACES = ("/", "/test")


def install(
    app: Flask,
    socketio: SocketIO,
    *,
    accepts: Callable[[str | None], bool],
    limits_on: bool,
    close_if_alone: Callable[[str], None],
) -> None:
    """Adds it to a server.

    `accepts` is the decision about origins. `close_if_alone` closes a transport on which no namespace is left.
    """
    deliveries = Deliveries(on=limits_on)
    for namespace, other in (NAMESPACES, NAMESPACES[::-1]):
        register_namespace(socketio, namespace, other=other, deliveries=deliveries, close_if_alone=close_if_alone)
    app.register_blueprint(wirecheck_blueprint(socketio, deliveries, accepts=accepts, limits_on=limits_on))
