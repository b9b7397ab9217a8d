"""Engine.IO 4 over long polling: the handshake, the payloads, the heartbeat and the end."""

import json
import time
from http.client import HTTPConnection
from typing import Any

import pytest

from raw import SEPARATOR, RawPolling
from rest import ask
from server import PAGE, until
from transport.frame_cases import MOST_BYTES
from transport.paths import Running

OPEN = "/socket.io/?EIO=4&transport=polling"


def polling(server: Running, **headers: str) -> RawPolling:
    return RawPolling(server, **headers)  # type: ignore[arg-type]


def entered(server: Running) -> RawPolling:
    line = polling(server)
    assert line.post("40").status == 200
    line.until('42["my response"')
    return line


# ── the handshake ──


def test_the_handshake_is_an_open_packet(server: Running) -> None:
    answer = ask(server.port, "GET", OPEN)
    assert answer.status == 200
    assert answer.headers["content-type"].replace(" ", "").lower() == "text/plain;charset=utf-8"
    first, *_ = answer.raw.decode().split(SEPARATOR)
    assert first[0] == "0"
    opening = json.loads(first[1:])
    assert set(opening) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert isinstance(opening["sid"], str)
    assert len(opening["sid"]) >= 20, "it is a credential"
    assert opening["upgrades"] == ["websocket"]
    assert (opening["pingInterval"], opening["pingTimeout"]) == (1000, 1500)
    assert opening["maxPayload"] == MOST_BYTES


def test_every_session_has_an_id_of_its_own(server: Running) -> None:
    assert len({polling(server).opening["sid"] for _ in range(10)}) == 10


@pytest.mark.parametrize(
    "query",
    ["transport=polling", "EIO=abc&transport=polling", "EIO=3&transport=polling", "EIO=5&transport=polling", "EIO=4", "EIO=4&transport=abc",
     "EIO=4&transport=", "EIO=&transport=polling", "", "EIO=4&transport=polling&sid=nosuchsession", "EIO=4&EIO=4&transport=abc"],
)  # fmt: skip
def test_a_handshake_that_is_none_is_refused(server: Running, query: str) -> None:
    assert ask(server.port, "GET", f"/socket.io/?{query}").status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_session_is_opened_by_get_alone(server: Running, method: str) -> None:
    assert ask(server.port, method, OPEN, raw=b"").status == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_session_knows_get_and_post_alone(server: Running, method: str) -> None:
    line = polling(server)
    assert ask(server.port, method, line._path, raw=b"").status == 400
    assert line.post("40").status == 200, "and stays"


def test_a_browser_may_ask_first(server: Running) -> None:
    asked = [("Origin", PAGE), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type")]
    answer = ask(server.port, "OPTIONS", OPEN, headers=asked)
    assert answer.status in (200, 204)
    assert answer.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("number", ["0", "1", "x"])
def test_jsonp_is_refused(server: Running, number: str) -> None:
    assert ask(server.port, "GET", f"{OPEN}&j={number}").status == 400
    line = polling(server)
    assert ask(server.port, "GET", f"{line._path}&j={number}").status == 400
    assert ask(server.port, "POST", f"{line._path}&j={number}", raw=b"d=40").status == 400


# ── messages ──


def test_a_post_is_answered_ok(server: Running) -> None:
    answer = polling(server).post("40")
    assert (answer.status, answer.raw) == (200, b"ok")


def test_many_packets_in_one_request_are_taken_in_order(server: Running) -> None:
    line = entered(server)
    line.post(SEPARATOR.join(f'42["my event",{number}]' for number in range(20)))
    heard: list[str] = []
    while len(heard) < 20:
        heard += line.packets()
    assert [one for one in heard if one.startswith("42")] == [f'42["my response",{number}]' for number in range(20)]


@pytest.mark.parametrize(("headers", "sizes"), [({}, [16, 16, 8]), ({"Sec-Fetch-Mode": "cors"}, [40])])
def test_a_browser_gets_in_one_answer_what_the_python_client_would_drop(
    server: Running, headers: dict[str, str], sizes: list[int]
) -> None:
    line = polling(server, **headers)
    line.post("40")
    line.until('42["my response"')
    line.post(SEPARATOR.join(f'42{number}["my event",{number}]' for number in range(20)))
    assert [len(line.packets()) for _ in sizes] == sizes, "an event and an ack for each"


def test_text_beyond_ascii_goes_both_ways(server: Running) -> None:
    line = entered(server)
    line.post('42["my event","κόσμε 😀 ß"]')
    assert json.loads(line.until("42")[2:]) == ["my response", "κόσμε 😀 ß"]


def test_binary_goes_both_ways_as_base64(server: Running) -> None:
    line = entered(server)
    line.post(SEPARATOR.join(['451-["my event",{"_placeholder":true,"num":0}]', "bAAEC/w=="]))
    assert line.until("451-") == '451-["my response",{"_placeholder":true,"num":0}]'
    assert line.until("b") == "bAAEC/w=="


def test_a_poll_waits_for_what_comes(server: Running) -> None:
    line, other = entered(server), entered(server)
    waiting = line.begin_poll()
    other.post('42["broadcast","hello"]')
    assert waiting.getresponse().read().decode() == '42["my response","hello"]'


def test_a_packet_may_be_as_large_as_is_told(server: Running) -> None:
    line = entered(server)
    text = "x" * 400_000
    line.post(f'42["my event","{text}"]')
    assert line.until("42") == f'42["my response","{text}"]'


# ── what is wrong ──


BROKEN = {
    "no packet": b"abc",
    "nothing": b"",
    "a separator alone": b"\x1e",
    "an empty packet behind a good one": b"41/nowhere,\x1e",
    "no UTF-8": b"4\xff\xfe",
    "a packet type that there is not": b"7",
    "a letter": b"x",
    "the old form with lengths": b"4:4abc",
    "the old form of a form": b"d=4hello",
    "an open packet": b"0{}",
    "base64 that is none": b"b!!!!",
    "base64 that is cut": b"bAAE",
    "a Socket.IO packet that is none": b"4abc",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_body_that_is_no_payload_ends_the_session(server: Running, broken: str) -> None:
    line = entered(server)
    answer = ask(server.port, "POST", line._path, raw=BROKEN[broken], headers=[("Content-Type", "text/plain;charset=UTF-8")])
    assert answer.status == 400
    until("the session is gone", lambda: line.post("3").status == 400, 5)
    assert ask(server.port, "GET", line._path).status == 400


@pytest.mark.parametrize("length", ["-5", "abc", "+3", "1_0", "0x10"])
def test_a_length_that_is_none_is_refused(server: Running, length: str) -> None:
    line = entered(server)
    with HTTPConnectionOf(server) as connection:
        connection.putrequest("POST", line._path)
        connection.putheader("Content-Type", "text/plain;charset=UTF-8")
        connection.putheader("Content-Length", length)
        connection.endheaders()
        assert connection.getresponse().status == 400


class HTTPConnectionOf:
    def __init__(self, server: Running) -> None:
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=10)

    def __enter__(self) -> HTTPConnection:
        return self._connection

    def __exit__(self, *_: Any) -> None:
        self._connection.close()


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_body_may_come_in_chunks_without_a_length(server: Running, size: int) -> None:
    line = entered(server)
    body = '42["my event","κόσμε"]'.encode()
    answer = chunked(server, line._path, [body[start : start + size] for start in range(0, len(body), size)])
    assert (answer.status, answer.read()) == (200, b"ok")
    assert json.loads(line.until("42")[2:]) == ["my response", "κόσμε"]


def test_chunks_beyond_the_limit_are_refused(server: Running) -> None:
    line = entered(server)
    try:
        status = chunked(server, line._path, [b"x" * 65_536] * 48).status
    except (BrokenPipeError, ConnectionResetError):
        return  # refused before all of it was sent
    assert status == 413
    until("the session is gone", lambda: line.post("3").status == 400, 5)


def chunked(server: Running, path: str, chunks: list[bytes]) -> Any:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", path, iter(chunks), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    return connection.getresponse()


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(server: Running) -> None:
    line = entered(server)
    with HTTPConnectionOf(server) as connection:
        connection.putrequest("POST", line._path)
        connection.putheader("Content-Length", str(3 * 1_048_576))
        connection.endheaders()
        assert connection.getresponse().status in (400, 413)
    assert line.post("3").status in (200, 400), "and it was no fault of the server"


def test_two_polls_at_once_end_the_session(server: Running) -> None:
    line = entered(server)
    first = line.begin_poll()
    second = line.poll()
    assert second.status == 400
    first.getresponse().read()
    until("the session is gone", lambda: line.post("3").status == 400, 5)


# ── the heartbeat ──


def test_the_server_pings_and_a_pong_keeps_the_session(server: Running) -> None:
    line = polling(server)
    for _ in range(3):
        begun = time.monotonic()
        assert line.packets() == ["2"]
        assert time.monotonic() - begun < 2.4
        assert line.post("3").status == 200


def test_a_session_without_a_pong_is_over(server: Running) -> None:
    line = polling(server)
    assert line.packets() == ["2"]
    until("the session is gone", lambda: ask(server.port, "POST", line._path, raw=b"40").status == 400, 6)


# ── the end ──


def test_a_close_ends_the_session_and_the_poll_that_waits(server: Running) -> None:
    line = polling(server)
    waiting = line.begin_poll()
    assert line.post("1").status == 200
    answer = waiting.getresponse()
    assert (answer.status, answer.read()) == (200, b"6"), "the poll that waited is answered with a NOOP"
    assert line.poll().status == 400
    assert line.post("3").status == 400


def test_a_poll_that_crosses_the_close_is_answered_with_a_noop(server: Running) -> None:
    """A client may send both at once, on two connections."""
    line = polling(server)
    assert line.post("1").status == 200
    assert line.poll().raw == b"6"
    assert line.poll().status == 400


def test_what_stands_behind_a_close_is_not_done(server: Running) -> None:
    line, witness = entered(server), entered(server)
    line.post(SEPARATOR.join(["1", '42["broadcast","from the grave"]']))
    witness.post('421["my event","alive"]')
    assert "from the grave" not in str(witness.packets())


def test_a_server_that_disconnects_says_so_and_ends_the_session(server: Running) -> None:
    line = entered(server)
    line.post('42["disconnect_me"]')
    assert line.until("41") == "41"
    until("the session is gone", lambda: line.post("3").status == 400, 5)
