"""The ways to a server, as bytes: HTTP on one connection, a WebSocket, long polling. Any failure is `Lost`, nothing is mended."""

import asyncio
import json
import os
from collections import deque
from typing import Any, Protocol

SEPARATOR = "\x1e"
DIAL_S = 10.0
SILENCE_S = 4.0
"""So long nothing comes before an answer is given up; a slow answer is not a silent one."""
SLOWEST_LINE = 1_000
"""Bytes a second. The time in which a request passes on such a line is not silence."""


class Lost(Exception):
    """The connection is gone, or never came about; what was under way may have happened or not."""


class Wire(Protocol):
    """An Engine.IO transport; packets are Engine.IO messages without their leading 4."""

    silence_s: float

    @property
    def local_port(self) -> int: ...

    async def send(self, packets: list[str]) -> None: ...

    async def receive(self) -> str: ...

    def cut(self) -> None: ...


class Stream:
    """A TCP connection, opened when it is first needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is not None and self._reader.at_eof():
            self.cut()  # the server has let go of a connection that nobody used, as every server may
        if self._reader is None or self._writer is None:
            try:
                async with asyncio.timeout(DIAL_S):
                    self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 22)
            except OSError as failed:
                raise Lost(f"no connection: {failed}") from None
        return self._reader, self._writer

    @property
    def local_port(self) -> int:
        address = self._writer.get_extra_info("sockname") if self._writer is not None else None
        return address[1] if address else 0

    def cut(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None


class Http:
    """One request after the other on one connection."""

    def __init__(self, port: int, token: str | None = None, *, browser: bool = False, silence_s: float = SILENCE_S) -> None:
        self.silence_s = silence_s
        self._browser = browser
        self._stream = Stream(port)
        self._port = port
        self._token = token
        self._turn = asyncio.Lock()
        self._clean = True

    async def ask(self, method: str, path: str, body: Any = None, *, plain: str | None = None) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        content = plain.encode() if plain is not None else b"" if body is None else json.dumps(body).encode()
        kind = "text/plain;charset=UTF-8" if plain is not None else "application/json"
        head = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self._port}", f"Content-Length: {len(content)}"]
        if self._browser:
            head.append("Sec-Fetch-Mode: cors")
        if content:
            head.append(f"Content-Type: {kind}")
        if self._token is not None:
            head.append(f"Authorization: Bearer {self._token}")
        async with self._turn:
            try:
                self._clean = False
                reader, writer = await self._stream.open()
                writer.write("\r\n".join([*head, "", ""]).encode() + content)
                passes_in = len(content) / SLOWEST_LINE
                async with asyncio.timeout(self.silence_s + passes_in):
                    await writer.drain()
                return await self._answer(reader, self.silence_s + passes_in)
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as failed:
                raise Lost(f"{method} {path}: {failed!r}") from None
            finally:
                # An answer that was not read to its end, for whatever reason, would be taken for the next one's.
                if not self._clean:
                    self._stream.cut()

    async def _answer(self, reader: asyncio.StreamReader, begins_within_s: float) -> tuple[int, bytes]:
        async with asyncio.timeout(begins_within_s):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        if headers.get("transfer-encoding", "").lower() == "chunked":
            content = b""
            while part := await self._chunk(reader):
                content += part
        elif "content-length" in headers:
            content = await self._exactly(reader, int(headers["content-length"]))
        else:
            async with asyncio.timeout(self.silence_s):
                content = await reader.read()
            headers["connection"] = "close"
        self._clean = headers.get("connection", "").lower() != "close" and head[0].startswith("HTTP/1.1")
        return int(head[0].split()[1]), content

    async def _chunk(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self.silence_s):
            size = int(await reader.readuntil(b"\r\n"), 16)
        return (await self._exactly(reader, size + 2))[:-2]

    async def _exactly(self, reader: asyncio.StreamReader, size: int) -> bytes:
        content = b""
        while len(content) < size:
            async with asyncio.timeout(self.silence_s):
                part = await reader.read(size - len(content))
            if not part:
                raise EOFError("cut in the middle of an answer")
            content += part
        return content

    @property
    def local_port(self) -> int:
        return self._stream.local_port

    def cut(self) -> None:
        self._stream.cut()


class WebSocketWire:
    """Frames by hand: RFC 6455 as far as a client of ours needs it."""

    silence_s = SILENCE_S

    def __init__(self, port: int) -> None:
        self._stream = Stream(port)
        self._port = port
        self.close_code: int | None = None

    @classmethod
    async def open(cls, port: int) -> "WebSocketWire":
        wire = cls(port)
        try:
            async with asyncio.timeout(DIAL_S):
                wire._reader, wire._writer = await wire._stream.open()
                wire._writer.write(
                    f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
                )
                head = await wire._reader.readuntil(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 101"):
                    raise Lost(f"no upgrade: {head[:60]!r}")
                opening = json.loads((await wire._packet())[1:])
        except (OSError, EOFError, ValueError) as failed:
            wire.cut()
            raise Lost(f"no WebSocket: {failed!r}") from None
        except Lost:
            wire.cut()
            raise
        wire.silence_s = (opening["pingInterval"] + opening["pingTimeout"]) / 1000
        return wire

    async def send(self, packets: list[str]) -> None:
        self._write(b"".join(_frame(1, b"4" + one.encode()) for one in packets))
        try:
            await self._writer.drain()
        except OSError as failed:
            raise Lost(repr(failed)) from None

    async def receive(self) -> str:
        try:
            while True:
                async with asyncio.timeout(self.silence_s):
                    packet = await self._packet()
                if packet[:1] == "4":
                    return packet[1:]
                if packet[:1] == "2":
                    self._write(_frame(1, b"3"))
                elif packet[:1] == "1":
                    raise Lost("closed by Engine.IO")
        except (OSError, EOFError) as failed:
            raise Lost(repr(failed)) from None

    async def _packet(self) -> str:
        parts: list[bytes] = []
        while True:
            first, second = await self._reader.readexactly(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
            content = await self._reader.readexactly(size)
            kind = first & 15
            if kind == 8:
                self.close_code = int.from_bytes(content[:2], "big")
                self._write(_frame(8, content[:2]))
                raise Lost(f"closed with {self.close_code}")
            if kind == 9:
                self._write(_frame(10, content))
            elif kind in (0, 1):
                parts.append(content)
                if first & 128:
                    return b"".join(parts).decode()

    def _write(self, frames: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(frames)

    @property
    def local_port(self) -> int:
        return self._stream.local_port

    def cut(self) -> None:
        self._stream.cut()


class PollingWire:
    """Long polling, as a browser does it: one connection asks, another posts."""

    def __init__(self, port: int) -> None:
        self._asks, self._posts = Http(port, browser=True), Http(port, browser=True)
        self._path = "/socket.io/?EIO=4&transport=polling"
        self._unread: deque[str] = deque()
        self._unsaid: deque[str] = deque()
        self._turn = asyncio.Lock()
        self._is_cut = False
        self.silence_s = SILENCE_S

    @classmethod
    async def open(cls, port: int) -> "PollingWire":
        wire = cls(port)
        opening = json.loads((await wire._poll())[0][1:])
        wire._path += f"&sid={opening['sid']}"
        wire.silence_s = wire._asks.silence_s = (opening["pingInterval"] + opening["pingTimeout"]) / 1000
        return wire

    async def send(self, packets: list[str]) -> None:
        await self._say(["4" + one for one in packets])

    async def receive(self) -> str:
        while True:
            while not self._unread:
                self._unread.extend(await self._poll())
            packet = self._unread.popleft()
            if packet[:1] == "4":
                return packet[1:]
            if packet[:1] == "2":
                await self._say(["3"])
            elif packet[:1] == "1":
                raise Lost("closed by Engine.IO")

    async def _say(self, packets: list[str]) -> None:
        """All in their order, whoever says them, a pong too; and no more than sixteen at once, which a server of the family
        takes in one request without question."""
        self._unsaid.extend(packets)
        async with self._turn:
            while self._unsaid:
                await self._post(SEPARATOR.join(self._unsaid.popleft() for _ in range(min(16, len(self._unsaid)))))

    async def _poll(self) -> list[str]:
        status, content = await self._asks.ask("GET", self._path)
        if self._is_cut:
            raise Lost("cut while the poll was dialling")
        if status != 200:
            raise Lost(f"the poll was answered with {status}")
        return content.decode().split(SEPARATOR)

    async def _post(self, payload: str) -> None:
        status, _ = await self._posts.ask("POST", self._path, plain=payload)
        if status != 200:
            raise Lost(f"the post was answered with {status}")

    @property
    def local_port(self) -> int:
        return self._asks.local_port

    def cut(self) -> None:
        self._is_cut = True
        self._asks.cut()
        self._posts.cut()


def _frame(kind: int, content: bytes) -> bytes:
    size = len(content)
    if size < 126:
        head = bytes((128 | kind, 128 | size))
    elif size < 65_536:
        head = bytes((128 | kind, 254)) + size.to_bytes(2, "big")
    else:
        head = bytes((128 | kind, 255)) + size.to_bytes(8, "big")
    key = os.urandom(4)
    mask = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    return head + key + (int.from_bytes(content, "big") ^ mask).to_bytes(size, "big")


async def dial(transport: str, port: int) -> Wire:
    return await (PollingWire if transport == "polling" else WebSocketWire).open(port)
