"""A Socket.IO server for few clients that does exactly what a test tells it to do wrong."""

import re
import selectors
import socket
import threading
from collections.abc import Callable

_ACCEPT = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n"
_OPEN = '0{"sid":"one","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
# The answer to the key of RFC 6455's example, which the generator uses.
_KEY, _ANSWER = b"dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
_MARK = re.compile(r"#(\d{5})-(\d{10})#")
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Peer:
    """One client, as the server sees it."""

    def __init__(self, server: "FaultyServer", wire: socket.socket, number: int) -> None:
        self.server, self.wire, self.number = server, wire, number
        self.is_upgraded = False
        self._heard = b""

    def write(self, frames: bytes) -> None:
        step = self.server.slice_bytes or len(frames)
        for first in range(0, len(frames), step):
            self.wire.sendall(frames[first : first + step])

    def say(self, *packets: str) -> None:
        """All of them in one write."""
        self.write(b"".join(frame(TEXT, packet.encode()) for packet in packets))

    def receive(self) -> bool:
        """False when it has hung up."""
        try:
            more = self.wire.recv(65536)
        except ConnectionResetError:
            return False
        self._heard += more
        if not self.is_upgraded and b"\r\n\r\n" in self._heard:
            assert _KEY in self._heard
            self._heard = self._heard.partition(b"\r\n\r\n")[2]
            self.is_upgraded = True
            self.write(_ACCEPT.format(_ANSWER).encode() + frame(TEXT, _OPEN.encode()))
        while self.is_upgraded and (taken := unmasked(self._heard)) is not None:
            opcode, payload, self._heard = taken
            self.server.hear(self, opcode, payload)
        return bool(more)


class FaultyServer:
    """Everybody is in one room. `on_message(server, sender, number, event)` decides who hears what; without it, all is well."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.on_message: Callable[[FaultyServer, Peer, int, str], None] = FaultyServer.deliver
        self.on_join: Callable[[FaultyServer, Peer], None] = lambda _server, _peer: None
        self.refuses = False
        self.slice_bytes = 0
        self.pongs: list[bytes] = []
        """What came back for a ping of either kind."""
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._waker, self._stop = socket.socketpair()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._waker, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        self._stop.send(b"x")
        self._thread.join()
        for wire in (self._listener, self._waker, self._stop, *(peer.wire for peer in self.peers)):
            wire.close()
        self._selector.close()

    def deliver(self, sender: Peer, number: int, event: str) -> None:
        for peer in self.peers:
            peer.say(event)
        self.ack(sender, number, event)

    def ack(self, sender: Peer, number: int, event: str) -> None:
        sender.say(f'43/chat,{number}[{{"ok":true,"data":{{"text":"{_MARK.search(event)[0]}"}}}}]')  # type: ignore[index]

    def hear(self, peer: Peer, opcode: int, payload: bytes) -> None:
        text = payload.decode()
        if opcode == PONG or text == "3":
            self.pongs.append(payload)
        elif text.startswith("40"):
            if self.refuses:
                peer.say('44/chat,{"message":"unauthenticated"}')
                return
            peer.say('40/chat,{"sid":"two"}', '42/chat,["session:ready",{}]')
        elif '"room:join"' in text:
            peer.say('43/chat,0[{"ok":true}]')
            self.on_join(self, peer)
        elif '"message:send"' in text:
            number = int(_MARK.search(text)[2])  # type: ignore[index]
            self.on_message(self, peer, number, event_of(text))

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._waker:
                    return
                if key.fileobj is self._listener:
                    wire, _ = self._listener.accept()
                    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.peers.append(Peer(self, wire, len(self.peers)))
                    self._selector.register(wire, selectors.EVENT_READ, self.peers[-1])
                elif not key.data.receive():
                    self._selector.unregister(key.fileobj)


def event_of(text: str) -> str:
    return f'42/chat,["message:created",{{"room_id":"room","seq":1,"message":{{"text":"{_MARK.search(text)[0]}"}}}}]'  # type: ignore[index]


def frame(opcode: int, payload: bytes) -> bytes:
    length = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2)
    return bytes([0x80 | opcode]) + length + payload


def unmasked(heard: bytes) -> tuple[int, bytes, bytes] | None:
    """Opcode, payload and what is left, when there is a whole frame."""
    if len(heard) < 2:
        return None
    length, head = heard[1] & 0x7F, 2
    if length == 126:
        length, head = int.from_bytes(heard[2:4]), 4
    if len(heard) < head + 4 + length:
        return None
    mask, payload = heard[head : head + 4], heard[head + 4 : head + 4 + length]
    return heard[0] & 15, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)), heard[head + 4 + length :]
