"""The wire check: the namespaces `/` and `/test`, where a frontend team proves its client, its proxy and its origin.

docs/protocol.md §8 is its contract. It needs no token, keeps nothing, and knows no feature of the product.
"""

from collections.abc import Callable, MutableMapping

from flask import Flask

from crosstalk.wirecheck.allowance import Deliveries
from crosstalk.wirecheck.extension import SocketIO
from crosstalk.wirecheck.namespaces import register_namespace
from crosstalk.wirecheck.rest import wirecheck_blueprint


def install(
    app: Flask,
    socketio: SocketIO,
    *,
    accepts: Callable[[str | None], bool],
    limits_on: bool,
    after_connect: MutableMapping[str, Callable[[str], None]],
    close_if_alone: Callable[[str], None],
) -> None:
    """Adds it to a server.

    `accepts` is the decision about origins. `after_connect` holds, for a namespace, what is done with a session id once
    the client knows that it is connected. `close_if_alone` closes a transport on which no namespace is left.
    """
    deliveries = Deliveries(on=limits_on)
    for namespace, other in (("/", "/test"), ("/test", "/")):
        register_namespace(
            socketio,
            namespace,
            other=other,
            deliveries=deliveries,
            after_connect=after_connect,
            close_if_alone=close_if_alone,
        )
    app.register_blueprint(wirecheck_blueprint(socketio, deliveries, accepts=accepts, limits_on=limits_on))
