"""What is too long, or made to be a burden, is refused by a real server before it is read, and costs the others nothing."""

import base64
import json
import os
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crosstalk import features
from crosstalk.core.operations import OPERATIONS, Operation, Route
from inputs import good_input
from people import Person
from raw import RawSocket
from rest import ask
from server import PAGE, Server

features.declare()

Serve = Callable[..., Server]
PATIENCE_S = 20.0
TICKS = os.sysconf("SC_CLK_TCK")
ROUTES: dict[str, tuple[Operation, Route]] = {
    f"{route.method} {route.path}": (one, route) for one in OPERATIONS.values() for route in one.routes if route.method != "GET"
}


@pytest.fixture(scope="module")
def server(serve_module: Serve) -> Server:
    return serve_module()


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return Person.guest(server, "Ann").token


def cpu_s(server: Server) -> float:
    """The CPU time of the process that serves."""
    fields = Path(f"/proc/{server.worker_pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Line:
    """A connection on which the test writes every byte."""

    def __init__(self, server: Server) -> None:
        self.raw = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
        self._unread = b""

    def send(self, data: bytes) -> None:
        try:
            self.raw.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # refused already: the answer is read next

    def head(self) -> tuple[int, dict[str, str]]:
        """The next answer's status and headers; its body stays."""
        while b"\r\n\r\n" not in self._unread:
            data = self.raw.recv(65_536)
            assert data, f"closed after {self._unread!r}"
            self._unread += data
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in fields}

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        status, headers = self.head()
        while len(self._unread) < int(headers["content-length"]):
            data = self.raw.recv(65_536)
            assert data, f"closed after {self._unread!r}"
            self._unread += data
        body, self._unread = self._unread[: int(headers["content-length"])], self._unread[int(headers["content-length"]) :]
        return status, headers, body

    def ends(self) -> bool:
        while True:
            try:
                if not self.raw.recv(65_536):
                    return True
            except ConnectionResetError:
                return True

    def close(self) -> None:
        self.raw.close()


def path_of(route: Route) -> str:
    path = route.full_path
    for name in route.path_fields:
        path = path.replace(f"{{{name}}}", "lobby")
    return path


def head(route: Route, token: str, *fields: str) -> bytes:
    lines = [
        f"{route.method} {path_of(route)} HTTP/1.1",
        "Host: localhost",
        f"Origin: {PAGE}",
        f"Authorization: Bearer {token}",
    ]
    return "\r\n".join([*lines, "Content-Type: application/json", *fields, "", ""]).encode()


def assert_too_large(line: Line) -> None:
    status, headers, body = line.answer()
    assert (status, json.loads(body)["code"]) == (413, "too_large"), body
    assert "body" in json.loads(body)["fields"]
    assert headers["access-control-allow-origin"] == PAGE, "a page can read why"


@pytest.mark.parametrize("name", ROUTES)
def test_a_body_that_says_that_it_is_too_long_is_refused_before_it_is_sent(server: Server, token: str, name: str) -> None:
    operation, route = ROUTES[name]
    for expect in ((), ("Expect: 100-continue",)):
        with closing(Line(server)) as line:
            line.send(head(route, token, f"Content-Length: {operation.body_bytes + 1}", *expect))
            assert_too_large(line)
            assert line.ends(), "what would follow is no request"


@pytest.mark.parametrize("name", ROUTES)
def test_a_body_in_chunks_is_refused_when_it_becomes_too_long(server: Server, token: str, name: str) -> None:
    operation, route = ROUTES[name]
    half = operation.body_bytes // 2
    with closing(Line(server)) as line:
        line.send(head(route, token, "Transfer-Encoding: chunked"))
        line.send(b"%x\r\n%s\r\n" % (half, b" " * half) * 2 + b"2\r\n{}\r\n")
        assert_too_large(line)


@pytest.mark.parametrize("name", ROUTES)
def test_a_body_of_the_largest_size_is_read(server: Server, token: str, name: str) -> None:
    operation, route = ROUTES[name]
    body = b'{"colour":1}'.rjust(operation.body_bytes)
    with closing(Line(server)) as line:
        line.send(head(route, token, f"Content-Length: {len(body)}") + body)
        status, _, answer = line.answer()
        assert status == 400, answer
        assert b"colour" in answer
        line.send(head(route, token, "Transfer-Encoding: chunked"))
        line.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        status, _, answer = line.answer()
        assert status == 400, answer
        assert b"colour" in answer


def test_a_client_that_waits_for_it_is_told_to_continue_and_then_answered(server: Server) -> None:
    body = json.dumps({"name": "Curl"}).encode()
    for framed in (f"Content-Length: {len(body)}", "Transfer-Encoding: chunked"):
        with closing(Line(server)) as line:
            route = ROUTES["POST /guests"][1]
            line.send(head(route, "", framed, "Expect: 100-continue"))
            assert line.head()[0] == 100, "at once, while nothing of the body has been sent"
            line.send(body if framed.startswith("Content") else b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            status, _, _ = line.answer()
            assert status == 201, "and that is the next answer: nothing is said twice"
            line.send(head(route, "", f"Content-Length: {len(body)}") + body)
            assert line.answer()[0] == 201, "the connection goes on"


@pytest.mark.parametrize(
    "framing",
    ["Content-Length: 5\r\nContent-Length: 6", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
     "Content-Length: -5", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"],
)  # fmt: skip
def test_framing_that_can_be_read_in_two_ways_is_refused_at_once(server: Server, framing: str) -> None:
    with closing(Line(server)) as line:
        line.send(f"POST /api/guests HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n".encode())
        assert line.head()[0] == 400
        assert line.ends()


# ── what made the server stand still ──

DEEP = b"[" * 2_000 + b'"' + b'\\"' * 50_000
MARKS = json.dumps({"name": "\u0300\u0327" * 32_000}, ensure_ascii=False).encode()
OPEN = sorted(name for name, (operation, _) in ROUTES.items() if not operation.needs_actor)


def chunks_of_a_byte(count: int) -> bytes:
    return b"1\r\na\r\n" * count


def is_served(server: Server) -> bool:
    return ask(server.port, "POST", "/api/guests", {"name": "Other"}).status == 201


@pytest.mark.parametrize("name", OPEN)
def test_text_that_is_a_burden_is_none_before_a_token(server: Server, name: str) -> None:
    operation, route = ROUTES[name]
    most = operation.body_bytes
    marks = json.dumps(dict.fromkeys(good_input(operation), "a" + "̧̀" * (most // 5)), ensure_ascii=False)
    bodies: list[Any] = [
        DEEP,
        MARKS,
        DEEP[:most],
        DEEP[2_000 - most // 2 :][:most],
        marks.encode()[:most],
        b"[" * most,
        b'{"a":' * (most // 5),
    ]
    bodies += [b'"' + b'\\"' * (most // 2 - 1), b"9" * most, b"{" + b",".join(b'"%d":1' % n for n in range(most // 9)) + b"}"]
    began = cpu_s(server)
    for body in bodies:
        with closing(Line(server)) as line:
            line.send(head(route, "", f"Content-Length: {len(body)}") + body)
            assert line.answer()[0] in (400, 413)
    assert is_served(server)
    assert cpu_s(server) - began < 1.0


def test_chunks_of_one_byte_cost_nobody_a_thread(server: Server) -> None:
    began = cpu_s(server)
    for count in (2_000, 50_000, 600_000):
        with closing(Line(server)) as line:
            line.send(head(ROUTES["POST /guests"][1], "", "Transfer-Encoding: chunked"))
            line.send(chunks_of_a_byte(count) + b"0\r\n\r\n")
            assert line.head()[0] == 400
    assert is_served(server)
    assert cpu_s(server) - began < 2.0


@pytest.mark.parametrize(
    "field", ["Cookie: a=", "Authorization: Bearer ", "Origin: http://", "X-Forwarded-For: 1,", "Content-Type: "]
)
def test_long_headers_are_refused_or_ignored(server: Server, field: str) -> None:
    began = cpu_s(server)
    for size in (4_000, 30_000, 300_000):
        with closing(Line(server)) as line:
            line.send(
                f"POST /api/rooms HTTP/1.1\r\nHost: localhost\r\n{field}{'a' * size}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
            )
            assert line.head()[0] in (400, 401, 403, 431)
    assert is_served(server)
    assert cpu_s(server) - began < 1.0


@pytest.mark.parametrize(
    "text", ["[" * 3_000, '{"alg":' * 400, '"' + '\\"' * 1_400, "9" * 3_000, '{"alg":"HS256","x":' + "[" * 2_900]
)
def test_a_token_that_is_a_burden_is_no_token(server: Server, text: str) -> None:
    forged = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") + ".e30.e30"
    assert len(forged) < 4_096
    assert ask(server.port, "GET", "/api/me", token=forged).code == "unauthenticated"
    raw = RawSocket(server).open()
    raw.send("40/chat," + json.dumps({"token": forged}))
    assert '"unauthenticated"' in raw.until("44/chat,")
    raw.close()


def test_a_refusal_is_not_larger_than_what_it_refuses(server: Server, token: str) -> None:
    body = {f"{number:04}": 1 for number in range(1_000)}
    answer = ask(server.port, "POST", "/api/rooms", body, token=token)
    assert answer.status == 400
    assert len(answer.raw) < 1_500
    assert "more" in answer.body["detail"]


def test_what_is_refused_on_its_size_is_counted(server: Server) -> None:
    def count() -> float:
        lines = ask(server.port, "GET", "/metrics").raw.decode().splitlines()
        [line] = [one for one in lines if one.startswith("crosstalk_bodies_refused_total")]
        return float(line.split()[1])

    before = count()
    assert ask(server.port, "POST", "/api/guests", {"name": "x" * 10_000}).code == "too_large"
    assert count() == before + 1


def test_a_query_is_bounded(server: Server, token: str) -> None:
    for query in ("x=" + "a" * 3_000, "&a=b" * 700, "after=" + "9" * 3_000):
        answer = ask(server.port, "GET", f"/api/rooms/lobby/changes?{query}", token=token)
        assert (answer.status, answer.code) == (400, "invalid")
    for query in ("&a=b" * 100, "sid=" + "a" * 3_900):
        answer = ask(server.port, "GET", f"/socket.io/?EIO=4&transport=polling&{query}")
        assert answer.status in (400, 414)
