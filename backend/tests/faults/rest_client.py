"""Somebody without a live connection: sends by REST, and asks again and again what changed."""

import asyncio
import json
import random
import time
from typing import Any

from faults.client import Pauses, Refused
from faults.history import RETRYABLE, Change, History, Wish
from faults.room_log import RoomLog
from faults.wires import Http, Lost

PACE_S = 0.25
LARGEST_PAGE = 200
STREAM_PATHS = {"stream:append": "chunks", "stream:finish": "finish", "stream:continue": "continue", "stream:renew": "renew"}


class RestClient:
    """Has the face of a LiveClient."""

    transport = "rest"

    def __init__(self, history: History, seed: int, port: int, session: dict[str, Any], transport: str = "rest") -> None:
        self.history = history
        self.port = port
        self.token: str = session["access_token"]
        self.user_id: str = session["user"]["id"]
        self.name: str = session["user"]["name"]
        self.rooms: dict[str, RoomLog] = {}
        self.epoch = ""
        self.whole = False
        self.closed = False
        self._page = LARGEST_PAGE
        self._rng = random.Random(seed)
        self._reads = Http(port, self.token)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._senders: list[Http] = []
        self._turn = asyncio.Lock()

    def start(self) -> None:
        self._begin(self._follow())

    def reads(self, room: dict[str, Any]) -> RoomLog:
        self.rooms[room["id"]] = RoomLog(room["id"], room["seq"], room["epoch"])
        self.epoch = room["epoch"]
        return self.rooms[room["id"]]

    def say(self, room_id: str, client_id: str, **content: Any) -> asyncio.Task[Any]:
        send = self.history.send(self.user_id, client_id, room_id, content)
        return self._begin(self._repeat("POST", f"/rooms/{room_id}/messages", {"client_id": client_id, **content}, send))

    def change(self, change: Change) -> asyncio.Task[Any]:
        method, body = ("PATCH", {"text": change.text}) if change.text is not None else ("DELETE", None)
        path = f"/rooms/{change.room_id}/messages/{change.message_id}"
        return self._begin(self._repeat(method, path, body, change))

    def command(self, name: str, body: dict[str, Any]) -> asyncio.Task[Any]:
        """A command of a stream. They are carried out in the order in which they were given, as on a live connection."""
        rest = {key: value for key, value in body.items() if key != "stream_id"}
        return self._begin(self._in_turn(f"/streams/{body['stream_id']}/{STREAM_PATHS[name]}", rest))

    async def _in_turn(self, path: str, body: dict[str, Any]) -> Any:
        async with self._turn:
            return await self._repeat("POST", path, body, None)

    def cut(self) -> None:
        for one in (self._reads, *self._senders):
            one.cut()

    async def close(self) -> None:
        self.closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.cut()

    def _begin(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.create_task(work, name=self.name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, Refused):
            self.history.false_step(f"{self.name} gave up: {error!r}")

    async def _repeat(self, method: str, path: str, body: Any, wish: Wish | None) -> Any:
        """Until there is an answer for good."""
        pauses = Pauses(self._rng)
        way = self._senders.pop() if self._senders else Http(self.port, self.token)
        wish = wish or Wish(self.user_id, "")
        while True:
            wish.attempts += 1
            began, stopping = time.monotonic(), self.history.stopping
            try:
                status, raw = await way.ask(method, f"/api{path}", body)
                answer = json.loads(raw)
            except (Lost, asyncio.CancelledError) as gone:
                # Nobody says goodbye to a request: one that comes to a stopping server may find the door closed.
                self.history.lose(wish, told_before=stopping)
                if isinstance(gone, Lost):
                    await pauses.take()
                    continue
                raise
            seconds = time.monotonic() - began
            if status in (200, 201):
                self.history.ack(wish, answer, seconds)
                self._senders.append(way)
                return answer
            self.history.refuse(wish, answer["code"], seconds)
            if answer["code"] not in RETRYABLE:
                self._senders.append(way)
                raise Refused(answer)
            await asyncio.sleep(answer.get("retry_after", 1))

    async def _follow(self) -> None:
        pauses = Pauses(self._rng)
        while True:
            began, missed = time.monotonic(), 0
            try:
                for log in self.rooms.values():
                    missed += await self._catch_up(log)
            except Lost:
                self.whole = False
                self.history.cuts += 1
                # On a line that does not carry a large answer, a small one may pass.
                self._page = max(1, self._page // 2)
                await pauses.take()
                continue
            if not self.whole:
                self.whole = True
                self.history.catch_ups.append((missed, time.monotonic() - began))
            self.history.changed()
            await asyncio.sleep(PACE_S * self._rng.uniform(0.5, 1.5))

    async def _catch_up(self, log: RoomLog) -> int:
        missed = 0
        while True:
            path = f"/api/rooms/{log.room_id}/changes?after={log.position}&epoch={log.epoch}&limit={self._page}"
            status, raw = await self._reads.ask("GET", path)
            answer = json.loads(raw)
            if status != 200:
                if answer["code"] not in RETRYABLE:
                    self.history.false_step(f"{self.name} could not catch up: {answer}")
                raise Lost(answer["code"])
            if answer["verdict"] == "snapshot":
                self.history.false_step(f"{self.name}'s position {log.position} was of no use: {answer['reason']}")
                return missed
            self._page = min(2 * self._page, LARGEST_PAGE)
            missed += len(answer["changes"])
            log.catch_up(answer)
            if not answer["more"]:
                return missed
