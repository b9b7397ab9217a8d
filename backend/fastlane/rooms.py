"""The rooms of all namespaces: safe with threads, and with broadcasts that are encoded and framed once."""

import threading
from collections.abc import Iterator
from typing import Any

import socketio
from engineio import packet as engine_packet
from socketio import packet as stock


class Rooms(socketio.Manager):  # type: ignore[misc]
    """The stock manager adds to a room that another thread is just removing, and encodes a packet once for each kind of member.

    It also keeps a room for each client alone, two dicts of one, and looks through them all when one leaves. Here everybody
    who is connected is in the room of their own id, and it stands nowhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._held: dict[tuple[str, str], list[engine_packet.Packet]] = {}
        """(Engine.IO session, namespace) of clients that are connecting → what they are sent after the CONNECT packet."""

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **more: Any,
    ) -> None:
        """Sends an event to a client, to rooms, or to a whole namespace."""
        if callback is not None:
            # Every client's packet has an id of its own.
            super().emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, to=to, **more)
            return
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        skipped = skip_sid if isinstance(skip_sid, list) else [skip_sid]
        sockets = self.server.eio.sockets
        found = [
            (eio_sid, sockets[eio_sid])
            for sid, eio_sid in self.get_participants(namespace, to or room)
            if sid not in skipped and eio_sid in sockets
        ]
        if found:
            encoded = self.server.packet_class(stock.EVENT, namespace=namespace, data=[event, *arguments]).encode()
            parts = encoded if isinstance(encoded, list) else [encoded]
            packets = [engine_packet.Packet(engine_packet.MESSAGE, part) for part in parts]
            hearers = [session for eio_sid, session in found if not self.keeps(eio_sid, namespace, packets)]
            for packet in packets:
                self.server.eio.fan_out(hearers, packet)

    def hold(self, eio_sid: str, namespace: str) -> None:
        """Keeps what a client is sent while its connect handler runs: clients ignore what comes before the CONNECT packet."""
        with self._lock:
            self._held[eio_sid, namespace] = []

    def keeps(self, eio_sid: str, namespace: str, packets: list[engine_packet.Packet]) -> bool:
        """Whether these packets have been kept for later."""
        if not self._held:
            return False
        with self._lock:
            held = self._held.get((eio_sid, namespace))
            if held is not None:
                held.extend(packets)
            return held is not None

    def release(self, eio_sid: str, namespace: str) -> None:
        """Sends what was kept, if the client is connected now."""
        with self._lock:
            held = self._held.pop((eio_sid, namespace), [])
            if held and self.is_connected(self.sid_from_eio_sid(eio_sid, namespace), namespace):
                # A client that subscribes to events when it has read CONNECT must not find both in one read.
                session = self.server.eio.sockets.get(eio_sid)
                if session is not None:
                    session.separate()
                for packet in held:
                    self.server.eio.send_packet(eio_sid, packet)

    def pre_connect(self, eio_sid: str, namespace: str) -> Any:
        with self._lock:
            return super().pre_connect(eio_sid, namespace)

    def connect(self, sid: str, namespace: str) -> Any:
        with self._lock:
            return super().connect(sid, namespace)

    def pre_disconnect(self, sid: str, namespace: str) -> Any:
        with self._lock:
            return super().pre_disconnect(sid, namespace)

    def basic_disconnect(self, sid: str, namespace: str, **more: Any) -> None:
        with self._lock:
            super().basic_disconnect(sid, namespace, **more)

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        with self._lock:
            if room != sid or not self.is_sid_room(namespace, sid):
                super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        with self._lock:
            super().basic_leave_room(sid, namespace, room)

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        with self._lock:
            wanted = room if hasattr(room, "__len__") and not isinstance(room, str) else [room]
            alone = {one: self.eio_sid_from_sid(one, namespace) for one in wanted if self.is_sid_room(namespace, one)}
            shared = [one for one in wanted if one not in alone]
            found = dict(super().get_participants(namespace, shared)) if shared else {}
            return iter((found | alone).items())

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        with self._lock:
            rooms: list[str] = super().get_rooms(sid, namespace)
            return [sid, *rooms] if self.is_sid_room(namespace, sid) else rooms

    def get_namespaces(self) -> list[str]:
        with self._lock:
            return list(super().get_namespaces())

    def _generate_ack_id(self, sid: str, callback: Any) -> int:
        with self._lock:
            number: int = super()._generate_ack_id(sid, callback)
            return number

    def trigger_callback(self, sid: str, id: int, data: list[Any]) -> None:
        # The stock one keeps its counter among the callbacks, as number 0.
        if id != 0:
            super().trigger_callback(sid, id, data)
