"""Guests who do the worst that a server allows, in a process of their own: `python -m faults.hostile PORT SECONDS ROOM…`.

Each enters, joins the rooms, and asks over several connections at once, for so long and until it has met a limit: large messages, pieces and texts, joining and
leaving, positions in 500 rooms, presence, typing, new rooms, long pages, passwords, and the open namespace of the wire check.
Refusals are not obeyed. At the end the guests sign out, and the answers are printed: what was asked → code → how often.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import count, cycle
from typing import Any

from faults.wires import Http, Lost, WebSocketWire
from rest import ask

GUESTS = 4
# A client with more than 200 packets a second is cut; just below that it stays.
AT_ONCE, PAUSE_S = 8, 0.05
LONG, PIECE, TEXT = "x" * 7_999 + " ", "y" * 65_536, "z" * 200_000
Answers = dict[str, Counter[str]]


class Guest:
    def __init__(self, port: int, number: int, rooms: list[str], answers: Answers) -> None:
        self.port = port
        self.number = number
        self.rooms = rooms
        self.answers = answers
        self.token = ""
        self.user_id = ""
        self.streams: list[str] = []
        self._names = count()

    async def enter(self) -> None:
        way = Http(self.port)
        status, raw = await way.ask("POST", "/api/guests", {"name": f"Hostile {self.number}"})
        assert status == 201, raw
        session = json.loads(raw)
        self.token, self.user_id = session["access_token"], session["user"]["id"]
        way.cut()
        for room_id in self.rooms:
            answer = await asyncio.to_thread(ask, self.port, "POST", f"/api/rooms/{room_id}/members", {}, token=self.token)
            assert answer.status == 201, answer.raw

    async def attack(self) -> None:
        await asyncio.gather(*(self._flood(commands) for commands in (self._messages(), self._moves(), self._streams())),
                             self._ask(self._requests()), self._shout())  # fmt: skip

    async def leave(self) -> None:
        """Signs out."""
        answer = await asyncio.to_thread(ask, self.port, "DELETE", "/api/sessions/current", token=self.token)
        assert answer.status == 204, answer.raw

    def _name(self) -> str:
        return f"h{self.number}-{next(self._names)}"

    def _messages(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for room_id in cycle(self.rooms):
            yield "message:send", {"room_id": room_id, "client_id": self._name(), "text": LONG}
            data = ["d" * 16_000]
            yield "message:send", {"room_id": room_id, "client_id": self._name(), "kind": "json", "data": data}
            yield "read:mark", {"room_id": room_id, "seq": 1}

    def _moves(self) -> Iterator[tuple[str, dict[str, Any]]]:
        positions = dict.fromkeys(self.rooms + [f"no-room-{number}" for number in range(500 - len(self.rooms))], 0)
        for room_id in cycle(self.rooms):
            for name in ("room:leave", "room:join", "typing:start", "typing:stop", "presence:list"):
                yield name, {"room_id": room_id}
            yield "session:resume", {"epoch": "e", "rooms": positions}
            yield "room:create", {"name": self._name(), "kind": "public"}

    def _streams(self) -> Iterator[tuple[str, dict[str, Any]]]:
        source = {"kind": "text", "text": TEXT, "pace_ms": 5}
        for room_id in cycle(self.rooms):
            yield "stream:open", {"room_id": room_id, "client_id": self._name(), "source": source}
            yield "stream:open", {"room_id": room_id, "client_id": self._name()}
            for stream_id in self.streams[-5:]:
                yield "stream:append", {"stream_id": stream_id, "lease": 1, "offset": 0, "text": PIECE}
                yield "stream:view", {"stream_id": stream_id}

    def _requests(self) -> Iterator[tuple[str, str, Any]]:
        for room_id in cycle(self.rooms):
            yield "GET", "/api/rooms?scope=public&limit=200", None
            yield "GET", f"/api/rooms/{room_id}/messages?limit=200", None
            yield "GET", f"/api/rooms/{room_id}/changes?limit=500", None
            yield "POST", f"/api/rooms/{room_id}/invites", {}
            yield "POST", "/api/sessions", {"name": "nobody", "password": "a wrong guess"}

    def _note(self, asked: str, answer: dict[str, Any]) -> None:
        self.answers[asked]["ok" if answer["ok"] else answer["error"]["code"]] += 1
        if answer["ok"] and asked == "stream:open":
            self.streams.append(answer["data"]["stream_id"])

    async def _flood(self, commands: Iterator[tuple[str, dict[str, Any]]]) -> None:
        while True:
            with contextlib.suppress(Lost):
                async with self._wire("/chat", {"token": self.token}) as wire:
                    await self._ask_on(wire, commands)

    async def _ask_on(self, wire: WebSocketWire, commands: Iterator[tuple[str, dict[str, Any]]]) -> None:
        waiting: dict[int, str] = {}
        for first in count(step=AT_ONCE):
            packets = []
            for number in range(first, first + AT_ONCE):
                name, body = next(commands)
                waiting[number] = name
                packets.append(f"2/chat,{number}{json.dumps([name, body])}")
            await wire.send(packets)
            while waiting:
                packet = await wire.receive()
                if packet.startswith("3/chat,"):
                    begin = packet.index("[")
                    self._note(waiting.pop(int(packet[7:begin])), json.loads(packet[begin:])[0])
            await asyncio.sleep(PAUSE_S)

    async def _ask(self, requests: Iterator[tuple[str, str, Any]]) -> None:
        way = Http(self.port, self.token)
        for method, path, body in requests:
            with contextlib.suppress(Lost):
                status, raw = await way.ask(method, path, body)
                asked = f"{method} {path.partition('?')[0].rsplit('/', 1)[-1]}"
                self.answers[asked]["ok" if status < 400 else json.loads(raw)["code"]] += 1
            await asyncio.sleep(PAUSE_S)

    async def _shout(self) -> None:
        """Traffic on the open namespace, which needs no token."""
        while True:
            with contextlib.suppress(Lost):
                async with self._wire("/", None) as wire:
                    while True:
                        await wire.send([json.dumps(["my_event", {"data": LONG}]).join(("2", ""))] * AT_ONCE)
                        await asyncio.sleep(AT_ONCE / 150)

    @contextlib.asynccontextmanager
    async def _wire(self, namespace: str, auth: Any) -> AsyncIterator[WebSocketWire]:
        wire = await WebSocketWire.open(self.port)
        try:
            named = "" if namespace == "/" else f"{namespace},"
            await wire.send([f"0{named}{json.dumps(auth) if auth else ''}"])
            yield wire
        finally:
            wire.cut()
            await asyncio.sleep(PAUSE_S)


async def main(port: int, seconds: float, rooms: list[str]) -> None:
    answers: Answers = defaultdict(Counter)
    guests = [Guest(port, number, rooms, answers) for number in range(GUESTS)]
    for guest in guests:
        await guest.enter()
    began = time.monotonic()
    attacks = [asyncio.create_task(guest.attack()) for guest in guests]
    done, _ = await asyncio.wait(attacks, timeout=seconds)
    while not done and not any("rate_limited" in codes for codes in answers.values()):
        done, _ = await asyncio.wait(attacks, timeout=PAUSE_S)
    for attack in attacks:
        attack.cancel()
    await asyncio.gather(*attacks, return_exceptions=True)
    for failed in done:
        failed.result()
    for guest in guests:
        await guest.leave()
    told = {"seconds": time.monotonic() - began, "users": [guest.user_id for guest in guests], "answers": answers}
    print(json.dumps(told))


if __name__ == "__main__":
    # The guests are elsewhere: on a machine with few cores their own work must not count as the server's.
    os.nice(19)
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
