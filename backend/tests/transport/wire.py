"""One WebSocket as bytes on a socket: the test writes every one of them, and what comes back is checked by RFC 6455."""

import json
import socket
import struct
import time
from collections import deque
from contextlib import suppress
from typing import Any, Self

from raw import ends
from transport.frames import CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, close, frame, take, text

PATIENCE_S = 15.0
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The answer to that key, by RFC 6455."""
TARGET = "/socket.io/?EIO=4&transport=websocket"


SIDS: set[str] = set()
"""The session ids that this process was given. None of them may stand in a log."""


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(f"{status} {body[:200]!r}")
        self.status = status
        self.headers = headers
        self.body = body


class Quiet(AssertionError):
    """Nothing came within the time."""


class Gone(Exception):
    """The connection has ended: with the code of a close frame, or 1006 without one."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def dial(port: int, *, buffer: int | None = None, source: str = "127.0.0.1") -> socket.socket:
    """A TCP connection; a small `buffer` makes a reader slow, another `source` another peer."""
    raw = socket.socket()
    if buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw.settimeout(PATIENCE_S)
    raw.bind((source, 0))
    raw.connect(("127.0.0.1", port))
    return raw


def reset(raw: socket.socket) -> None:
    """Closes with RST."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def handshake(port: int, target: str = TARGET, **headers: str | None) -> bytes:
    """A right one, except for the headers that are given; None leaves one out."""
    sent: dict[str, str | None] = {
        "host": f"localhost:{port}",
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec_websocket_version": "13",
        "sec_websocket_key": KEY,
        **headers,
    }
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in sent.items() if value is not None]
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")


class Wire:
    """Reads only when it is asked to. Pings of Engine.IO are answered on the way, unless it is `mute`."""

    def __init__(
        self,
        port: int,
        *,
        sid: str | None = None,
        request: bytes | None = None,
        buffer: int | None = None,
        source: str = "127.0.0.1",
        **headers: str | None,
    ) -> None:
        self.port = port
        self.raw = dial(port, buffer=buffer, source=source)
        self.mute = False
        self.pongs: list[bytes] = []
        self.seen: deque[str | bytes] = deque(maxlen=20)
        self._unread = bytearray()
        self._parts: list[Frame] = []
        self._code: int | None = None
        self._ids = 0
        target = TARGET if sid is None else f"{TARGET}&sid={sid}"
        self.raw.sendall(request if request is not None else handshake(port, target, **headers))
        self.status, self.headers = self._head()
        if self.status != 101:
            told = 0 if request is not None and request.startswith(b"HEAD") else int(self.headers.get("content-length", "0"))
            body = bytes(self._unread) + self._rest(told - len(self._unread))
            self.raw.close()
            raise Refused(self.status, self.headers, body)

    def _head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._unread:
            self._fill(PATIENCE_S)
        head, _, rest = bytes(self._unread).partition(b"\r\n\r\n")
        self._unread[:] = rest
        first, *lines = head.decode("latin-1").split("\r\n")
        found = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), found

    def _rest(self, size: int) -> bytes:
        found = b""
        with suppress(OSError):
            while len(found) < size and (more := self.raw.recv(65_536)):
                found += more
        return found

    # ── writing ──

    def write(self, content: bytes) -> None:
        """Bytes as they are. A connection that the server has ended takes them for nothing: what it said is read later."""
        with suppress(ConnectionResetError, BrokenPipeError):
            self.raw.sendall(content)

    def say(self, *packets: str | bytes) -> None:
        """Engine.IO packets, each in a frame, all in one segment."""
        self.write(b"".join(text(one) if isinstance(one, str) else frame(2, one) for one in packets))

    def crumbs(self, content: bytes, size: int = 1) -> None:
        """In slices, each a segment of its own."""
        for start in range(0, len(content), size):
            self.write(content[start : start + size])

    # ── reading ──

    def _fill(self, seconds: float) -> None:
        self.raw.settimeout(max(0.001, seconds))
        try:
            received = self.raw.recv(262_144)
        except TimeoutError:
            raise Quiet(f"nothing came within the time; seen {list(self.seen)!r:.500}") from None
        except ConnectionResetError:
            received = b""
        if not received:
            raise Gone(self._code or 1006)
        self._unread += received

    def frame(self, seconds: float = PATIENCE_S) -> Frame:
        """The next frame, of whatever kind."""
        deadline = time.monotonic() + seconds
        while (found := take(self._unread)) is None:
            self._fill(deadline - time.monotonic())
        return found

    def receive(self, seconds: float = PATIENCE_S) -> str | bytes:
        """The next message. Raises Gone when the connection ends instead, and then it has ended as TCP."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.frame(deadline - time.monotonic())
            if found.kind == PONG:
                self.pongs.append(found.payload)
            elif found.kind == PING:
                self.write(frame(PONG, found.payload))
            elif found.kind == CLOSE:
                self._code = int.from_bytes(found.payload[:2], "big") or 1005
                self.write(close(self._code) if self._code != 1005 else frame(CLOSE))
                found.payload[2:].decode()
            else:
                message = self._joined(found)
                if message is None:
                    continue
                self.seen.append(message)
                if message != "2" or self.mute:
                    return message
                self.say("3")

    def _joined(self, found: Frame) -> str | bytes | None:
        assert self._code is None, "nothing comes after a close frame"
        assert (found.kind == CONTINUATION) == bool(self._parts), "the parts of a message come one after the other"
        self._parts.append(found)
        if not found.fin:
            return None
        whole = b"".join(part.payload for part in self._parts)
        kind = self._parts[0].kind
        self._parts.clear()
        return whole.decode() if kind == TEXT else whole

    def until(self, start: str, seconds: float = PATIENCE_S) -> str:
        """The next text that begins so; what comes before it is passed over."""
        deadline = time.monotonic() + seconds
        while True:
            message = self.receive(deadline - time.monotonic())
            if isinstance(message, str) and message.startswith(start):
                return message

    def ending(self, seconds: float = PATIENCE_S) -> int:
        """Reads to the end of the TCP connection, and returns how the WebSocket ended."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.receive(deadline - time.monotonic())
        except Gone as gone:
            return gone.code

    def ends_at_tcp(self, seconds: float = PATIENCE_S) -> bool:
        """The same without a word: no close frame is answered, no ping, and what comes is thrown away."""
        return ends(self.raw, seconds)

    # ── Engine.IO and Socket.IO ──

    def open(self) -> Self:
        """Reads the opening packet."""
        first = self.receive()
        assert isinstance(first, str)
        assert first[0] == "0", first
        self.opening: dict[str, Any] = json.loads(first[1:])
        SIDS.add(self.opening["sid"])
        return self

    def enter(self, namespace: str = "/", auth: Any = None) -> Self:
        """Opens and connects to a namespace of the wire check, whose greeting is read too."""
        self.open()
        return self.connect(namespace, auth)

    def connect(self, namespace: str = "/", auth: Any = None) -> Self:
        where = "" if namespace == "/" else f"{namespace},"
        self.say(f"40{where}" + ("" if auth is None else json.dumps(auth)))
        wanted = {
            f"40{where}",
            f'42{where}["session:ready"' if namespace == "/chat" else f'42{where}["my response",{{"data":"Connected"}}]',
        }
        # What a plain Flask-SocketIO handler says while somebody connects comes before the word that they are connected.
        while wanted:
            said = self.receive()
            if isinstance(said, str):
                found = {one for one in wanted if said.startswith(one)}
                if f"40{where}" in found:
                    self.connected: dict[str, Any] = json.loads(said.removeprefix(f"40{where}"))
                wanted -= found
        return self

    def ack_of(self, event: str, *arguments: Any, namespace: str = "/", seconds: float = PATIENCE_S) -> Any:
        """What the ack of an event says."""
        where = "" if namespace == "/" else f"{namespace},"
        self._ids += 1
        number = 70_000 + self._ids
        self.say(f"42{where}{number}" + json.dumps([event, *arguments]))
        return json.loads(self.until(f"43{where}{number}[", seconds).removeprefix(f"43{where}{number}"))

    def is_whole(self) -> bool:
        """Whether an event in `/` is still answered as it should be."""
        return bool(self.ack_of("my event", "whole?") == ["one", 2])

    def close(self) -> None:
        self.raw.close()
