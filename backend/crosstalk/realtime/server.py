"""Flask-SocketIO on strict packets and a bounded engine."""

from collections.abc import Callable
from typing import Any

import flask_socketio
import socketio
import structlog
from flask import Flask
from socketio import packet as stock

from crosstalk.core.errors import END_REASONS
from crosstalk.realtime import metrics
from crosstalk.realtime.engine import Connection, Engine
from crosstalk.realtime.packet import BadPacket, StrictJSON, StrictPacket, encode
from crosstalk.realtime.rooms import Rooms

MAX_PACKET_BYTES = 2 * 1_048_576
log = structlog.get_logger("realtime")


class Server(socketio.Server):  # type: ignore[misc]
    """The Socket.IO server. A packet that breaks the grammar ends its connection, quietly and alone."""

    eio: Engine

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # A namespace is there when somebody handles it; the stock server lets everybody into `/`.
        self.namespaces: list[str] = []
        self.eio.on_flood = self._end_flood
        self.after_connect: dict[str, Callable[[str], None]] = {}
        """Namespace → what to do once a client has been told that it is connected."""

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    def _handle_eio_message(self, eio_sid: str, message: Any) -> None:
        connection = self.connection(eio_sid)
        if connection is None or connection.ended is not None:
            return
        if not connection.may_send_another():
            self._end_flood(connection)
            return
        try:
            packet = self._complete_packet(eio_sid, message)
        except BadPacket as broken:
            log.warning("bad packet", problem=str(broken)[:120])
            connection.end("bad_packet")
            return
        if packet is None:
            return
        if packet.packet_type == stock.CONNECT:
            self._handle_connect(eio_sid, packet.namespace, packet.data)
        elif packet.packet_type == stock.DISCONNECT:
            self._handle_disconnect(eio_sid, packet.namespace, self.reason.CLIENT_DISCONNECT)
        elif packet.packet_type in (stock.EVENT, stock.BINARY_EVENT):
            self._handle_event(eio_sid, packet.namespace, packet.id, packet.data)
        else:
            self._handle_ack(eio_sid, packet.namespace, packet.id, packet.data)

    def _complete_packet(self, eio_sid: str, message: Any) -> StrictPacket | None:
        """The packet, or None while attachments are missing. Raises BadPacket."""
        waiting = self._binary_packet.get(eio_sid)
        if waiting is not None:
            if not waiting.add_attachment(message):
                return None
            del self._binary_packet[eio_sid]
            complete: StrictPacket = waiting
            return complete
        if not message:
            raise BadPacket("an empty packet")
        packet = StrictPacket(encoded_packet=message)
        if packet.attachment_count == 0:
            return packet
        if self.manager.sid_from_eio_sid(eio_sid, packet.namespace or "/") is None:
            raise BadPacket("binary data for a namespace that is not connected")
        self._binary_packet[eio_sid] = packet
        return None

    def _handle_event_internal(
        self, server: "Server", sid: str, eio_sid: str, data: list[Any], namespace: str, id: int | None
    ) -> None:
        if id is not None:
            super()._handle_event_internal(server, sid, eio_sid, data, namespace, id)
            return
        answer = self._trigger_event(data[0], namespace, sid, *data[1:])
        if isinstance(answer, dict) and answer.get("ok") is False:
            metrics.dropped.inc()

    def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._binary_packet.pop(eio_sid, None)
        super()._handle_eio_disconnect(eio_sid, reason)

    def _handle_connect(self, eio_sid: str, namespace: str | None, auth: Any) -> None:
        super()._handle_connect(eio_sid, namespace, auth)
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace or "/")
        after_connect = self.after_connect.get(namespace or "/")
        if sid is not None and after_connect is not None:
            after_connect(sid)
        if self.connection(eio_sid) is None:
            # It went away meanwhile, and its end found nothing to end.
            self._handle_disconnect(eio_sid, namespace, self.reason.TRANSPORT_CLOSE)

    def close_if_unused(self, eio_sid: str) -> None:
        """Closes the transport when no namespace is left on it."""
        connection = self.connection(eio_sid)
        if connection is not None and not self._namespaces_of(eio_sid):
            connection.close(wait=False, reason=self.reason.SERVER_DISCONNECT)

    def _end_flood(self, connection: Connection) -> None:
        # Behind a thousand answers, sixteen a poll, nobody would get as far as the reason.
        connection.forget_what_waits()
        self._end(connection, "flood")

    def _end(self, connection: Connection, reason: str) -> None:
        """Says why in every namespace that the client is in, and closes the transport."""
        for namespace in self._namespaces_of(connection.sid):
            connection.send(encode("session:ended", END_REASONS[reason].payload(), namespace))
        connection.end(reason)

    def _namespaces_of(self, eio_sid: str) -> list[str]:
        return [one for one in self.manager.get_namespaces() if self.manager.sid_from_eio_sid(eio_sid, one) is not None]

    def connection(self, eio_sid: str) -> Connection | None:
        """The Engine.IO connection below a Socket.IO one, while it lives."""
        found: Connection | None = self.eio.sockets.get(eio_sid)
        return found


class SocketIO(flask_socketio.SocketIO):  # type: ignore[misc]
    """Flask-SocketIO with our server in place of the stock one."""

    def init_app(self, app: Flask, **options: Any) -> None:
        self.server_options.update(options)
        self.manage_session = self.server_options.pop("manage_session", True)
        self.server = Server(
            client_manager=Rooms(), serializer=StrictPacket, json=StrictJSON, async_handlers=False, **self.server_options
        )
        self.async_mode = self.server.async_mode
        app.extensions["socketio"] = self
        self.sockio_mw = flask_socketio._SocketIOMiddleware(self.server, app, socketio_path="socket.io")
        app.wsgi_app = self.sockio_mw  # type: ignore[method-assign]
