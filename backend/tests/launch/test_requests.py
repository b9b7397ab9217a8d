"""Whoever asks, and does not let go of the thread that answers, holds up nobody else."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from server import Server

Serve = Callable[..., Server]
PATIENCE_S = 10.0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bodies_that_do_not_come_keep_a_few_threads_and_the_rest_is_served(serve: Serve, method: str) -> None:
    server = serve()
    with ExitStack() as held:
        for _ in range(3):
            slow = held.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S))
            slow.sendall(f"{method} /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n".encode())
        for _ in range(20):
            quick = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
            quick.request("GET", "/healthz")
            assert quick.getresponse().status == 200
            quick.close()


def test_a_request_in_pieces_is_answered_when_it_is_whole(serve: Serve) -> None:
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as line:
        for piece in (b"GE", b"T /healthz HTTP/1.1\r\nHo", b"st: localhost\r\n", b"\r\nGET /healthz HTTP/1.1\r\n"):
            line.sendall(piece)
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
        line.sendall(b"Host: localhost\r\nConnection: close\r\n\r\n")
        rest = b""
        while data := line.recv(4096):
            rest += data
        assert b"HTTP/1.1 200 " in rest, "the one behind it is answered too"
