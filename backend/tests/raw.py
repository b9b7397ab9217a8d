"""What a well-behaved client cannot send: frames and polls by hand."""

import json
import time
from typing import Any

from simple_websocket import Client, ConnectionClosed

from rest import Answer, ask
from server import Server

PATIENCE_S = 15.0
SEPARATOR = "\x1e"


class RawSocket:
    """A WebSocket on which the test writes every character itself."""

    def __init__(self, server: Server, **headers: str) -> None:
        url = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
        self._wire = Client(url, headers=headers)
        self.frames: list[str | bytes] = []
        self.opening = json.loads(self.until("0")[1:])
        self._ids = 0

    def enter(self, token: str) -> "RawSocket":
        """Connects to /chat."""
        self.send("40/chat," + json.dumps({"token": token}))
        self.until("40/chat,")
        self.until('42/chat,["session:ready"')
        return self

    def send(self, frame: str | bytes) -> None:
        self._wire.send(frame)

    def until(self, start: str, seconds: float = PATIENCE_S) -> str:
        """The next frame that begins so; pings are answered, other frames are kept in `frames`."""
        deadline = time.monotonic() + seconds
        while True:
            frame = self._wire.receive(max(0.0, deadline - time.monotonic()))
            assert frame is not None, f"no frame {start!r} within {seconds} s; had {self.frames}"
            if frame == "2":
                self._wire.send("3")
            self.frames.append(frame)
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
        """Waits until the server has closed, and returns the code it gave."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                frame = self._wire.receive(max(0.0, deadline - time.monotonic()))
                assert frame is not None, f"the server did not close within {seconds} s; had {self.frames}"
                if frame == "2":
                    self._wire.send("3")
                self.frames.append(frame)
        except ConnectionClosed as closed:
            return int(closed.reason)

    def close(self) -> None:
        if self._wire.connected:
            self._wire.close()


class RawPolling:
    """A polling connection, every request by hand."""

    def __init__(self, server: Server, **headers: str) -> None:
        self._port = server.port
        self._headers = list(headers.items())
        self._path = "/socket.io/?EIO=4&transport=polling"
        opened = self.poll()
        assert opened.status == 200, opened.raw
        self.opening = json.loads(opened.raw[1:])
        self._path += f"&sid={self.opening['sid']}"

    def poll(self) -> Answer:
        return ask(self._port, "GET", self._path, headers=self._headers)

    def post(self, payload: str) -> Answer:
        plain = ("Content-Type", "text/plain;charset=UTF-8")
        return ask(self._port, "POST", self._path, raw=payload.encode(), headers=[*self._headers, plain])

    def packets(self) -> list[str]:
        answer = self.poll()
        assert answer.status == 200, answer.raw
        return answer.raw.decode().split(SEPARATOR)

    def until(self, start: str) -> str:
        """The next packet that begins so."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for packet in self.packets():
                if packet == "2":
                    self.post("3")
                if packet.startswith(start):
                    return packet
        raise AssertionError(f"no packet {start!r} within {PATIENCE_S} s")

    def enter(self, token: str) -> "RawPolling":
        assert self.post("40/chat," + json.dumps({"token": token})).status == 200
        self.until("40/chat,")
        return self
