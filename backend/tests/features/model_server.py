"""A stand-in for a language model, over the real protocol: Chat Completions as server-sent events on HTTP."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Reply"], None]


class Reply:
    """What a script does with one request."""

    def __init__(self, handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        self._handler = handler
        self.request = request
        self.hung_up = threading.Event()

    def begin(self, kind: str = "text/event-stream", **more: str) -> None:
        """The head of an answer; more headers by their names, with `_` for `-`."""
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", kind)
        self._handler.send_header("Transfer-Encoding", "chunked")
        for name, value in more.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()

    def send(self, raw: str) -> None:
        self.send_bytes(raw.encode())

    def send_bytes(self, data: bytes) -> None:
        try:
            self._handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self._handler.wfile.flush()
        except OSError:
            self.hung_up.set()

    def send_raw(self, data: bytes) -> None:
        """Bytes on the connection, outside of the framing of chunks."""
        try:
            self._handler.wfile.write(data)
            self._handler.wfile.flush()
        except OSError:
            self.hung_up.set()

    def text(self, content: str, finish: str | None = None) -> None:
        self._chunk({"content": content}, finish)

    def delta(self, **delta: Any) -> None:
        """A chunk with whatever stands in its `delta`."""
        self._chunk(delta, None)

    def _chunk(self, delta: dict[str, Any], finish: str | None) -> None:
        chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        self.send(f"data: {json.dumps(chunk)}\n\n")

    def end(self) -> None:
        self.text("", "stop")
        self.send("data: [DONE]\n\n")
        self.send_end()

    def send_end(self) -> None:
        """The end of the body, whether or not the protocol's own end came before."""
        try:
            self._handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.hung_up.set()

    def refuse(self, status: int, body: Any, kind: str = "text/plain") -> None:
        """An answer in one piece."""
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", kind)
        self._handler.send_header("Content-Length", str(len(raw)))
        self._handler.end_headers()
        self._handler.wfile.write(raw)

    def cut(self) -> None:
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def wait_for_the_hang_up(self, seconds: float) -> bool:
        """Whether the client ends the connection within the time."""
        self._handler.connection.settimeout(seconds)
        try:
            hung_up = self._handler.connection.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            hung_up = True
        if hung_up:
            self.hung_up.set()
        return hung_up


class ModelServer:
    """Answers each request by the script that is set."""

    def __init__(self) -> None:
        self.script: Script = lambda reply: reply.refuse(500, "no script")
        self.replies: list[Reply] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reply = Reply(self, {"path": self.path, "authorization": self.headers.get("Authorization"), **body})
                with outer._lock:
                    outer.replies.append(reply)
                outer.script(reply)
                self.close_connection = True

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def requests(self) -> list[dict[str, Any]]:
        with self._lock:
            return [reply.request for reply in self.replies]

    @contextmanager
    def serving(self) -> Iterator["ModelServer"]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
