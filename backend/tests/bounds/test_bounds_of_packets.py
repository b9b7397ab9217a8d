"""A live connection: what may be sent before a namespace is entered, and how much each command takes, on both transports."""

import json
from contextlib import suppress
from http.client import HTTPConnection

import pytest

from conftest import Meet
from crosstalk import features
from crosstalk.core.operations import BODY_BYTES, OPERATIONS
from fastlane.bounds import EARLY_BYTES
from fastlane.frames import MOST_FRAGMENTS
from people import Person
from raw import RawPolling, RawSocket
from rest import ask
from server import Server
from transport.conftest import Dial, dial  # noqa: F401
from transport.frames import CONTINUATION, PING, TEXT, frame

features.declare()

COMMANDS = {one.command: one for one in OPERATIONS.values() if one.command}
BAD_PACKET = 4400
TOO_BIG = 1009
ECHO = '42/chat,ID["session:resume",{"epoch":"e","rooms":{}}]'


def metric(server: Server, name: str) -> float:
    lines = ask(server.port, "GET", "/metrics").raw.decode().splitlines()
    return sum(float(one.rpartition(" ")[2]) for one in lines if one.startswith(name))


@pytest.fixture
def raw(server: Server, cleo: Person) -> RawSocket:
    return RawSocket(server).enter(cleo.token)


# ── before a namespace ──


@pytest.mark.parametrize("kind", [TEXT, 2])
def test_a_frame_is_refused_on_its_length_while_the_client_is_in_no_namespace(server: Server, dial: Dial, kind: int) -> None:  # noqa: F811
    wire = dial(server).open()
    wire.write(frame(kind, b"4", declared=EARLY_BYTES + 1))
    assert wire.ending(5) == TOO_BIG, "though nothing of it has been sent"


def test_fragments_are_refused_when_they_become_too_long(server: Server, dial: Dial) -> None:  # noqa: F811
    wire = dial(server).open()
    wire.write(frame(TEXT, b"4" * 5_000, fin=False) + frame(CONTINUATION, b"4", fin=False, declared=5_000))
    assert wire.ending(5) == TOO_BIG


def test_a_polling_request_is_refused_on_its_length_while_the_client_is_in_no_namespace(server: Server) -> None:
    line = RawPolling(server)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("POST", line._path)
    connection.putheader("Content-Length", str(EARLY_BYTES + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert line.post("40/chat,{}").status == 400, "and that was the end of the session"


def test_a_connect_of_the_largest_size_is_read_on_both_transports(server: Server, cleo: Person) -> None:
    auth = json.dumps({"token": cleo.token, "more": "x"})
    room = EARLY_BYTES - len("40/chat,") - len(auth)
    auth = json.dumps({"token": cleo.token, "more": "x" * (room + 1)})
    websocket = RawSocket(server).open()
    websocket.send("40/chat," + auth)
    websocket.until('40/chat,{"sid"')
    polling = RawPolling(server)
    assert polling.post("40/chat," + auth).status == 200
    polling.until('40/chat,{"sid"')


def test_after_it_has_left_its_last_namespace_a_client_has_the_small_bound_again(server: Server, dial: Dial) -> None:  # noqa: F811
    wire = dial(server).enter()
    wire.write(frame(TEXT, '42["my event","' + "x" * 20_000 + '"]'))
    wire.until('42["my response"')
    wire.say("40/test,")
    wire.until("40/test,")
    wire.say("41", "41/test,", "40/nowhere,")
    wire.until("44/nowhere,")
    wire.write(frame(TEXT, b"4", declared=EARLY_BYTES + 1))
    assert wire.ending(5) == TOO_BIG


def test_a_long_connect_to_a_further_namespace_is_refused_unread(server: Server, raw: RawSocket) -> None:
    raw.send('40/test,{"x":"' + "x" * EARLY_BYTES + '"}')
    refused = json.loads(raw.until("44/test,").removeprefix("44/test,"))
    assert refused["message"] == "too_large"
    assert refused["data"]["code"] == "too_large"
    assert raw.ack_of(ECHO)["ok"] is True


# ── commands ──


def padded(command: str, size: int) -> str:
    """Arguments of so many bytes, that a parser would find unknown fields in."""
    arguments = ',{"colour":1}]'
    return f'["{command}"' + " " * (size - len(arguments)) + arguments


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_takes_what_it_says_and_no_byte_more(server: Server, raw: RawSocket, command: str) -> None:
    most = COMMANDS[command].body_bytes
    read = raw.ack_of("42/chat,ID" + padded(command, most))
    assert (read["error"]["code"], "colour" in read["error"]["fields"]) == ("invalid", True)
    refused = raw.ack_of("42/chat,ID" + padded(command, most + 1))
    assert refused["error"]["code"] == "too_large"
    assert f"{most:,}" in refused["error"]["fields"]["body"]
    assert raw.ack_of(ECHO)["ok"] is True


def test_the_bounds_are_announced(server: Server, raw: RawSocket) -> None:
    ready = json.loads(next(one for one in raw.frames if isinstance(one, str) and "session:ready" in one)[8:])[1]
    assert ready["limits"]["command_bytes"] == {name: one.body_bytes for name, one in COMMANDS.items()}
    assert max(ready["limits"]["command_bytes"].values()) < ready["limits"]["packet_bytes"] == raw.opening["maxPayload"]


@pytest.mark.parametrize(
    "content",
    ['["message\\u003asend",{"a":"%s"}]', '["no:such",{"a":"%s"}]', '["%s"]', "[%s", '{"a":"%s"}', '"%s"', '[ \n "%s', "[[[%s]]]"],
)  # fmt: skip
def test_what_names_no_command_plainly_has_the_usual_bound(server: Server, raw: RawSocket, content: str) -> None:
    long = content % ("x" * BODY_BYTES)
    assert raw.ack_of("42/chat,ID" + long)["error"]["code"] == "too_large", "whether it is JSON or not: it is not read"
    assert raw.ack_of(ECHO)["ok"] is True


def test_what_is_too_long_and_asks_for_no_ack_is_dropped_and_counted(server: Server, raw: RawSocket) -> None:
    dropped, unread = (
        metric(server, "crosstalk_dropped_total"),
        metric(server, 'crosstalk_unread_packets_total{reason="too_large"}'),
    )
    raw.send("42/chat," + padded("room:join", BODY_BYTES + 1))
    raw.send("43/chat,5[" + "1," * BODY_BYTES + "1]")
    assert raw.ack_of(ECHO)["ok"] is True
    assert metric(server, "crosstalk_dropped_total") >= dropped + 2
    assert metric(server, 'crosstalk_unread_packets_total{reason="too_large"}') >= unread + 2


def test_attachments_count_and_are_thrown_away(server: Server, raw: RawSocket) -> None:
    place = '{"_placeholder":true,"num":%d}'
    raw.send(f'453-/chat,900["room:join",{place % 0},{place % 1},{place % 2}]')
    for _ in range(3):
        raw.send(b"x" * 10_000)
    answer = json.loads(raw.until("43/chat,900").removeprefix("43/chat,900"))[0]
    assert answer["error"]["code"] == "too_large"
    raw.send(f'451-/chat,901["{"x" * BODY_BYTES}",{place % 0}]')
    raw.send(b"x")
    answer = json.loads(raw.until("43/chat,901").removeprefix("43/chat,901"))[0]
    assert answer["error"]["code"] == "too_large", "of a packet that is not read as well"
    assert raw.ack_of(ECHO)["ok"] is True
    raw.send(b"x")
    assert raw.close_code(5) == BAD_PACKET, "none is waited for any more"


def test_a_namespace_has_a_bounded_name(server: Server, raw: RawSocket) -> None:
    raw.send("40/" + "x" * 200 + ",")
    raw.until("44/xxx")
    raw.send("40/" + "x" * 2_000 + ",")
    assert raw.close_code(5) == BAD_PACKET


def test_the_same_on_polling(server: Server, meet: Meet) -> None:
    polling = RawPolling(server).enter(meet(server, "Dan", live=False).token)
    assert polling.post("42/chat,1" + padded("room:join", BODY_BYTES + 1)).status == 200
    assert '"too_large"' in polling.until("43/chat,1")
    assert polling.post("42/chat,2" + padded("message:send", BODY_BYTES + 1)).status == 200
    assert '"colour"' in polling.until("43/chat,2")


# ── floods of what is no message ──


@pytest.mark.parametrize("piece", [frame(PING), frame(PING, b"x" * 125)])
def test_pings_are_counted_as_packets_are(serve, dial: Dial, piece: bytes) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    limited = serve(rate_limits="on")
    wire = dial(limited).enter()
    with suppress(OSError):
        wire.raw.sendall(piece * 3_000)
    assert wire.ends_at_tcp(10)
    assert metric(limited, 'crosstalk_cuts_total{reason="flood"}') == 1


def test_bytes_are_counted_as_packets_are(serve, dial: Dial) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    limited = serve(rate_limits="on")
    wire = dial(limited).enter()
    with suppress(OSError):
        for _ in range(20):
            wire.raw.sendall(frame(TEXT, b'42["my event","' + b"x" * 400_000 + b'"]'))
    assert wire.ends_at_tcp(10)
    assert metric(limited, 'crosstalk_cuts_total{reason="flood"}') == 1


def test_a_message_of_empty_fragments_ends(server: Server, dial: Dial) -> None:  # noqa: F811
    wire = dial(server).enter()
    wire.write(frame(TEXT, b"4", fin=False) + frame(CONTINUATION, b"", fin=False) * (MOST_FRAGMENTS + 1))
    assert wire.ending(5) == TOO_BIG
