"""Whoever asks, and does not let go of the thread that answers, holds up nobody else."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from rest import ask
from server import Server

Serve = Callable[..., Server]
PATIENCE_S = 10.0


@pytest.fixture(scope="module")
def server(serve_module: Serve) -> Server:
    return serve_module()


def dial(server: Server, buffer: int | None = None) -> socket.socket:
    line = socket.socket()
    line.settimeout(PATIENCE_S)
    if buffer is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    line.connect(("127.0.0.1", server.port))
    return line


def said(line: socket.socket) -> bytes:
    """All that the server says until it hangs up."""
    answer = b""
    while data := line.recv(65_536):
        answer += data
    return answer


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("of_body", ["Content-Length: 100000", "Content-Length: 4000000", "Transfer-Encoding: chunked"])
def test_bodies_that_do_not_come_keep_no_thread(server: Server, method: str, of_body: str) -> None:
    with ExitStack() as held:
        for _ in range(20):
            slow = held.enter_context(dial(server))
            slow.sendall(f"{method} /api/guests HTTP/1.1\r\nHost: localhost\r\n{of_body}\r\n\r\n".encode())
        for _ in range(20):
            assert ask(server.port, "GET", "/healthz").status == 200
            assert ask(server.port, "POST", "/api/guests", {"name": "Quick"}).status == 201


def test_answers_that_are_not_taken_keep_their_threads_for_ten_seconds_at_most(server: Server) -> None:
    guest = ask(server.port, "POST", "/api/guests", {"name": "Ann"}).body
    token = guest["access_token"]
    room = ask(server.port, "POST", "/api/rooms", {"name": "long", "kind": "public"}, token=token).body["id"]
    for number in range(200):
        body = {"client_id": f"long-{number}", "text": "漢" * 8_000}  # together more than the kernel takes
        assert ask(server.port, "POST", f"/api/rooms/{room}/messages", body, token=token).status == 201
    request = f"GET /api/rooms/{room}/messages?limit=200 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    with ExitStack() as held:
        for _ in range(12):
            held.enter_context(dial(server, buffer=4_096)).sendall(request.encode())
        assert ask(server.port, "GET", "/api/me", token=token).status == 200
    assert "Traceback" not in server.errors()


def test_a_long_body_in_pieces_is_taken_when_it_is_whole(server: Server) -> None:
    body = b'{"event":"slow","data":' + b" " * 300_000 + b"1}"
    with dial(server) as line:
        line.sendall(b"POST /wirecheck/emit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        line.sendall(b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body))
        for start in range(0, len(body), 50_000):
            time.sleep(0.05)
            line.sendall(body[start : start + 50_000])
        assert said(line).startswith(b"HTTP/1.1 202 ")


CHUNKED = {
    "one chunk": (b'F\r\n{"name":"Slow"}\r\n0\r\n\r\n', 201),
    "many chunks": (b'8\r\n{"name":\r\n7;a=b\r\n"Slow"}\r\n0\r\n\r\n', 201),
    "trailers": (b'f\r\n{"name":"Slow"}\r\n0\r\nX-After: 1\r\n\r\n', 201),
    "an end inside a chunk": (b'e\r\n{"name":0\r\n\r\n}\r\n0\r\n\r\n', 400),
    "no chunk": (b"x\r\n\r\n", 400),
    "a chunk without an end": (b"f" * 300, 400),
    "a broken end of a chunk": (b'f\r\n{"name":"Slow"}0\r\n\r\n0\r\n\r\n', 400),
}


@pytest.mark.parametrize("case", CHUNKED)
def test_a_body_in_chunks_is_taken_when_it_is_whole(server: Server, case: str) -> None:
    body, status = CHUNKED[case]
    with dial(server) as line:
        line.sendall(b"POST /api/guests HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        line.sendall(b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        step = max(7, len(body) // 10)
        for start in range(0, len(body), step):
            line.sendall(body[start : start + step])
            time.sleep(0.01)
        assert said(line).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("begun", [b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /api/gu", b"1", b"\r\n", b"P"])
def test_what_is_no_whole_request_keeps_no_thread(server: Server, begun: bytes) -> None:
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(dial(server)).sendall(begun)
        for _ in range(5):
            assert ask(server.port, "GET", "/healthz").status == 200
            assert ask(server.port, "POST", "/api/guests", {"name": "Quick"}).status == 201


def test_requests_in_a_row_are_answered_in_their_order(server: Server) -> None:
    row = b"".join(b"GET /api/nowhere-%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(5))
    with dial(server) as line:
        line.sendall(b"\r\n" + row + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConn")
        line.sendall(b"ection: close\r\n\r\n")
        answer = said(line)
    assert answer.count(b"HTTP/1.1 404 ") == 5
    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert answer.rindex(b"HTTP/1.1 404 ") < answer.index(b"HTTP/1.1 200 ")


def test_a_request_in_pieces_is_answered_when_it_is_whole(server: Server) -> None:
    with dial(server) as line:
        for piece in (b"GE", b"T /healthz HTTP/1.1\r\nHo", b"st: localhost\r\n", b"\r\nGET /healthz HTTP/1.1\r\n"):
            line.sendall(piece)
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
        line.sendall(b"Host: localhost\r\nConnection: close\r\n\r\n")
        assert b"HTTP/1.1 200 " in said(line), "the one behind it is answered too"
