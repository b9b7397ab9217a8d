"""The Socket.IO server of the product: fastlane with our JSON, our bounds and our words for an end."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from crosstalk.core import schema
from crosstalk.core.errors import END_REASONS, CrosstalkError, invalid, too_large
from crosstalk.core.failpoints import failpoint
from crosstalk.core.network import network_of, parse_address
from crosstalk.core.operations import packet_bytes
from fastlane import SocketIO
from fastlane.packets import TooDeep, Unread


class _JSON:
    """As python-socketio wants it: a module with `dumps` and `loads`."""

    dumps = staticmethod(schema.dumps)

    @staticmethod
    def loads(text: str | bytes) -> Any:
        try:
            return schema.loads(text)
        except schema.TooDeep:
            raise TooDeep from None


def _peer_of(environ: dict[str, Any]) -> str:
    """The network that counts a connection; empty for a loopback address or a Unix socket: behind a proxy on the same machine
    whose forwarded addresses are not believed, it is the address of every client."""
    address = parse_address(str(environ.get("REMOTE_ADDR", "")))
    return "" if address is None or address.is_loopback else network_of(str(address))


def live_server(app: Flask, *, on_unasked_refusal: Callable[[], None], **options: Any) -> SocketIO:
    """Flask-SocketIO on our transport. `options` are those of fastlane.SocketIO."""
    socketio = SocketIO(app, json=_JSON, max_http_buffer_size=packet_bytes(), manage_session=False, peer_of=_peer_of, **options)
    server = socketio.server
    server.eio.final_reasons |= {one.reason for one in END_REASONS.values() if not one.reconnect}
    server.eio.close_codes |= {one.reason: one.close_code for one in END_REASONS.values()}
    server.farewell = lambda reason: ("session:ended", END_REASONS[reason].payload()) if reason in END_REASONS else None
    server.refusal = lambda packet: _refusal(packet).ack()
    server.on_unasked_refusal = on_unasked_refusal
    server.on_acked = lambda: failpoint("ack:after")
    return socketio


def _refusal(packet: Unread) -> CrosstalkError:
    if packet.problem == "too_deep":
        return invalid(body=str(schema.TooDeep()))
    return too_large(body=f"must have at most {packet.most_bytes:,} bytes as JSON")
