"""Flask-SocketIO and python-socketio on this transport: strict packets, commands in order, broadcasts framed once."""

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask
import flask_socketio
import socketio
from engineio import packet as engine_packet
from flask import Flask
from socketio import packet as stock
from socketio.exceptions import ConnectionRefusedError

from fastlane.admission import expect_namespace
from fastlane.bounds import EARLY_BYTES, is_in
from fastlane.engine import Engine
from fastlane.kept import Environs
from fastlane.packets import BadPacket, Head, StrictJSON, StrictPacket, TooDeep, Unread, head_of
from fastlane.rooms import Rooms
from fastlane.session import Session

# A packet with attachments must be complete after so many seconds.
ATTACHMENTS_S = 10.0
MOST_NAMESPACES = 10
CONNECT_TIMEOUT_S = 10.0

log = logging.getLogger("fastlane")


@dataclass
class _Waiting:
    """A packet whose attachments are still to come."""

    head: Head
    packet: StrictPacket | Unread
    most_bytes: int

    def add(self, attachment: Any) -> bool:
        """Whether it was the last one. Raises BadPacket."""
        packet = self.packet
        if isinstance(packet, StrictPacket) and packet.attached_bytes + len(attachment) > self.most_bytes:
            packet = self.packet = Unread(self.head, "too_large", self.most_bytes, instead_of=packet)
        done: bool = packet.add_attachment(attachment)
        return done


def _refusal(packet: Unread) -> dict[str, Any]:
    limit = f"has at most {packet.most_bytes} bytes" if packet.problem == "too_large" else "is not nested so deep"
    return {"code": packet.problem, "message": f"A packet of this kind {limit}."}


class Server(socketio.Server):  # type: ignore[misc]
    """The Socket.IO server. A packet that breaks the grammar ends its session, quietly and alone."""

    eio: Engine

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"connect_timeout": CONNECT_TIMEOUT_S, **options})
        # A namespace is there when somebody handles it; the stock server lets everybody into `/`.
        self.namespaces: list[str] = []
        self.environ = Environs()
        self.eio.on_flood = self._end_flood
        self.open_namespaces: set[str] = set()
        """Namespaces that anybody may enter. A client in no other is not authenticated (`admission.py`)."""
        self.after_connect: dict[str, Callable[[str], None]] = {}
        """Namespace → what to do once a client has been told that it is connected."""
        self.farewell: Callable[[str], tuple[str, Any] | None] = lambda _reason: None
        """Reason → the event and payload that a client is told in every namespace before its session ends for that."""
        self.on_unasked_refusal: Callable[[], None] = lambda: None
        """Called for an event that was refused and whose sender did not ask for an ack."""
        self.event_bytes: dict[str, Callable[[str | None], int]] = {}
        """Namespace → the most bytes of an event's arguments as JSON and, together, of its attachments, by the event's name. The
        name is None for an ack, and for an event whose name is written with escapes. Without an entry the packet's limit counts."""
        self.refusal: Callable[[Unread], dict[str, Any]] = _refusal
        """The error in the ack, or in the CONNECT_ERROR, of a packet that was not read."""
        self.on_acked: Callable[[], None] = lambda: None
        """Called when the ack of an event has been handed to the transport."""
        self.deferring: set[str] = set()
        """Namespaces whose handlers of events defer work, and call `workers.settle` themselves before what may take long. They
        are no handlers of Flask-SocketIO's, have no request around them, and answer with JSON."""

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    def session_of(self, eio_sid: str) -> Session | None:
        """The Engine.IO session below a Socket.IO one, while it lives."""
        found: Session | None = self.eio.sockets.get(eio_sid)
        return found

    # ── what comes in ──

    def _handle_eio_message(self, eio_sid: str, message: Any) -> None:
        session = self.eio.sockets.get(eio_sid)
        if session is None:
            return
        try:
            packet = self._complete_packet(session, message)
            is_event = packet is not None and packet.packet_type in (stock.EVENT, stock.BINARY_EVENT)
            if packet is not None and is_event:
                self._check_namespace(session, packet.namespace or "/")
        except BadPacket as broken:
            log.warning("bad packet", extra={"problem": str(broken)[:120]})
            session.end("bad_packet")
            return
        if packet is None:
            return
        if isinstance(packet, Unread):
            self._refuse_unread(session, packet)
            return
        if not (is_event and packet.namespace in self.deferring):
            self.eio.workers.settle()
        if packet.packet_type == stock.CONNECT:
            self._handle_connect(eio_sid, packet.namespace, packet.data)
        elif packet.packet_type == stock.DISCONNECT:
            self._handle_disconnect(eio_sid, packet.namespace, self.reason.CLIENT_DISCONNECT)
        elif is_event:
            self._handle_event(eio_sid, packet.namespace, packet.id, packet.data)
        else:
            self._handle_ack(eio_sid, packet.namespace, packet.id, packet.data)

    def _complete_packet(self, session: Session, message: Any) -> StrictPacket | Unread | None:
        """The packet, or None while attachments are missing. Raises BadPacket."""
        waiting: _Waiting | None = session.incomplete
        if waiting is not None:
            if not waiting.add(message):
                return None
            session.incomplete = None
            return waiting.packet
        if not message:
            raise BadPacket("an empty packet")
        head = head_of(message)
        most_bytes = self._most_bytes(head)
        packet = self._read(head, most_bytes)
        if (packet.missing if isinstance(packet, Unread) else packet.attachment_count) == 0:
            return packet
        self._check_namespace(session, head.namespace or "/")
        session.incomplete = begun = _Waiting(head, packet, most_bytes)

        def give_up() -> None:
            if session.incomplete is begun:
                session.end("bad_packet")

        self.eio.clock.after(ATTACHMENTS_S, give_up)
        return None

    def _most_bytes(self, head: Head) -> int:
        """The most bytes of a packet's content, and of its attachments together."""
        if head.kind == stock.CONNECT:
            return EARLY_BYTES
        bound = self.event_bytes.get(head.namespace or "/")
        most: int = self.eio.max_http_buffer_size
        return most if bound is None else bound(head.event)

    def _read(self, head: Head, most_bytes: int) -> StrictPacket | Unread:
        if head.is_longer_than(most_bytes):
            return Unread(head, "too_large", most_bytes)
        try:
            return StrictPacket(encoded_packet=head)
        except TooDeep:
            return Unread(head, "too_deep", most_bytes)

    def _refuse_unread(self, session: Session, packet: Unread) -> None:
        """Answers a packet that was not parsed; what asks for no answer is counted."""
        self.eio.stats.unread[packet.problem] += 1
        self.eio.workers.settle()
        error = self.refusal(packet)
        if packet.packet_type == stock.CONNECT:
            self._refuse(session.sid, packet.namespace, error["code"], error)
        elif self.manager.sid_from_eio_sid(session.sid, packet.namespace) is not None:
            number = packet.number if packet.packet_type in (stock.EVENT, stock.BINARY_EVENT) else None
            self._answered(session.sid, packet.namespace, number, {"ok": False, "error": error})

    def _check_namespace(self, session: Session, namespace: str) -> None:
        """Raises BadPacket for an event in a namespace that the client has never been in. One that it has left, or was put out
        of, is no mistake: the event may have been on its way."""
        if self.manager.sid_from_eio_sid(session.sid, namespace) is None and namespace not in session.left_namespaces:
            raise BadPacket("an event in a namespace that the client is not connected to")

    def _send_packet(self, eio_sid: str, pkt: Any) -> None:
        session = self.eio.sockets.get(eio_sid)
        if session is not None and pkt.packet_type == stock.CONNECT:
            # Before the client reads that it is in: what it sends next may be long.
            is_in(session, session.joined + 1)
        encoded = pkt.encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        packets = [engine_packet.Packet(engine_packet.MESSAGE, part) for part in parts]
        is_event = pkt.packet_type in (stock.EVENT, stock.BINARY_EVENT)
        if not (is_event and self.manager.keeps(eio_sid, pkt.namespace or "/", packets)):
            for packet in packets:
                self.eio.send_packet(eio_sid, packet)

    def _handle_event_internal(
        self, server: "Server", sid: str, eio_sid: str, data: list[Any], namespace: str, id: int | None
    ) -> None:
        """A handler answers with a value, a tuple of values, or a function: that is called with the one to tell, later."""
        answer = self._trigger_event(data[0], namespace, sid, *data[1:])
        if callable(answer):
            answer(lambda value: self._answered(eio_sid, namespace, id, value))
        else:
            self._answered(eio_sid, namespace, id, answer)

    def _answered(self, eio_sid: str, namespace: str, id: int | None, answer: Any) -> None:
        if id is None:
            if isinstance(answer, dict) and answer.get("ok") is False:
                self.on_unasked_refusal()
        elif answer is not self.not_handled:
            values = list(answer) if isinstance(answer, tuple) else [] if answer is None else [answer]
            binary = False if namespace in self.deferring else None  # None has the packet look into the values
            self._send_packet(eio_sid, self.packet_class(stock.ACK, namespace=namespace, id=id, data=values, binary=binary))
            self.on_acked()

    # ── beginnings and ends ──

    def _handle_connect(self, eio_sid: str, namespace: str | None, auth: Any) -> None:
        session = self.eio.sockets.get(eio_sid)
        if session is None:
            return
        namespace = namespace or "/"
        if not self._is_handled(namespace):
            # In the words of the protocol; the stock server says "Unable to connect".
            self._refuse(eio_sid, namespace, "Invalid namespace")
            return
        if session.joined >= MOST_NAMESPACES:
            self._refuse(eio_sid, namespace, f"at most {MOST_NAMESPACES} namespaces a connection")
            return
        self.manager.hold(eio_sid, namespace)
        try:
            super()._handle_connect(eio_sid, namespace, auth)
        finally:
            self.manager.release(eio_sid, namespace)
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
        if sid is not None:
            is_in(session, len(self._namespaces_of(eio_sid)))
            if namespace not in self.open_namespaces:
                self.eio.admission.authenticated(session)
            if namespace in self.after_connect:
                self.after_connect[namespace](sid)
        if namespace in self.deferring:
            # Its handlers have asked for the request for the last time.
            self.environ.fold(eio_sid)

    def _refuse(self, eio_sid: str, namespace: str, message: str, details: Any = None) -> None:
        data = {"message": message} if details is None else {"message": message, "data": details}
        error = self.packet_class(stock.CONNECT_ERROR, data=data, namespace=namespace)
        self._send_packet(eio_sid, error)

    def _is_handled(self, namespace: str) -> bool:
        return namespace in self.handlers or namespace in self.namespace_handlers or namespace in self.namespaces

    def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        session = self.eio.sockets.get(eio_sid)
        if session is not None and self.manager.sid_from_eio_sid(eio_sid, namespace or "/") is not None:
            session.left_namespaces |= {namespace or "/"}
        super()._handle_disconnect(eio_sid, namespace, reason)
        if session is not None and not session.closed:
            is_in(session, len(self._namespaces_of(eio_sid)))
            expect_namespace(session)

    def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Takes a client out of a namespace; the transport is closed when that was its last."""
        eio_sid = self.manager.eio_sid_from_sid(sid, namespace or "/")
        session = self.eio.sockets.get(eio_sid)
        if session is not None:
            session.left_namespaces |= {namespace or "/"}
        super().disconnect(sid, namespace, ignore_queue=ignore_queue)
        if eio_sid is not None:
            self.close_if_unused(eio_sid)

    def close_if_unused(self, eio_sid: str) -> None:
        """Closes the transport when no namespace is left on it."""
        session = self.eio.sockets.get(eio_sid)
        if session is not None and not self._namespaces_of(eio_sid):
            session.close()

    def _end_flood(self, session: Session) -> None:
        if session.ended is None:
            # Behind a thousand answers, sixteen a poll, nobody would get as far as the reason.
            session.forget_what_waits()
            self.end(session, "flood")

    def end(self, session: Session, reason: str) -> None:
        """Says why in every namespace that the client is in, and ends the session."""
        said = self.farewell(reason)
        if said is not None:
            for namespace in self._namespaces_of(session.sid):
                self._send_packet(session.sid, self.packet_class(stock.EVENT, data=list(said), namespace=namespace))
        session.end(reason)

    def _namespaces_of(self, eio_sid: str) -> list[str]:
        return [one for one in self.manager.get_namespaces() if self.manager.sid_from_eio_sid(eio_sid, one) is not None]


class SocketIO(flask_socketio.SocketIO):  # type: ignore[misc]
    """`flask_socketio.SocketIO` with the same arguments, and those of `fastlane.Engine` beside them."""

    def init_app(self, app: Flask, **options: Any) -> None:
        self.server_options.update(options)
        self.manage_session = self.server_options.pop("manage_session", True)
        path = self.server_options.pop("path", None) or self.server_options.pop("resource", None) or "socket.io"
        settings = {"json": StrictJSON, **self.server_options}
        # Events of a client are handled in their order; the workers are what runs side by side.
        settings |= {"client_manager": Rooms(), "serializer": StrictPacket, "async_handlers": False}
        self.server = Server(**settings)
        self.async_mode = self.server.async_mode
        app.extensions["socketio"] = self
        self.sockio_mw = flask_socketio._SocketIOMiddleware(self.server, app, socketio_path=path.lstrip("/"))
        app.wsgi_app = self.sockio_mw  # type: ignore[method-assign]

    def _handle_event(self, handler: Callable[..., Any], message: str, namespace: str, sid: str, *args: Any) -> Any:
        def handle(*arguments: Any) -> Any:
            # Flask has looked for a route and keeps the error, whose traceback holds the context and the whole message:
            # a circle that only the garbage collector would undo, much later.
            flask.request.routing_exception = None
            try:
                return handler(*arguments)
            except TypeError as error:
                # Not one of the handler's own: it was never entered. A client that counts wrong is no fault of the server's.
                never_entered = error.__traceback__ is not None and error.__traceback__.tb_next is None
                if message == "disconnect" or not never_entered or self._hears_errors(namespace):
                    raise
            log.warning("wrong number of arguments", extra={"problem": f"{len(arguments)} for {message[:80]!r}"})
            return self.server.not_handled

        return super()._handle_event(handle, message, namespace, sid, *args)

    def _hears_errors(self, namespace: str) -> bool:
        return namespace in self.exception_handlers or self.default_exception_handler is not None

    def on(self, message: str, namespace: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        register = super().on(message, namespace)
        if message != "connect":
            return register  # type: ignore[no-any-return]

        def decorator(handler: Callable[..., Any]) -> Callable[..., Any]:
            register(_called_once(handler))
            return handler

        return decorator


def _called_once(handler: Callable[..., Any]) -> Callable[[Any], Any]:
    """The library calls a connect handler that raises TypeError a second time, without what the client showed of itself."""
    takes_auth = bool(inspect.signature(handler).parameters)

    def connect(auth: Any = None) -> Any:
        try:
            return handler(auth) if takes_auth else handler()
        except TypeError:
            log.exception("the connect handler failed")
            raise ConnectionRefusedError("the server failed") from None

    return connect
