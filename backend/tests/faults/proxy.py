"""A TCP proxy that spoils the connection: late, slow, in crumbs, cut, or silent. It never changes a byte."""

import asyncio
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

Cut = Literal["reset", "fin", "silence", "mute"]
"""`mute`: the server hears nothing more, gets no answer to its ping, and ends the connection itself."""


@dataclass(frozen=True)
class Fault:
    """What is done to all that passes; nothing, by default."""

    name: str = "none"
    delay_s: float = 0.0
    jitter_s: float = 0.0
    bytes_a_second: int | None = None
    crumbs: int | None = None
    """The largest slice in which bytes are passed on."""
    cut_after: tuple[int, int] | None = None
    """Each connection is cut after so many bytes, drawn between the two."""
    cut: Cut = "reset"


class Passage:
    """One connection through the proxy."""

    def __init__(self, proxy: "Proxy", client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._ends = (client, server)
        self.client_port: int = client.get_extra_info("peername")[1]
        drawn = proxy.fault.cut_after
        self.left = proxy.rng.randint(*drawn) if drawn else None
        self.silent: set[str] = set()

    def cut(self, how: Cut) -> None:
        if how in ("silence", "mute"):
            self.silent = {"up", "down"} if how == "silence" else {"up"}
            return
        for end in self._ends:
            if how == "reset":
                with suppress(OSError):
                    end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.transport.abort()
            else:
                end.close()
        self._proxy.passages.discard(self)


class Proxy:
    """Listens on a port of its own. The fault may be changed while it runs; new connections get the new one."""

    def __init__(self, target: int, rng: random.Random, fault: Fault | None = None) -> None:
        self.rng = rng
        self.fault = fault or Fault()
        self.passages: set[Passage] = set()
        self.budget: dict[str, int] = {}
        """Bytes that may still pass in a direction, `up` or `down`, over all connections; beyond them, all is cut once."""
        self.passed = {"up": 0, "down": 0}
        self._target = target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> "Proxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=self._buffer)
        return self

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self, how: Cut, share: float = 1.0) -> None:
        """Cuts every connection, or about a share of them."""
        for passage in list(self.passages):
            if self.rng.random() < share:
                passage.cut(how)

    def passage_of(self, client_port: int) -> Passage | None:
        """The connection that a client has from this port of its own."""
        return next((one for one in self.passages if one.client_port == client_port), None)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut("reset")
        if self._tasks:
            # They end with their connections; to cancel them would be logged as a fault of theirs.
            await asyncio.wait(self._tasks, timeout=2)

    @property
    def _buffer(self) -> int:
        # What waits in the proxy has not passed: a slow line must push back.
        return 1_024 if self.fault.bytes_a_second else 65_536

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target, limit=self._buffer)
        except OSError:
            writer.transport.abort()
            return
        if self.fault.bytes_a_second:
            for end in (writer, far_writer):
                end.transport.set_write_buffer_limits(high=1_024)
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        passage = Passage(self, writer, far_writer)
        self.passages.add(passage)
        try:
            await asyncio.gather(self._pump(passage, "up", reader, far_writer), self._pump(passage, "down", far_reader, writer))
        except OSError:
            passage.cut("reset")
        finally:
            for end in (writer, far_writer):
                end.close()
            self.passages.discard(passage)

    async def _pump(self, passage: Passage, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def deliver() -> None:
            while True:
                due, content = await late.get()
                await asyncio.sleep(due - loop.time())
                if not content:
                    writer.write_eof()
                    return
                await self._pass_on(passage, direction, content, writer)

        fault = self.fault
        delivering = asyncio.create_task(deliver()) if fault.delay_s else None
        due = 0.0
        try:
            while content := await reader.read(65_536):
                if delivering is None:
                    await self._pass_on(passage, direction, content, writer)
                    continue
                # Late, but in its order.
                due = max(due, loop.time() + fault.delay_s + self.rng.uniform(-1, 1) * fault.jitter_s)
                await late.put((due, content))
            if direction in passage.silent:
                return
            if delivering is not None:
                await late.put((due, b""))
                await delivering
            elif not writer.is_closing():
                writer.write_eof()
        finally:
            if delivering is not None:
                delivering.cancel()

    async def _pass_on(self, passage: Passage, direction: str, content: bytes, writer: asyncio.StreamWriter) -> None:
        for piece in self._pieces(content):
            if direction in passage.silent or writer.is_closing():
                return
            allowed = self._allowed(passage, direction, len(piece))
            writer.write(piece[:allowed])
            self.passed[direction] += allowed
            await writer.drain()
            if allowed < len(piece):
                self._cut_spent(passage, direction)
                return
            if self.fault.bytes_a_second:
                await asyncio.sleep(len(piece) / self.fault.bytes_a_second)

    def _pieces(self, content: bytes) -> Iterator[bytes]:
        largest = self.fault.crumbs
        step = 256 if self.fault.bytes_a_second else len(content)
        start = 0
        while start < len(content):
            size = self.rng.randint(1, largest) if largest else step
            yield content[start : start + size]
            start += size

    def _allowed(self, passage: Passage, direction: str, size: int) -> int:
        allowed = min(size, self.budget.get(direction, size))
        if direction in self.budget:
            self.budget[direction] -= allowed
        if passage.left is not None:
            allowed = min(allowed, passage.left)
            passage.left -= allowed
        return allowed

    def _cut_spent(self, passage: Passage, direction: str) -> None:
        if direction in self.budget:
            del self.budget[direction]
            self.cut(self.fault.cut)
        else:
            passage.cut(self.fault.cut)
