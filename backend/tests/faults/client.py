"""A client as docs/protocol.md wants it: repeats until acked, holds early events, asks for what it missed."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from faults.history import RETRYABLE, Change, History, Wish
from faults.room_log import RoomLog
from faults.wires import Lost, Wire, dial

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
GAP_S = 0.5
READY = '2/chat,["session:ready"'


class Refused(Exception):
    """A command was refused, and repeating it is useless."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error.get('message')}")
        self.error = error
        self.code: str = error["code"]


@dataclass(eq=False)
class Command:
    """Waits in the outbox until it is answered for good."""

    name: str
    body: dict[str, Any]
    answer: asyncio.Future[Any]
    wish: Wish | None
    sent_at: float = 0.0
    said_at: float = float("inf")
    """When it was handed to the wire."""
    flying: bool = False


class Pauses:
    """Growing pauses with jitter, so that those who were cut together do not come back together."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._next = FIRST_PAUSE_S

    def start_again(self) -> None:
        self._next = FIRST_PAUSE_S

    async def take(self) -> None:
        await asyncio.sleep(self._next * self._rng.uniform(0.5, 1.0))
        self._next = min(2 * self._next, LONGEST_PAUSE_S)


class LiveClient:
    """Somebody on one live connection at a time."""

    def __init__(self, history: History, seed: int, port: int, session: dict[str, Any], transport: str = "websocket") -> None:
        self.history = history
        self.port = port
        self.token: str = session["access_token"]
        self.user_id: str = session["user"]["id"]
        self.name: str = session["user"]["name"]
        self.transport = transport
        self.rooms: dict[str, RoomLog] = {}
        self.epoch = ""
        self.whole = False
        self.closed = False
        self.on_event: Callable[[str, dict[str, Any]], None] | None = None
        """Hears what is no durable change of a room."""
        self.on_whole: Callable[[], None] | None = None
        self._outbox: dict[int, Command] = {}
        self._resumes: set[int] = set()
        self._unexpected: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self._numbers = 0
        self._wire: Wire | None = None
        self._ready = False
        self._pauses = Pauses(random.Random(seed))
        self._task: asyncio.Task[None] | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._words = asyncio.Event()
        self._unsaid: list[tuple[str, Command | None]] = []
        self._dialled_at = 0.0
        self._told_at = float("inf")
        """When the server said goodbye on this connection."""
        self._missed = 0

    # ── what people do ──

    def start(self) -> None:
        self._task = asyncio.create_task(self._live(), name=self.name)
        self._task.add_done_callback(self._ended)

    def reads(self, room: dict[str, Any]) -> RoomLog:
        """Follows a room from where it is now."""
        log = self.rooms[room["id"]] = RoomLog(room["id"], room["seq"], room["epoch"])
        self.epoch = room["epoch"]
        for event, payload in self._unexpected.pop(room["id"], []):
            log.hear({"event": event, **payload})
        return log

    async def join(self, room_id: str) -> RoomLog:
        """Joins by command. The first events may come before the answer: they are kept."""
        self._unexpected[room_id] = []
        return self.reads(await self.command("room:join", {"room_id": room_id}))

    def expect(self, room_id: str) -> None:
        """Keeps the events of a room that is being joined in another way, until `reads` says from where."""
        self._unexpected[room_id] = []

    def say(self, room_id: str, client_id: str, **content: Any) -> asyncio.Future[Any]:
        """Puts a message into the outbox; the answer comes when it is stored, or refused for good."""
        send = self.history.send(self.user_id, client_id, room_id, content)
        return self.command("message:send", {"room_id": room_id, "client_id": client_id, **content}, send)

    def change(self, change: Change) -> asyncio.Future[Any]:
        """Has a message of one's own edited or deleted; repeated like everything else."""
        name, text = ("message:edit", {"text": change.text}) if change.text is not None else ("message:delete", {})
        return self.command(name, {"room_id": change.room_id, "message_id": change.message_id, **text}, change)

    def command(self, name: str, body: dict[str, Any], wish: Wish | None = None) -> asyncio.Future[Any]:
        self._numbers += 1
        command = Command(name, body, asyncio.get_running_loop().create_future(), wish)
        self._outbox[self._numbers] = command
        if self._ready:
            self._fly(self._numbers, command)
        return command.answer

    def cut(self) -> None:
        """The network takes the connection away."""
        if self._wire is not None:
            self._wire.cut()

    @property
    def local_port(self) -> int:
        """This end's port of the connection, by which a proxy knows it; 0 when there is none."""
        return self._wire.local_port if self._wire is not None else 0

    async def close(self) -> None:
        self.closed = True
        for task in (self._task, self._speaking):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._gone()
        for log in self.rooms.values():
            log.left = True

    # ── the connection ──

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.history.false_step(f"{self.name} gave up: {error!r}")
            self.history.changed()

    async def _live(self) -> None:
        while True:
            try:
                self._dialled_at = time.monotonic()
                self._wire = await dial(self.transport, self.port)
                await self._enter(self._wire)
                while True:
                    self._hear(await self._wire.receive())
            except Lost:
                self.history.cuts += 1
            finally:
                self._gone()
            await self._pauses.take()

    async def _enter(self, wire: Wire) -> None:
        await wire.send([f"0/chat,{json.dumps({'token': self.token})}"])
        while not (packet := await wire.receive()).startswith(READY):
            if packet.startswith("4/chat,"):
                code = json.loads(packet[7:])["message"]
                if code not in RETRYABLE:
                    self.history.false_step(f"{self.name} was not let in: {code}")
                raise Lost(code)
        self._ready, self._told_at = True, float("inf")
        self._words.clear()
        self._unsaid.clear()
        self._speaking = asyncio.create_task(self._speak(wire))
        self._missed = 0
        if self.rooms:
            self._resume({one.room_id: one.position for one in self.rooms.values()})
        else:
            self._is_whole()
        for number, command in list(self._outbox.items()):
            self._fly(number, command)
        self._pauses.start_again()

    def _gone(self) -> None:
        if self._wire is not None:
            self._wire.cut()
        self._wire, self._ready, self.whole = None, False, False
        # Now, for it may be whole again before anybody else takes a step.
        self.history.changed()
        self._resumes.clear()
        if self._speaking is not None:
            self._speaking.cancel()
        for command in self._outbox.values():
            if command.flying:
                command.flying = False
                if command.wish is not None:
                    self.history.lose(command.wish, told_before=self._told_at <= command.said_at)

    def _emit(self, number: int, name: str, body: dict[str, Any], command: Command | None = None) -> None:
        self._unsaid.append((f"2/chat,{number}{json.dumps([name, body])}", command))
        self._words.set()

    async def _speak(self, wire: Wire) -> None:
        """Writes what is to be said, in its order, while the other task listens."""
        try:
            while True:
                await self._words.wait()
                self._words.clear()
                said, self._unsaid = self._unsaid, []
                for _, command in said:
                    if command is not None:
                        command.said_at = time.monotonic()
                await wire.send([packet for packet, _ in said])
        except Lost:
            wire.cut()

    def _fly(self, number: int, command: Command) -> None:
        command.flying, command.sent_at, command.said_at = True, time.monotonic(), float("inf")
        if command.wish is not None:
            command.wish.attempts += 1
        self._emit(number, command.name, command.body, command)

    def _hear(self, packet: str) -> None:
        if packet.startswith("3/chat,"):
            start = packet.index("[")
            number, answer = int(packet[7:start]), json.loads(packet[start:])[0]
            if number in self._resumes:
                self._resumes.discard(number)
                self._resumed(answer)
            elif number in self._outbox:
                self._answered(number, answer)
            return
        event, payload = json.loads(packet[packet.index("[") :])
        if event == "session:ended":
            self._told_at = time.monotonic()
            self.history.told(self.name, payload["reason"])
            if not payload["reconnect"]:
                self.history.false_step(f"{self.name} was told not to come back: {payload['reason']}")
        elif "seq" in payload and ("message" in payload or event.startswith("member:")):
            self._change(event, payload)
        elif self.on_event is not None:
            self.on_event(event, payload)

    # ── the room logs ──

    def _change(self, event: str, payload: dict[str, Any]) -> None:
        log = self.rooms.get(payload["room_id"])
        if log is None:
            self._unexpected.get(payload["room_id"], []).append((event, payload))
            return
        log.hear({"event": event, **payload})
        if self.on_event is not None:
            self.on_event(event, payload)
        if log.held and self.whole:
            self.whole = False
            asyncio.get_running_loop().call_later(GAP_S, self._mind_the_gap)
        elif not log.held and not self.whole and not self._resumes:
            self._is_whole()
        self.history.changed()

    def _mind_the_gap(self) -> None:
        """A gap that stays is caught up with."""
        holes = {one.room_id: one.position for one in self.rooms.values() if one.held}
        if holes and self._ready and not self._resumes:
            self._resume(holes)

    def _resume(self, rooms: dict[str, int]) -> None:
        self._numbers += 1
        self._resumes.add(self._numbers)
        self._emit(self._numbers, "session:resume", {"epoch": self.epoch, "rooms": rooms})

    def _resumed(self, answer: dict[str, Any]) -> None:
        if not answer["ok"]:
            if answer["error"]["code"] not in RETRYABLE:
                self.history.false_step(f"{self.name} could not resume: {answer['error']}")
            self.cut()
            return
        unfinished: dict[str, int] = {}
        for room_id, changes in answer["data"]["rooms"].items():
            log = self.rooms[room_id]
            if changes["verdict"] == "snapshot":
                self.history.false_step(f"{self.name}'s position {log.position} was of no use: {changes['reason']}")
                continue
            self._missed += len(changes["changes"])
            log.catch_up(changes)
            if changes["more"]:
                unfinished[room_id] = log.position
        if unfinished:
            self._resume(unfinished)
        elif any(log.held for log in self.rooms.values()):
            asyncio.get_running_loop().call_later(GAP_S, self._mind_the_gap)
        else:
            self._is_whole()

    def _is_whole(self) -> None:
        if self._dialled_at:
            self.history.catch_ups.append((self._missed, time.monotonic() - self._dialled_at))
            self._dialled_at = 0.0
        self.whole = True
        if self.on_whole is not None:
            self.on_whole()
        self.history.changed()

    # ── the outbox ──

    def _answered(self, number: int, answer: dict[str, Any]) -> None:
        command = self._outbox[number]
        command.flying = False
        seconds = time.monotonic() - command.sent_at
        if answer["ok"]:
            del self._outbox[number]
            if command.wish is not None:
                self.history.ack(command.wish, answer["data"], seconds)
            if not command.answer.done():
                command.answer.set_result(answer["data"])
            return
        error = answer["error"]
        if command.wish is not None:
            self.history.refuse(command.wish, error["code"], seconds)
        if error["code"] in RETRYABLE:
            asyncio.get_running_loop().call_later(error.get("retry_after", 1), self._again, number)
            return
        del self._outbox[number]
        if not command.answer.done():
            command.answer.set_exception(Refused(error))

    def _again(self, number: int) -> None:
        command = self._outbox.get(number)
        if command is not None and self._ready and not command.flying:
            self._fly(number, command)
