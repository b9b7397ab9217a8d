"""What a well-behaved client cannot send: frames and polls by hand."""

import json
import socket
import time
from collections import deque
from http.client import HTTPConnection
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

from rest import Answer, ask
from server import Server

PATIENCE_S = 15.0
SEPARATOR = "\x1e"


def ends(wire: socket.socket, seconds: float) -> bool:
    """Whether a TCP connection comes to its end; what still comes is thrown away."""
    wire.settimeout(seconds)
    try:
        while wire.recv(262_144):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


class Upgrade(Exception):
    """The upgrade was answered with something else than 101."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status} {body!r}")
        self.status = status
        self.body = body


class Closed(Exception):
    """The server closed the WebSocket with a code, or the TCP connection without one (then 1006)."""

    def __init__(self, code: int, reason: str | None = None) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class RawSocket:
    """A WebSocket on which the test writes every frame itself, and reads only when it wants to."""

    def __init__(
        self,
        server: Server,
        *,
        headers: list[tuple[str, str]] | None = None,
        query: str = "",
        buffer: int | None = None,
        host: str | None = None,
    ) -> None:
        self._wire = socket.socket()
        if buffer is not None:
            self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._wire.settimeout(PATIENCE_S)
        self._wire.connect(("127.0.0.1", server.port))
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._unread: deque[str | bytes] = deque()
        self._part: list[str] = []
        self._closed: Closed | None = None
        self.frames: list[str | bytes] = []
        self._ids = 0
        extra = [(name.encode(), value.encode("latin-1")) for name, value in headers or []]
        target = f"/socket.io/?EIO=4&transport=websocket{query}"
        self._send(Request(host=host or f"localhost:{server.port}", target=target, extra_headers=extra))
        self._accepted = False
        self._status, self._body = 0, b""
        while not self._accepted:
            self._take(PATIENCE_S)

    def open(self) -> "RawSocket":
        """Reads the opening packet."""
        self.opening = json.loads(self.until("0{")[1:])
        return self

    def enter(self, token: str) -> "RawSocket":
        """Connects to /chat."""
        self.open()
        self.send("40/chat," + json.dumps({"token": token}))
        self.until("40/chat,")
        self.until('42/chat,["session:ready"')
        return self

    def send(self, frame: str | bytes) -> None:
        self._send(TextMessage(frame) if isinstance(frame, str) else BytesMessage(frame))

    def _send(self, event: Any) -> None:
        self._wire.sendall(self._protocol.send(event))

    def receive(self, seconds: float = PATIENCE_S) -> str | bytes:
        """The next frame; pings are answered. Raises Closed."""
        deadline = time.monotonic() + seconds
        while True:
            while not self._unread:
                if self._closed is not None:
                    raise self._closed
                left = deadline - time.monotonic()
                assert left > 0, f"no frame within {seconds} s; had {self.frames}"
                self._take(left)
            frame = self._unread.popleft()
            self.frames.append(frame)
            if frame != "2":
                return frame
            self.send("3")

    def _take(self, seconds: float) -> None:
        self._wire.settimeout(seconds)
        try:
            received = self._wire.recv(65_536)
        except TimeoutError:
            return
        except ConnectionResetError:
            received = b""
        if not received:
            self._closed = self._closed or Closed(1006)
            if not self._accepted:
                raise Upgrade(self._status, self._body)
            return
        self._protocol.receive_data(received)
        for event in self._protocol.events():
            if isinstance(event, AcceptConnection):
                self._accepted = True
            elif isinstance(event, RejectConnection):
                self._status = event.status_code
                if not event.has_body:
                    raise Upgrade(self._status, b"")
            elif isinstance(event, RejectData):
                self._body += event.data
                if event.body_finished:
                    raise Upgrade(self._status, self._body)
            elif isinstance(event, TextMessage):
                self._part.append(event.data)
                if event.message_finished:
                    self._unread.append("".join(self._part))
                    self._part.clear()
            elif isinstance(event, BytesMessage):
                self._unread.append(bytes(event.data))
            elif isinstance(event, CloseConnection):
                self._closed = Closed(event.code, event.reason)

    def until(self, start: str, seconds: float = PATIENCE_S) -> str:
        """The next frame that begins so; what comes before it is kept in `frames`."""
        deadline = time.monotonic() + seconds
        while True:
            frame = self.receive(max(0.01, deadline - time.monotonic()))
            if isinstance(frame, str) and frame.startswith(start):
                return frame

    def ack_of(self, packet: str) -> dict[str, Any]:
        """Sends `packet` with its `ID` replaced by an ack id, and returns the ack's argument."""
        self._ids += 1
        self.send(packet.replace("ID", str(self._ids), 1))
        frame = self.until(f"43/chat,{self._ids}[")
        answer: dict[str, Any] = json.loads(frame[frame.index("[") :])[0]
        return answer

    def close_code(self, seconds: float = PATIENCE_S) -> int:
        """Reads until the server has closed, and returns the code it gave."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.receive(max(0.01, deadline - time.monotonic()))
        except Closed as closed:
            return closed.code

    def is_cut(self, seconds: float = PATIENCE_S) -> bool:
        """Whether the TCP connection comes to its end, though this side answers no close frame."""
        return ends(self._wire, seconds)

    def close(self) -> None:
        self._wire.close()


class RawPolling:
    """A polling connection, every request by hand."""

    def __init__(self, server: Server, **headers: str) -> None:
        self._port = server.port
        self._headers = list(headers.items())
        self._path = "/socket.io/?EIO=4&transport=polling"
        self._unread: deque[str] = deque()
        opened = self.poll()
        assert opened.status == 200, opened.raw
        self.opening = json.loads(opened.raw[1:])
        self._path += f"&sid={self.opening['sid']}"

    def poll(self) -> Answer:
        return ask(self._port, "GET", self._path, headers=self._headers)

    def begin_poll(self) -> HTTPConnection:
        """Sends a poll and does not wait for the answer."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        connection.request("GET", self._path)
        # Requests are taken in the order in which they come: when this is answered, the poll is waiting.
        assert ask(self._port, "GET", "/healthz").status == 200
        return connection

    def post(self, payload: str) -> Answer:
        plain = ("Content-Type", "text/plain;charset=UTF-8")
        return ask(self._port, "POST", self._path, raw=payload.encode(), headers=[*self._headers, plain])

    def packets(self) -> list[str]:
        answer = self.poll()
        assert answer.status == 200, answer.raw
        return answer.raw.decode().split(SEPARATOR)

    def until(self, start: str) -> str:
        """The next packet that begins so; those before it are gone, those behind it are kept."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            while self._unread:
                packet = self._unread.popleft()
                if packet == "2":
                    self.post("3")
                if packet.startswith(start):
                    return packet
            self._unread.extend(self.packets())
        raise AssertionError(f"no packet {start!r} within {PATIENCE_S} s")

    def enter(self, token: str) -> "RawPolling":
        assert self.post("40/chat," + json.dumps({"token": token})).status == 200
        self.until("40/chat,")
        return self
