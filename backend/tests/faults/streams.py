"""Those who write streams and die of it, and those who watch them and are cut off."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, cast

from faults.client import LiveClient, Refused
from faults.history import History
from faults.rest_client import RestClient

LETTERS = "abc 0\n<é漢字🙂👩‍👧𝔘"
WINDOW = 64
Writer = LiveClient | RestClient


class Work:
    """What one stream is to become, piece by piece."""

    def __init__(self, rng: random.Random, pieces: int) -> None:
        self.pieces = ["".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 4))) for _ in range(pieces)]
        self.starts: list[int] = []
        self.piece_at: dict[int, int] = {}
        self.length = 0
        for number, piece in enumerate(self.pieces):
            self.starts.append(self.length)
            self.piece_at[self.length] = number
            self.length += units(piece)
        self.piece_at[self.length] = pieces
        self.text = "".join(self.pieces)
        self.stream_id = ""


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class Producer:
    """Writes a work, is killed in the middle of a piece now and then, and is followed by another that goes on."""

    def __init__(self, work: Work, hire: Callable[[], Awaitable[Writer]], deaths: list[int]) -> None:
        self._work = work
        self._hire = hire
        self._deaths = deaths
        self.written = 0
        self.killed = 0

    async def write(self, lease: int) -> None:
        client = await self._hire()
        number = 0
        for death in [*self._deaths, len(self._work.pieces)]:
            answers = await self._append(client, lease, number, death)
            if death == len(self._work.pieces):
                await asyncio.gather(*answers)
                break
            # Killed: what was not answered yet is lost, as far as the producer knows.
            await client.close()
            self.killed += 1
            client = await self._hire()
            lease, number = await self._take_over(client, lease)
        held = {"stream_id": self._work.stream_id, "lease": lease}
        await asyncio.gather(*(client.command("stream:finish", held) for _ in range(2)))
        # Its answer might have been lost, and the producer not know it: it is answered as the first time.
        last = {"offset": self._work.starts[-1], "text": self._work.pieces[-1]}
        answer = await client.command("stream:append", {**held, **last})
        if answer["offset"] != self._work.length:
            client.history.false_step(f"the last piece of {self._work.stream_id}, repeated, was answered with {answer}")

    async def _append(self, client: Writer, lease: int, number: int, until: int) -> list[asyncio.Future[Any]]:
        free = asyncio.Semaphore(WINDOW)
        answers: list[asyncio.Future[Any]] = []
        for index in range(number, until):
            await free.acquire()
            body: dict[str, Any] = {"stream_id": self._work.stream_id, "lease": lease, "offset": self._work.starts[index]}
            body["text"] = self._work.pieces[index]
            said = [client.command("stream:append", body) for _ in range(2 if index % 7 == 3 else 1)]
            said[-1].add_done_callback(lambda _: free.release())
            self.written = max(self.written, index)
            client.history.changed()
            answers += said
        return answers

    async def _take_over(self, client: Writer, old: int) -> tuple[int, int]:
        taken = await client.command("stream:continue", {"stream_id": self._work.stream_id})
        body = {"stream_id": self._work.stream_id, "lease": old, "offset": taken["offset"], "text": "from the dead"}
        try:
            await client.command("stream:append", body)
        except Refused as refused:
            if refused.code != "stale_lease":
                raise
        else:
            client.history.false_step(f"an append under lease {old} was taken after lease {taken['lease']} was given")
        return taken["lease"], self._work.piece_at[taken["offset"]]


class Copy:
    """One viewer's copy of one stream, in UTF-16 as offsets count."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.early: dict[int, str] = {}
        self.end: int | None = None
        """Where it ended, once it has."""
        self.fetching = False

    @property
    def length(self) -> int:
        return len(self.content) // 2

    @property
    def text(self) -> str:
        return self.content.decode("utf-16-le")

    @property
    def complete(self) -> bool:
        return self.end is not None and self.length >= self.end

    def take(self, offset: int, text: str) -> bool:
        """Appends what is new of a piece. False when what is in both differs."""
        if offset > self.length:
            self.early[offset] = text
            return True
        piece = text.encode("utf-16-le")
        known = self.content[2 * offset : 2 * offset + len(piece)]
        self.content += piece[len(known) :]
        same = piece.startswith(known)
        while (following := next((start for start in self.early if start <= self.length), None)) is not None:
            same = self.take(following, self.early.pop(following)) and same
        return same


class Viewer:
    """Watches every stream of a room: pieces as they come, a view for what is missing."""

    def __init__(self, client: LiveClient) -> None:
        self.client = client
        self.copies: dict[str, Copy] = {}
        self.pieces = 0
        self.resumed: list[float] = []
        """Seconds from each dial until nothing was missing."""
        self._history: History = client.history
        self._came_back_at: float | None = None
        client.on_event = self._hear
        client.on_whole = self._catch_up

    def watch(self, stream_id: str) -> None:
        self.copies.setdefault(stream_id, Copy())

    @property
    def complete(self) -> bool:
        return all(copy.complete for copy in self.copies.values())

    def _hear(self, event: str, payload: dict[str, Any]) -> None:
        if event == "stream:appended":
            self.pieces += 1
            self._take(payload["stream_id"], payload["offset"], payload["text"])
            self._history.changed()
        elif event == "stream:ended" and payload["message"]["id"] in self.copies:
            self._ended(payload["message"]["id"], payload["message"]["stream"])

    def _take(self, stream_id: str, offset: int, text: str) -> None:
        copy = self.copies.get(stream_id)
        if copy is None:
            return
        if not copy.take(offset, text):
            self._history.false_step(f"{self.client.name}: two texts at {offset} of stream {stream_id}")
        if copy.early and not copy.fetching:
            self._fetch(stream_id)

    def _ended(self, stream_id: str, part: dict[str, Any]) -> None:
        copy = self.copies[stream_id]
        if part["state"] != "finished":
            self._history.false_step(f"stream {stream_id} was {part['state']}")
        copy.end = part["offset"]
        if not copy.complete and not copy.fetching:
            self._fetch(stream_id)

    def _catch_up(self) -> None:
        self._came_back_at = asyncio.get_running_loop().time()
        for stream_id, copy in self.copies.items():
            if not copy.complete and not copy.fetching:
                self._fetch(stream_id)

    def _fetch(self, stream_id: str) -> None:
        copy = self.copies[stream_id]
        copy.fetching = True
        answer = self.client.command("stream:view", {"stream_id": stream_id, "offset": copy.length})
        answer.add_done_callback(lambda done: self._viewed(stream_id, done))

    def _viewed(self, stream_id: str, done: asyncio.Future[Any]) -> None:
        if done.cancelled():
            return
        copy, view = self.copies[stream_id], done.result()
        copy.fetching = False
        self._take(stream_id, view["offset"], view["text"])
        if view["state"] == "finished":
            copy.end = view["end"]
        if copy.length < view["end"]:
            if not copy.fetching:
                self._fetch(stream_id)
        elif self._came_back_at is not None and not any(one.fetching for one in self.copies.values()):
            self.resumed.append(asyncio.get_running_loop().time() - self._came_back_at)
            self._came_back_at = None
        self._history.changed()


def viewer_of(client: object) -> Viewer:
    return Viewer(cast(LiveClient, client))
