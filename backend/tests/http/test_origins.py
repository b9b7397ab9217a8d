"""The same allow-list at every door: REST, preflight, polling, WebSocket."""

import json

import pytest
import socketio

from conftest import Serve
from people import Person
from raw import RawPolling, RawSocket, Upgrade
from rest import Answer, ask
from server import PAGE, Server

OTHERS = [
    "http://localhost:5174",
    "https://localhost:5173",
    "http://localhost:5173/",
    "http://evil.example",
    "null",
    "",
    "HTTP://LOCALHOST:5173",
    "*",
]
HANDSHAKE = "/socket.io/?EIO=4&transport=polling"


def from_page(server: Server, method: str, path: str, origin: str, **more: object) -> Answer:
    return ask(server.port, method, path, headers=[("Origin", origin)], **more)  # type: ignore[arg-type]


def assert_refused(answer: Answer, origin: str) -> None:
    assert (answer.status, answer.code) == (403, "origin_refused")
    assert answer.body["origin"] == origin
    assert answer.body["detail"], "the near miss is named"
    assert "origin" in answer.vary()
    allowed = answer.headers.get("access-control-allow-origin")
    assert allowed in (None, origin, "*")
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", OTHERS)
def test_another_origin_is_refused_on_rest_preflight_and_polling_and_gets_no_101(
    server: Server, cleo: Person, origin: str
) -> None:
    assert_refused(from_page(server, "GET", "/api/me", origin, token=cleo.token), origin)
    assert_refused(from_page(server, "POST", "/api/guests", origin, body={"name": "Eve"}), origin)
    preflight = [("Origin", origin), ("Access-Control-Request-Method", "POST")]
    assert_refused(ask(server.port, "OPTIONS", "/api/rooms", headers=preflight), origin)
    assert_refused(from_page(server, "GET", HANDSHAKE, origin), origin)
    assert_refused(from_page(server, "GET", "/nowhere", origin), origin)
    with pytest.raises(Upgrade) as refused:
        RawSocket(server, headers=[("Origin", origin)])
    assert refused.value.status == 403
    assert json.loads(refused.value.body)["code"] == "origin_refused"


def test_a_refused_origin_changes_nothing(server: Server, cleo: Person) -> None:
    room_id = cleo.open_room()
    body = {"client_id": "csrf", "text": "x"}
    from_page(server, "POST", f"/api/rooms/{room_id}/messages", "http://evil.example", body=body, token=cleo.token)
    assert cleo.room(room_id)["seq"] == 1


def test_an_open_polling_connection_is_of_no_use_to_another_origin(server: Server, cleo: Person) -> None:
    raw = RawPolling(server, Origin=PAGE).enter(cleo.token)
    path = f"{HANDSHAKE}&sid={raw.opening['sid']}"
    assert_refused(from_page(server, "GET", path, "http://evil.example"), "http://evil.example")
    assert_refused(from_page(server, "POST", path, "http://evil.example", raw=b"41/chat,"), "http://evil.example")
    assert raw.post("3").status == 200
    with pytest.raises(Upgrade) as refused:
        RawSocket(server, headers=[("Origin", "http://evil.example")], query=f"&sid={raw.opening['sid']}")
    assert refused.value.status == 403


@pytest.mark.parametrize("origins", [(PAGE, PAGE), (PAGE, "http://evil.example"), ("http://evil.example", PAGE), ("", PAGE)])
def test_two_origin_headers_are_none(server: Server, cleo: Person, origins: tuple[str, str]) -> None:
    headers = [("Origin", one) for one in origins]
    for path in ("/api/me", HANDSHAKE):
        answer = ask(server.port, "GET", path, token=cleo.token, headers=headers)
        assert answer.status in (400, 403)
        assert "access-control-allow-origin" not in answer.headers
    with pytest.raises(Upgrade) as refused:
        RawSocket(server, headers=headers)
    assert refused.value.status in (400, 403)


def test_the_page_and_the_apis_own_origin_are_allowed_everywhere(server: Server, cleo: Person) -> None:
    for origin in (PAGE, server.url):
        me = from_page(server, "GET", "/api/me", origin, token=cleo.token)
        assert me.status == 200
        assert me.headers["access-control-allow-origin"] == origin
        assert "origin" in me.vary()
        polling = from_page(server, "GET", HANDSHAKE, origin)
        assert polling.status == 200
        assert polling.headers["access-control-allow-origin"] == origin
        RawSocket(server, headers=[("Origin", origin)]).enter(cleo.token).close()


def test_native_clients_send_no_origin_and_are_allowed_everywhere(server: Server, cleo: Person) -> None:
    me = ask(server.port, "GET", "/api/me", token=cleo.token)
    assert me.status == 200
    assert "access-control-allow-origin" not in me.headers
    assert "origin" in me.vary(), "a cache must not give this answer to a page"
    assert ask(server.port, "GET", HANDSHAKE).status == 200
    RawSocket(server).enter(cleo.token).close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/rooms", "/api/rooms/x/messages/y", "/api/rooms/x/read"])
def test_a_preflight_of_the_page_allows_every_method_with_a_token(server: Server, method: str, path: str) -> None:
    headers = [
        ("Origin", PAGE),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    ]
    answer = ask(server.port, "OPTIONS", path, headers=headers)
    assert answer.status in (200, 204)
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert method in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed
    assert "access-control-allow-credentials" not in answer.headers
    assert int(answer.headers["access-control-max-age"]) > 0


def test_errors_can_be_read_by_the_page_too(server: Server, cleo: Person) -> None:
    for answer in (
        from_page(server, "GET", "/api/me", PAGE),
        from_page(server, "GET", "/api/rooms/nosuchroom", PAGE, token=cleo.token),
        from_page(server, "GET", "/api/nowhere", PAGE, token=cleo.token),
        from_page(server, "POST", "/api/rooms", PAGE, token=cleo.token, raw=b"{"),
    ):
        assert answer.status >= 400
        assert answer.code
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert "retry-after" in answer.headers["access-control-expose-headers"].lower()


@pytest.mark.parametrize(
    ("origin", "allowed", "says"),
    [
        (PAGE, True, None), ("http://localhost:5174", False, "the port differs"), ("https://localhost:5173", False, "the scheme differs"),
        ("http://localhost:5173/", False, "nothing after the port"), ("http://127.0.0.1:5173", False, "the host differs"),
        ("https://other.example", False, "CROSSTALK_ALLOWED_ORIGINS"), ("null", False, "file"), ("", False, "list"),
    ],
)  # fmt: skip
def test_the_origin_check_explains_to_every_page(server: Server, origin: str, allowed: bool, says: str | None) -> None:
    for answer in (
        ask(server.port, "GET", f"/origin-check?origin={origin}", headers=[("Origin", "http://evil.example")]),
        ask(server.port, "GET", "/origin-check", headers=[("Origin", origin)]),
    ):
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.body["origin"] == origin
    assert answer.body["allowed"] is allowed
    assert answer.body["hint"] is None if says is None else says in answer.body["hint"]


def test_a_pattern_takes_whole_labels_at_every_door(serve: Serve) -> None:
    server = serve(allowed_origins="https://*.example.org , http://localhost:5173,")
    assert from_page(server, "GET", HANDSHAKE, "https://a.b.example.org").status == 200
    assert (
        from_page(server, "GET", "/healthz", "https://a.b.example.org").headers["access-control-allow-origin"]
        == "https://a.b.example.org"
    )
    RawSocket(server, headers=[("Origin", "https://a.example.org")]).open().close()
    for origin in ("https://example.org", "https://evilexample.org", "http://a.example.org", "https://a.example.org:8443"):
        assert_refused(from_page(server, "GET", "/healthz", origin), origin)


def test_jsonp_is_no_way_round_the_list(server: Server) -> None:
    answer = ask(server.port, "GET", f"{HANDSHAKE}&j=0")
    assert answer.status == 400
    assert b"___eio" not in answer.raw


def test_native_clients_that_send_an_origin_are_allowed_in_production(serve: Serve) -> None:
    server = serve(env="production", rate_limits="on", public_url="https://chat-api.example.com,http://crosstalk:5002")
    token = ask(server.port, "POST", "/api/guests", {"name": "Robo"}).body["access_token"]
    for origin in (
        f"http://127.0.0.1:{server.port}",  # python-socketio on the same machine
        f"http://localhost:{server.port}",
        "http://crosstalk:5002",  # in a network of containers
        "https://chat-api.example.com",  # React Native
        "wss://chat-api.example.com",  # Starscream, of socket.io-client-swift
    ):
        RawSocket(server, headers=[("Origin", origin)]).enter(token).close()
        assert from_page(server, "GET", "/api/me", origin, token=token).status == 200
    for origin in (f"http://127.0.0.1:{server.port + 1}", "ws://chat-api.example.com", "https://chat-api.example.com/", "null"):
        assert_refused(from_page(server, "GET", HANDSHAKE, origin), origin)


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_python_client_connects_to_a_loopback_address(
    server: Server, cleo: Person, host: str, transports: list[str]
) -> None:
    client = socketio.Client(reconnection=False)
    try:
        url = f"http://{host}:{server.port}"
        client.connect(url, namespaces=["/chat"], auth={"token": cleo.token}, transports=transports)
        assert client.transport() == transports[-1]
    finally:
        client.disconnect()


def test_a_native_client_may_leave_its_origin_out(serve: Serve) -> None:
    """The example of docs/deploy.md."""
    server = serve(env="production", rate_limits="on", public_url="https://chat-api.example.com", host="0.0.0.0")
    token = ask(server.port, "POST", "/api/guests", {"name": "Robo"}).body["access_token"]
    address = f"http://127.0.0.9:{server.port}"  # one of many loopback addresses, and none of the API's own origins
    with pytest.raises(socketio.exceptions.ConnectionError):
        socketio.Client(reconnection=False).connect(
            address, namespaces=["/chat"], auth={"token": token}, transports=["websocket"]
        )
    client = socketio.Client(reconnection=False, websocket_extra_options={"suppress_origin": True})
    client.connect(address, namespaces=["/chat"], auth={"token": token}, transports=["websocket"])
    client.disconnect()
