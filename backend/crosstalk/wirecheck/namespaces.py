"""The events of the wire check: one definition for both namespaces, in every way in which Flask-SocketIO takes handlers.

A handler's answer is the ack; a tuple is several arguments, nothing is an ack without any. What is sent is always a tuple of
arguments, because the library takes a bare None for no argument at all.
"""

from collections.abc import Callable
from typing import Any, cast

from flask import request
from flask_socketio import ConnectionRefusedError, Namespace, disconnect, emit, join_room, leave_room, send

from crosstalk.core.errors import CrosstalkError, internal, invalid
from crosstalk.wirecheck.allowance import Deliveries
from crosstalk.wirecheck.extension import SocketIO
from crosstalk.wirecheck.payload import checked, size_of, within_limits
from crosstalk.wirecheck.shapes import Membership, RoomMessage, StartStream
from crosstalk.wirecheck.typewriter import Typewriter
from crosstalk.wirecheck.visitors import Visitor, Visitors, current_sid
from crosstalk.wirecheck.wsgi_server import wsgi_server

MAX_ROOMS = 100
MAX_UNCONFIRMED = 100
OK = {"ok": True}
_USUAL_STREAM = StartStream()


class _UnknownEvents(Namespace):  # type: ignore[misc]
    """Gets the events for which the namespace has no handler. A handler for `*` would take an event of that name for one."""

    def trigger_event(self, event: str, *_arguments: Any) -> dict[str, Any]:
        return {"ok": False, "error": invalid(event="is not an event of the wire check").ack()}


def register_namespace(
    socketio: SocketIO,
    namespace: str,
    *,
    other: str,
    deliveries: Deliveries,
    close_if_alone: Callable[[str], None],
) -> None:
    """Puts the wire check into a namespace; `other` is where its `cross` goes."""
    visitors = Visitors()

    def count(payload: Any, room: str | None = None) -> None:
        """Counts what goes to others: to the members of a room, or to the whole namespace. Raises `rate_limited` or `too_large`."""
        receivers = sum(1 for _ in socketio.server.manager.get_participants(namespace, room))
        deliveries.check(size_of(payload), receivers, visitors.current().allowance)

    @socketio.on("connect", namespace=namespace)
    def connect(auth: Any = None) -> None:
        reason = auth.get("refuse") if isinstance(auth, dict) else None
        if isinstance(reason, str):
            try:
                within_limits([reason], ["refuse"])
            except CrosstalkError as unspeakable:
                reason = unspeakable.message
            raise ConnectionRefusedError(reason)
        sid = current_sid()
        visitors.enter(Visitor(sid, Typewriter(socketio, namespace, sid)))
        emit("my response", {"data": "Connected"})

    @socketio.on("disconnect", namespace=namespace)
    def left(_reason: str) -> None:
        visitors.leave(current_sid())

    # ── unnamed and named events ──

    @socketio.on("message", namespace=namespace)
    @checked
    def unnamed_text(text: str) -> None:
        send(text)

    @socketio.on("json", namespace=namespace)
    @checked
    def unnamed_json(data: Any) -> None:
        send((data,), json=True)

    @socketio.on("my event", namespace=namespace)
    @checked
    def name_with_a_space(data: Any) -> tuple[str, int]:
        emit("my response", (data,))
        return "one", 2

    @socketio.on("my_event", namespace=namespace)
    @checked
    def by_name(a: Any, b: Any, c: Any) -> None:
        emit("my response", (a, b, c))

    @socketio.event(namespace=namespace)
    @checked
    def my_custom_event(a: Any, b: Any, c: Any) -> None:
        emit("my response", (a, b, c))

    @checked
    def without_a_decorator(*arguments: Any) -> None:
        emit("my response", arguments)

    socketio.on_event("on_event", without_a_decorator, namespace=namespace)

    # ── namespaces, broadcasts, rooms ──

    @socketio.event(namespace=namespace)
    @checked
    def cross(data: Any) -> dict[str, Any]:
        manager = socketio.server.manager
        sid = manager.sid_from_eio_sid(manager.eio_sid_from_sid(current_sid(), namespace), other)
        if sid is None or not manager.is_connected(sid, other):
            raise CrosstalkError("not_found", f"This client is not connected to {other}. Connect to it first.")
        emit("my response", (data,), namespace=other, to=sid)
        return OK

    @socketio.event(namespace=namespace)
    @checked
    def broadcast(data: Any) -> None:
        count(data)
        emit("my response", (data,), broadcast=True)

    @socketio.event(namespace=namespace)
    @checked
    def join(who: Membership) -> dict[str, Any]:
        visitor = visitors.current()
        if who.room not in visitor.rooms:
            if len(visitor.rooms) >= MAX_ROOMS:
                raise invalid(room=f"is one too many; a client can be in at most {MAX_ROOMS}")
            if socketio.server.manager.is_sid_room(namespace, who.room):
                raise invalid(room="must not be the session id of a connection")
            join_room(who.room)
            visitor.rooms.add(who.room)
        count(who.username, who.room)
        send(f"{who.username} has entered the room.", to=who.room)
        return OK

    @socketio.event(namespace=namespace)
    @checked
    def leave(who: Membership) -> dict[str, Any]:
        rooms = visitors.current().rooms
        # Who was not in it has not left it; and nobody leaves the room that is the connection itself.
        if who.room in rooms:
            rooms.discard(who.room)
            leave_room(who.room)
            count(who.username, who.room)
            send(f"{who.username} has left the room.", to=who.room)
        return OK

    @socketio.event(namespace=namespace)
    @checked
    def room_message(message: RoomMessage) -> dict[str, Any]:
        count(message.data, message.room)
        emit("my response", (message.data,), to=message.room)
        return OK

    # ── what the server knows, and acks to the server ──

    @socketio.event(namespace=namespace)
    @checked
    def whoami() -> dict[str, Any]:
        visitor = visitors.current()
        return {
            "sid": visitor.sid,
            "rooms": [visitor.sid, *sorted(visitor.rooms)],
            "transport": socketio.server.transport(visitor.sid, namespace),
            "origin": request.headers.get("Origin"),
            "server": wsgi_server(request.environ),
            "async_mode": socketio.async_mode,
        }

    @socketio.event(namespace=namespace)
    @checked
    def confirm(data: Any) -> None:
        visitor = visitors.current()
        if visitor.unconfirmed >= MAX_UNCONFIRMED:
            raise CrosstalkError(
                "rate_limited", f"{MAX_UNCONFIRMED} confirm_me events are waiting for an ack. Answer them first.", retry_after=1
            )

        def confirmed(*answer: Any) -> None:
            visitor.unconfirmed -= 1
            emit("confirmed", within_limits(answer))

        visitor.unconfirmed += 1
        emit("confirm_me", (data,), callback=confirmed)

    # ── a text, piece by piece ──

    @socketio.event(namespace=namespace)
    @checked
    def start_stream(stream: StartStream = _USUAL_STREAM) -> None:
        visitors.current().typewriter.start(stream.text, stream.pace_ms / 1000)

    @socketio.event(namespace=namespace)
    @checked
    def stop_stream() -> int:
        return visitors.current().typewriter.stop()

    # ── the end ──

    @socketio.event(namespace=namespace)
    @checked
    def disconnect_me() -> Any:
        eio_sid = socketio.server.manager.eio_sid_from_sid(current_sid(), namespace)
        disconnect()
        close_if_alone(eio_sid)
        # An ack would come after the goodbye.
        return socketio.server.not_handled

    @socketio.on_error(namespace=namespace)
    def refused(error: Exception) -> dict[str, Any]:
        if not isinstance(error, CrosstalkError):
            event = cast(Any, request).event["message"]
            error = internal(error, operation=f"wirecheck {event or 'confirmed'}")
        return {"ok": False, "error": error.ack()}

    socketio.on_namespace(_UnknownEvents(namespace))
