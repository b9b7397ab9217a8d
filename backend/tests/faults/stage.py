"""One trial's server, rooms and people, and the end of it: wait until all is quiet, then let the checker judge."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Self, TypeVar

from faults.checker import Truth, violations
from faults.client import LiveClient, Pauses
from faults.history import RETRYABLE, History
from faults.official import OfficialClient
from faults.plan import Planned
from faults.rest_client import RestClient
from faults.room_log import RoomLog
from faults.wires import Http, Lost
from server import Server, is_ready, until

Client = LiveClient | RestClient | OfficialClient
Result = TypeVar("Result")

KINDS: dict[str, Callable[..., Client]] = {"rest": RestClient, "official": OfficialClient}


class Stage:
    """`async with Stage(...) as stage`: everybody is sent home at the end."""

    def __init__(self, server: Server, hands: ThreadPoolExecutor, rng: random.Random, patience_s: float) -> None:
        self.server = server
        self.rng = rng
        self.patience_s = patience_s
        self.history = History()
        self.clients: list[Client] = []
        self.rooms: list[dict[str, Any]] = []
        self._hands = hands
        self._host: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        self._host = await self.guest("Host")
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(one.close() for one in self.clients))

    async def by_hand(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Blocking work, in the thread that outlives the event loop: a server dies with the thread that started it."""
        return await asyncio.get_running_loop().run_in_executor(self._hands, partial(work, *arguments))

    # ── the scene ──

    async def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """REST past all faults, and again until the answer is a good one; nobody keeps a record of it."""
        way = Http(self.server.port, token or self._host.get("access_token"))
        pauses = Pauses(self.rng)
        try:
            async with asyncio.timeout(self.patience_s):
                while True:
                    with suppress(Lost):
                        status, raw = await way.ask(method, f"/api{path}", body)
                        answer = json.loads(raw)
                        if status in (200, 201):
                            return answer
                        assert answer["code"] in RETRYABLE, f"{method} {path}: {status} {answer}"
                    await pauses.take()
        finally:
            way.cut()

    async def guest(self, name: str) -> dict[str, Any]:
        session: dict[str, Any] = await self.ask("POST", "/guests", {"name": name})
        return session

    async def open_rooms(self, count: int) -> None:
        for number in range(count):
            self.rooms.append(await self.ask("POST", "/rooms", {"name": f"room {number}", "kind": "public"}))

    async def join(self, room_id: str, token: str) -> dict[str, Any]:
        room: dict[str, Any] = await self.ask("POST", f"/rooms/{room_id}/members", {}, token)
        return room

    async def person(
        self, transport: str = "websocket", *, port: int | None = None, session: dict[str, Any] | None = None
    ) -> Client:
        """Signed in, not connected yet; with a session of somebody, another connection of theirs."""
        session = session or await self.guest(f"Guest {len(self.clients)}")
        kind = KINDS.get(transport, LiveClient)
        client = kind(self.history, self.rng.getrandbits(32), port or self.server.port, session, transport)
        self.clients.append(client)
        return client

    async def cast(self, transports: Sequence[str], *, port: int | None = None, rooms_each: int | None = None) -> list[Client]:
        """One person a transport, each in `rooms_each` of the rooms (or in all), all reading what happens there."""
        cast = [await self.person(transport, port=port) for transport in transports]
        for number, client in enumerate(cast):
            wanted = rooms_each or len(self.rooms)
            for step in range(wanted):
                room = self.rooms[(number + step) % len(self.rooms)]
                client.reads(await self.join(room["id"], client.token))
        for client in cast:
            client.start()
        await self.until("everybody is connected and whole", lambda: all(one.whole for one in cast))
        return cast

    # ── the play ──

    async def until(self, what: str, look: Callable[[], bool]) -> None:
        await self.history.until(what, look, self.patience_s)

    async def say_all(
        self, cast: Sequence[Client], planned: Sequence[Planned], *, window: int = 20, gate: asyncio.Semaphore | None = None
    ) -> None:
        """Each client sends its part of the plan in order, `window` of them under way at a time, as many as the gate lets
        through."""
        parts: list[list[Planned]] = [[] for _ in cast]
        for one in planned:
            parts[one.client].append(one)
        await asyncio.gather(*(self._say_part(client, part, window, gate) for client, part in zip(cast, parts, strict=True)))

    async def _say_part(self, client: Client, part: list[Planned], window: int, gate: asyncio.Semaphore | None) -> None:
        free = asyncio.Semaphore(window)
        room_ids = list(client.rooms)
        answers: list[tuple[Planned, asyncio.Future[Any]]] = []
        latest: dict[str, asyncio.Future[Any]] = {}
        for one in part:
            await free.acquire()
            if gate is not None:
                await gate.acquire()
            if one.of is None:
                answer = client.say(room_ids[one.room % len(room_ids)], one.client_id, **one.content)
            else:
                answer = asyncio.ensure_future(self._change(client, one, after=latest[one.of]))
            latest[one.of or one.client_id] = answer
            answer.add_done_callback(lambda _: free.release())
            answers.append((one, answer))
        for one, answer in answers:
            [result] = await asyncio.gather(answer, return_exceptions=True)
            if isinstance(result, BaseException) is not one.refused:
                what = one.client_id or f"a change of {one.of}"
                self.history.false_step(f"{what} {'should have been' if one.refused else 'was'} refused: {result!r}")

    async def _change(self, client: Client, one: Planned, after: asyncio.Future[Any]) -> Any:
        """A change waits for the one before it, as its author would; said several times at once it is one change."""
        assert one.of is not None
        await asyncio.wait([after])
        change = self.history.change(self.history.sends[client.user_id, one.of], one.content.get("text"))
        results = await asyncio.gather(*(client.change(change) for _ in range(one.times)), return_exceptions=True)
        refused = [result for result in results if isinstance(result, BaseException)]
        if 0 < len(refused) < len(results):
            self.history.false_step(f"a change of {one.of} was taken and refused: {refused[0]!r}")
        if refused:
            raise refused[0]
        return results[0]

    async def kill_and_start(self, *, all_of_it: bool = True) -> float:
        """kill -9, and a new start. Returns how long it took, once the server was ready, until everybody was whole.

        Unless `all_of_it`, only the process that serves is killed, and the other one starts it again in no time.
        """
        if all_of_it:
            await self.by_hand(self.server.restart)
        else:
            await self.by_hand(self.server.kill_worker)
            await self.by_hand(until, "the API answers again", lambda: is_ready(self.server.port))
        ready = time.monotonic()
        await self.all_whole()
        return time.monotonic() - ready

    async def read_on(self, log: RoomLog, changes: int) -> None:
        """Waits until somebody has read so many changes more."""
        wanted = log.position + changes
        await self.until("a reader has read on", lambda: log.position >= wanted)

    async def all_whole(self) -> None:
        try:
            await self.until("everybody is whole again", lambda: all(one.whole or one.closed for one in self.clients))
        except AssertionError as failed:
            absent = [f"{one.name} ({one.transport})" for one in self.clients if not one.whole and not one.closed]
            raise AssertionError(f"{failed}: {absent}; {self.history.false_steps[:5]}") from None

    # ── the end ──

    async def truth(self, room_id: str) -> Truth:
        history: list[dict[str, Any]] = []
        before = ""
        while True:
            page = await self.ask("GET", f"/rooms/{room_id}/messages?limit=200{before}")
            history = page["messages"] + history
            if not page["more"]:
                break
            before = f"&before={history[0]['seq']}"
        changes: list[dict[str, Any]] = []
        position, more = 0, True
        while more:
            answer = await self.ask("GET", f"/rooms/{room_id}/changes?after={position}&limit=500")
            changes += answer["changes"]
            position, more = answer["position"], answer["more"]
        rows = [(row[0], row[1]) for row in self.server.query("SELECT id, seq FROM messages WHERE room_id = ?", room_id)]
        return Truth(await self.ask("GET", f"/rooms/{room_id}"), changes, history, rows)

    async def judge(self, readers: Sequence[Client] | None = None, *, told: bool = True) -> None:
        """Waits until every reader stands where its rooms stand, then checks everything.

        `told`: nobody may have been answered `internal` either; a server that was made to fail may say so.
        """
        watched = self.clients if readers is None else readers
        truths = [await self.truth(room["id"]) for room in self.rooms]
        seqs = {one.room_id: one.seq for one in truths}
        logs = [log for client in watched for log in client.rooms.values()]
        try:
            await self.until(
                "every reader has the newest", lambda: all(log.left or log.position >= seqs[log.room_id] for log in logs)
            )
        finally:
            found = violations(self.history, truths, logs)
            assert not found, f"{len(found)} violations:\n" + "\n".join(found[:20])
        assert not told or "internal error" not in self.server.log(), self.server.log()[-3_000:]

    def acks(self) -> int:
        return self.history.acked
