"""The rooms of all namespaces, safe with threads: the stock one adds to a room that another thread is just removing."""

import threading
from collections.abc import Iterator
from typing import Any

import socketio


class Rooms(socketio.Manager):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()

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
            super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        with self._lock:
            super().basic_leave_room(sid, namespace, room)

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        with self._lock:
            return iter(list(super().get_participants(namespace, room)))

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        with self._lock:
            rooms: list[str] = super().get_rooms(sid, namespace)
            return rooms

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
