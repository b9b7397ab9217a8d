"""The opening handshake by RFC 6455, section 4: what becomes a WebSocket and what does not."""

import base64
import hashlib

import pytest

from server import PAGE
from transport.conftest import Dial
from transport.paths import Running
from transport.wire import ACCEPT, TARGET, Refused, Wire, handshake

GOOD: dict[str, dict[str, str | None]] = {
    "as browsers send it": {"origin": PAGE},
    "without an origin": {},
    "Upgrade in capitals": {"upgrade": "WebSocket"},
    "connection in small letters": {"connection": "upgrade"},
    "connection among others": {"connection": "keep-alive, Upgrade"},
    "an offer of compression": {"sec_websocket_extensions": "permessage-deflate; client_max_window_bits"},
    "an offer of compression without context": {
        "sec_websocket_extensions": "permessage-deflate; client_no_context_takeover; server_no_context_takeover"
    },
    "an offer of compression of old": {"sec_websocket_extensions": "x-webkit-deflate-frame"},
    "many offers": {"sec_websocket_extensions": "permessage-bzip2, permessage-deflate; server_max_window_bits=10, permessage-deflate"},
    "a cookie beyond ASCII": {"cookie": "name=\xe4\xf6"},
    "an offer that is no offer": {"sec_websocket_extensions": ";;,=,permessage-deflate"},
}  # fmt: skip

BAD: dict[str, dict[str, str | None]] = {
    "version 8": {"sec_websocket_version": "8"},
    "version 0": {"sec_websocket_version": "0"},
    "version 14": {"sec_websocket_version": "14"},
    "no version": {"sec_websocket_version": None},
    "a version that is no number": {"sec_websocket_version": "x"},
    "no key": {"sec_websocket_key": None},
    "an empty key": {"sec_websocket_key": ""},
    "a key that is no base64": {"sec_websocket_key": "§§§§§§§§§§§§§§§§§§§§§§=="},
    "a short key": {"sec_websocket_key": base64.b64encode(bytes(15)).decode()},
    "a long key": {"sec_websocket_key": base64.b64encode(bytes(17)).decode()},
    "no host": {"host": None},
    "no upgrade": {"upgrade": None},
    "another upgrade": {"upgrade": "h2c"},
    "no connection": {"connection": None},
    "another connection": {"connection": "keep-alive"},
}


@pytest.mark.parametrize("how", GOOD)
def test_a_good_handshake_is_answered_by_the_rules(server: Running, dial: Dial, how: str) -> None:
    wire = dial(server, **GOOD[how])
    assert wire.headers["upgrade"].lower() == "websocket"
    assert wire.headers["connection"].lower() == "upgrade"
    assert wire.headers["sec-websocket-accept"] == ACCEPT
    assert "sec-websocket-extensions" not in wire.headers, "compression is never accepted"
    assert "sec-websocket-protocol" not in wire.headers
    assert "content-length" not in wire.headers
    assert "transfer-encoding" not in wire.headers
    assert wire.open().connect().is_whole()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("chat", "chat"), ("chat, superchat", "chat"), (" v1.crosstalk ,chat", "v1.crosstalk"), ("not a token, chat", "chat"),
     ("a@b, x/y", None), (",,", None), ("", None), ("\xe4, ok", "ok")],
)  # fmt: skip
def test_the_first_subprotocol_that_is_a_token_is_accepted(
    server: Running, dial: Dial, offered: str, chosen: str | None
) -> None:
    """Clients that offer some break off when none is chosen."""
    wire = dial(server, sec_websocket_protocol=offered)
    assert wire.headers.get("sec-websocket-protocol") == chosen
    assert wire.open().connect().is_whole()


def test_the_answer_belongs_to_the_key(server: Running, dial: Dial) -> None:
    for number in range(5):
        key = base64.b64encode(bytes([number * 50]) * 16)
        wanted = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        assert dial(server, sec_websocket_key=key.decode()).headers["sec-websocket-accept"] == wanted


@pytest.mark.parametrize("how", BAD)
def test_a_bad_handshake_is_no_websocket(server: Running, dial: Dial, how: str) -> None:
    with pytest.raises(Refused) as refused:
        dial(server, **BAD[how])
    assert refused.value.status in (400, 426)
    if refused.value.status == 426:
        assert refused.value.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "DELETE", "PATCH", "TRACE"])
def test_a_websocket_is_opened_by_get_alone(server: Running, method: str) -> None:
    with pytest.raises(Refused) as refused:
        Wire(server.port, request=handshake(server.port).replace(b"GET", method.encode(), 1))
    assert refused.value.status in (400, 405, 501)


def test_two_keys_are_no_key(server: Running) -> None:
    twice = handshake(server.port).replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    with pytest.raises(Refused) as refused:
        Wire(server.port, request=twice)
    assert refused.value.status == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://localhost:5174"])
def test_another_origin_gets_no_101(server: Running, dial: Dial, origin: str) -> None:
    with pytest.raises(Refused) as refused:
        dial(server, origin=origin)
    assert refused.value.status in (400, 403)


@pytest.mark.parametrize("size", [1, 7, 60])
def test_a_handshake_may_come_in_slices(server: Running, size: int) -> None:
    request = handshake(server.port)
    wire = Wire(server.port, request=request[:size]) if size == len(request) else _in_slices(server.port, request, size)
    assert wire.open().connect().is_whole()
    wire.close()


def _in_slices(port: int, request: bytes, size: int) -> Wire:
    class Sliced(Wire):
        def _head(self) -> tuple[int, dict[str, str]]:
            self.crumbs(request[size:], size)
            return super()._head()

    return Sliced(port, request=request[:size])


@pytest.mark.parametrize(
    "query",
    ["EIO=3&transport=websocket", "transport=websocket", "EIO=abc&transport=websocket", "EIO=4&transport=carrier", "EIO=4", ""],
)
def test_another_protocol_or_transport_is_refused(server: Running, query: str) -> None:
    with pytest.raises(Refused) as refused:
        Wire(server.port, request=handshake(server.port, f"/socket.io/?{query}"))
    assert refused.value.status == 400


def test_a_session_that_is_not_there_is_refused(server: Running, dial: Dial) -> None:
    with pytest.raises(Refused) as refused:
        dial(server, sid="nosuchsession")
    assert refused.value.status == 400


def test_what_is_said_before_the_answer_is_not_lost_or_the_connection_is(server: Running) -> None:
    """A client must wait for the 101 (RFC 6455, 4.1); one that does not may be refused, and never half heard."""
    from transport.frames import text
    from transport.wire import Gone

    wire = Wire(server.port, request=handshake(server.port, TARGET) + text("40") + text('421["my event",1]'))
    try:
        assert wire.until("431") == '431["one",2]'
    except Gone as gone:
        assert gone.code in (1002, 1006)  # noqa: PT017
    wire.close()
