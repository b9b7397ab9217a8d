"""The official Python client, with its own reconnecting, on the same promises: what we keep is only the outbox and the log."""

import asyncio
import threading
import time
from typing import Any

import engineio
import socketio

from faults.client import GAP_S, Command, Refused
from faults.history import RETRYABLE, Change, History, Wish
from faults.room_log import RoomLog

NAMESPACE = "/chat"
DURABLE = (
    "message:created",
    "message:edited",
    "message:deleted",
    "member:joined",
    "member:left",
    "stream:opened",
    "stream:ended",
)


class _InOrder(engineio.Client):  # type: ignore[misc]
    """Handles a packet before it reads the next one. In threads of their own, as the library has it, nobody could say what
    came before what."""

    def _trigger_event(self, event: str, *args: Any, **how: Any) -> Any:
        return super()._trigger_event(event, *args, **how | {"run_async": False})


class _Client(socketio.Client):  # type: ignore[misc]
    def _engineio_client_class(self) -> type[_InOrder]:
        return _InOrder


class OfficialClient:
    """Has the face of a LiveClient. The library's threads hand everything over to the event loop."""

    transport = "official"

    def __init__(self, history: History, seed: int, port: int, session: dict[str, Any], transport: str = "official") -> None:
        self.history = history
        self.port = port
        self.token: str = session["access_token"]
        self.user_id: str = session["user"]["id"]
        self.name: str = session["user"]["name"]
        self.rooms: dict[str, RoomLog] = {}
        self.epoch = ""
        self.whole = False
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._closing = threading.Event()
        self._numbers = 0
        self._outbox: dict[int, Command] = {}
        self._connection = 0
        self._ready = False
        self._resuming = False
        self._cut_at = 0.0
        self._told_at = float("inf")
        self._missed = 0
        self._client = _Client(
            reconnection=True, reconnection_delay=0.1, reconnection_delay_max=1, randomization_factor=0.5, handle_sigint=False
        )
        self._client.on("*", self._heard, namespace=NAMESPACE)
        self._client.on("disconnect", self._lost, namespace=NAMESPACE)

    def start(self) -> None:
        self._cut_at = time.monotonic()
        threading.Thread(target=self._connect, name=self.name, daemon=True).start()

    def _connect(self) -> None:
        self._client.connect(
            f"http://localhost:{self.port}",
            namespaces=[NAMESPACE],
            transports=["websocket"],
            auth={"token": self.token},
            retry=True,
        )

    def reads(self, room: dict[str, Any]) -> RoomLog:
        self.rooms[room["id"]] = RoomLog(room["id"], room["seq"], room["epoch"])
        self.epoch = room["epoch"]
        return self.rooms[room["id"]]

    def say(self, room_id: str, client_id: str, **content: Any) -> asyncio.Future[Any]:
        send = self.history.send(self.user_id, client_id, room_id, content)
        return self._command("message:send", {"room_id": room_id, "client_id": client_id, **content}, send)

    def change(self, change: Change) -> asyncio.Future[Any]:
        name, text = ("message:edit", {"text": change.text}) if change.text is not None else ("message:delete", {})
        return self._command(name, {"room_id": change.room_id, "message_id": change.message_id, **text}, change)

    def _command(self, name: str, body: dict[str, Any], wish: Wish) -> asyncio.Future[Any]:
        self._numbers += 1
        command = self._outbox[self._numbers] = Command(name, body, self._loop.create_future(), wish)
        if self._ready:
            self._fly(self._numbers)
        return command.answer

    def cut(self) -> None:
        """The network takes the connection away."""
        websocket = getattr(self._client.eio, "ws", None)
        if websocket is not None and websocket.sock is not None:
            websocket.sock.close()

    async def close(self) -> None:
        self.closed = True
        self._closing.set()
        self._gone()
        await self._loop.run_in_executor(None, self._client.shutdown)

    # ── in the library's threads ──

    def _heard(self, event: str, payload: dict[str, Any]) -> None:
        if event == "session:ended":
            self._told_at = time.monotonic()
        self._hand_over(self._hear, event, payload)

    def _lost(self, reason: str) -> None:
        self._hand_over(self._gone)
        # Whom the server sent away, the library does not bring back by itself; session:ended said that we may come.
        if reason == self._client.reason.SERVER_DISCONNECT and not self._closing.is_set():
            threading.Thread(target=self._come_back, name=self.name, daemon=True).start()

    def _come_back(self) -> None:
        self._client.eio.wait()
        self._connect()

    def _hand_over(self, work: Any, *arguments: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work, *arguments)

    # ── on the event loop ──

    def _hear(self, event: str, payload: dict[str, Any]) -> None:
        if self._closing.is_set():
            return
        if event == "session:ready":
            self._connection += 1
            self._ready, self._told_at = True, float("inf")
            self._missed = 0
            self._resume({one.room_id: one.position for one in self.rooms.values()})
            for number in list(self._outbox):
                self._fly(number)
        elif event == "session:ended":
            self.history.told(self.name, payload["reason"])
        elif event in DURABLE and payload["room_id"] in self.rooms:
            log = self.rooms[payload["room_id"]]
            log.hear({"event": event, **payload})
            if log.held and self.whole:
                self.whole = False
                self._loop.call_later(GAP_S, self._mind_the_gap)
            elif not log.held and not self.whole and self._ready and not self._resuming:
                self._is_whole()
            self.history.changed()

    def _gone(self) -> None:
        if self._ready:
            self._cut_at = time.monotonic()
            self.history.cuts += 1
        self._ready, self.whole, self._resuming = False, False, False
        for command in self._outbox.values():
            if command.flying and command.wish is not None:
                self.history.lose(command.wish, told_before=self._told_at <= command.sent_at)
            command.flying = False

    def _call(self, name: str, body: dict[str, Any], then: Any) -> None:
        """Emits; an ack that comes on a later connection is nobody's."""
        connection = self._connection

        def answered(answer: dict[str, Any]) -> None:
            self._hand_over(lambda: then(answer) if connection == self._connection and self._ready else None)

        try:
            self._client.emit(name, body, namespace=NAMESPACE, callback=answered)
        except socketio.exceptions.SocketIOError:
            # It was lost just now; everything is said again when it is back.
            self._gone()

    def _resume(self, rooms: dict[str, int]) -> None:
        self._resuming = True
        self._call("session:resume", {"epoch": self.epoch, "rooms": rooms}, self._resumed)

    def _resumed(self, answer: dict[str, Any]) -> None:
        self._resuming = False
        if not answer["ok"]:
            self._loop.call_later(GAP_S, self._resume, {one.room_id: one.position for one in self.rooms.values()})
            return
        unfinished: dict[str, int] = {}
        for room_id, changes in answer["data"]["rooms"].items():
            if changes["verdict"] == "snapshot":
                self.history.false_step(f"{self.name}'s position was of no use: {changes['reason']}")
                continue
            self._missed += len(changes["changes"])
            self.rooms[room_id].catch_up(changes)
            if changes["more"]:
                unfinished[room_id] = self.rooms[room_id].position
        if unfinished:
            self._resume(unfinished)
        elif any(log.held for log in self.rooms.values()):
            self._loop.call_later(GAP_S, self._mind_the_gap)
        else:
            self._is_whole()

    def _mind_the_gap(self) -> None:
        holes = {one.room_id: one.position for one in self.rooms.values() if one.held}
        if holes and self._ready and not self._resuming:
            self._resume(holes)

    def _is_whole(self) -> None:
        self.whole = True
        self.history.changed()

    def _fly(self, number: int) -> None:
        command = self._outbox[number]
        command.flying, command.sent_at = True, time.monotonic()
        if command.wish is not None:
            command.wish.attempts += 1
        self._call(command.name, command.body, lambda answer: self._answered(number, answer))

    def _answered(self, number: int, answer: dict[str, Any]) -> None:
        command = self._outbox.get(number)
        if command is None or not command.flying or command.wish is None:
            return
        command.flying = False
        seconds = time.monotonic() - command.sent_at
        if answer["ok"]:
            self.history.ack(command.wish, answer["data"], seconds)
        else:
            self.history.refuse(command.wish, answer["error"]["code"], seconds)
            if answer["error"]["code"] in RETRYABLE:
                self._loop.call_later(answer["error"].get("retry_after", 1), self._again, number)
                return
        del self._outbox[number]
        if not command.answer.done():
            error = None if answer["ok"] else Refused(answer["error"])
            command.answer.set_result(answer["data"]) if error is None else command.answer.set_exception(error)

    def _again(self, number: int) -> None:
        command = self._outbox.get(number)
        if command is not None and self._ready and not command.flying:
            self._fly(number)
