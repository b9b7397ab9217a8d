"""What a running server says is what the documents say: every route, every command, every event."""

import time
from typing import Any

import jwt
import pytest
import socketio
from documents_of_the_wire import Judge, filled

from conftest import Meet, Serve
from crosstalk import features
from crosstalk.core.operations import EVENTS, OPERATIONS
from people import NAMESPACE, Line, Person, fresh
from rest import NOTHING, ask
from server import Server

features.declare()


class Scene:
    """Two people, their room, and the judge of all that they are told."""

    def __init__(self, server: Server, meet: Meet) -> None:
        self.server = server
        self.judge = Judge()
        self.ann = meet(server, "Ann")
        self.bob = meet(server, "Bob")
        self.ids: dict[str, str] = {}

    def rest(self, person: Person | None, method: str, template: str, body: Any = NOTHING, query: str = "") -> Any:
        token = person.token if person else None
        answer = ask(self.server.port, method, filled(template, self.ids) + query, body, token=token)
        return self.judge.answer(method, template, answer)

    def command(self, person: Person, name: str, /, **fields: Any) -> Any:
        return self.judge.ack(name, person.line.ack(name, fields))

    def judge_what_was_heard(self, *lines: Line) -> None:
        for line in lines:
            for name, payload in line.events:
                self.judge.event(name, payload)

    def soon_to_expire(self, person: Person) -> str:
        """A token as the server mints them, but nearly over."""
        key = self.server.signing_key
        claims = jwt.decode(person.token, key, algorithms=["HS256"], options={"verify_iss": False, "verify_aud": False})
        return jwt.encode({**claims, "exp": int(time.time()) + 45}, key, algorithm="HS256")


@pytest.fixture
def scene(serve: Serve, meet: Meet) -> Scene:
    return Scene(serve(rate_limits="on"), meet)


def test_every_route_answers_as_documented(scene: Scene) -> None:
    sign_in_and_out(scene)
    talk_by_rest(scene)
    stream_by_rest(scene)
    ask_the_server(scene)
    documented = {(method.upper(), path) for path, item in scene.judge.openapi["paths"].items() for method in item}
    assert scene.judge.answered == documented


def test_every_command_is_acked_and_every_event_heard_as_documented(scene: Scene) -> None:
    talk_live(scene)
    stream_live(scene)
    expiring = Line(scene.server, scene.soon_to_expire(scene.ann))
    expiring.wait_for("session:expiring")
    scene.command(scene.ann, "session:renew", token=scene.ann.token)
    scene.bob.rest("DELETE", "/sessions/current")
    scene.bob.wait_for("session:ended", reason="signed_out")
    scene.judge_what_was_heard(expiring, scene.ann.line, scene.bob.line)
    expiring.close()
    assert scene.judge.acked == {one.command for one in OPERATIONS.values() if one.command}
    assert scene.judge.heard == EVENTS.keys()


def test_refusals_are_as_documented(scene: Scene) -> None:
    scene.ids["room_id"] = scene.ann.open_room(kind="private")
    messages = "/api/rooms/{room_id}/messages"
    refused = [
        scene.rest(None, "POST", messages, {"client_id": "a", "text": "b"}),
        scene.rest(scene.bob, "POST", messages, {"client_id": "a", "text": "b"}),
        scene.rest(scene.ann, "POST", messages, {"client_id": "a", "text": "b", "colour": "red"}),
        scene.rest(scene.ann, "POST", messages, {"client_id": "a", "text": "b" * 8_001}),
        scene.command(scene.ann, "message:send", room_id=scene.ids["room_id"], client_id="a", text=""),
        scene.command(scene.bob, "room:join", room_id=scene.ids["room_id"]),
    ]
    codes = [one["code"] for one in refused]
    assert codes == ["unauthenticated", "not_found", "invalid", "too_large", "invalid", "not_found"]


def test_a_refused_connect_is_as_documented(scene: Scene) -> None:
    heard: list[Any] = []
    client = socketio.Client(reconnection=False, handle_sigint=False)
    client.on("connect_error", heard.append, namespace=NAMESPACE)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(scene.server.url, namespaces=[NAMESPACE], transports=["websocket"], auth={"token": "not one"})
    scene.judge.refusal_of_connect("a bad token", heard[0])
    assert heard[0]["message"] == "unauthenticated"


def sign_in_and_out(scene: Scene) -> None:
    body = {"name": "Dora", "password": "a long password"}
    scene.rest(None, "POST", "/api/guests", {"name": "Eve"})
    scene.rest(None, "POST", "/api/accounts", body)
    session = scene.rest(None, "POST", "/api/sessions", body)
    dora = Person(scene.server, scene.rest(None, "POST", "/api/sessions/refresh", {"refresh_token": session["refresh_token"]}))
    scene.rest(dora, "GET", "/api/me")
    scene.rest(dora, "DELETE", "/api/sessions/current")


def talk_by_rest(scene: Scene) -> None:
    ann, bob = scene.ann, scene.bob
    room = scene.rest(ann, "POST", "/api/rooms", {"name": "tea", "kind": "private"})
    scene.ids["room_id"] = room["id"]
    scene.rest(ann, "GET", "/api/rooms")
    scene.rest(ann, "GET", "/api/rooms", query="?scope=public")
    scene.rest(ann, "GET", "/api/rooms/{room_id}")
    invite = scene.rest(ann, "POST", "/api/rooms/{room_id}/invites", {})["invite"]
    scene.rest(ann, "POST", "/api/rooms/{room_id}/invitation", {"invite": invite})
    for _ in ("made", "repeated"):
        scene.rest(bob, "POST", "/api/rooms/{room_id}/members", {"invite": invite})
    sent = {"client_id": fresh(), "text": "hello"}
    for _ in ("made", "repeated"):
        scene.ids["message_id"] = scene.rest(ann, "POST", "/api/rooms/{room_id}/messages", sent)["id"]
    scene.rest(ann, "PATCH", "/api/rooms/{room_id}/messages/{message_id}", {"text": "hello, all"})
    scene.rest(ann, "POST", "/api/rooms/{room_id}/messages", {"client_id": fresh(), "kind": "json", "data": {"a": [1, None]}})
    scene.rest(ann, "DELETE", "/api/rooms/{room_id}/messages/{message_id}")
    scene.rest(bob, "PUT", "/api/rooms/{room_id}/read", {"seq": 3})
    scene.rest(bob, "GET", "/api/rooms/{room_id}/members")
    scene.rest(bob, "GET", "/api/rooms/{room_id}/presence")
    for query in ("", "?limit=1", f"?after=2&epoch={room['epoch']}", "?epoch=another", "?after=1000"):
        scene.rest(bob, "GET", "/api/rooms/{room_id}/changes", query=query)


def stream_by_rest(scene: Scene) -> None:
    ann = scene.ann
    streams = "/api/rooms/{room_id}/streams"
    stream = "/api/streams/{stream_id}"
    opened = scene.rest(ann, "POST", streams, {"client_id": fresh(), "content_type": "application/json"})
    scene.ids["stream_id"] = opened["stream_id"]
    scene.rest(ann, "POST", f"{stream}/chunks", {"lease": opened["lease"], "offset": 0, "items": [1, {"b": 2}]})
    scene.rest(ann, "POST", f"{stream}/renew", {"lease": opened["lease"]})
    taken = scene.rest(ann, "POST", f"{stream}/continue")
    scene.rest(ann, "GET", stream, query="?offset=1")
    scene.rest(ann, "GET", f"{stream}/timing")
    scene.rest(ann, "POST", f"{stream}/finish", {"lease": taken["lease"]})
    source = {"kind": "text", "text": "x" * 1_000, "pace_ms": 1_000}
    opened = scene.rest(ann, "POST", streams, {"client_id": fresh(), "source": source})
    scene.ids["stream_id"] = opened["stream_id"]
    scene.rest(ann, "POST", f"{stream}/stop", {"reason": "enough"})
    scene.rest(ann, "GET", stream)
    scene.rest(ann, "GET", "/api/rooms/{room_id}/messages")
    scene.rest(ann, "GET", "/api/rooms/{room_id}/changes", query="?after=0")
    scene.rest(ann, "DELETE", "/api/rooms/{room_id}/members/me")


def ask_the_server(scene: Scene) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/origin-check"):
        scene.rest(None, "GET", path)
    scene.rest(None, "GET", "/origin-check", query="?origin=http://localhost:1")


def talk_live(scene: Scene) -> None:
    ann, bob = scene.ann, scene.bob
    room_id = scene.command(ann, "room:create", name="tea", kind="public")["id"]
    scene.ids["room_id"] = room_id
    scene.command(bob, "room:join", room_id=room_id)
    message = scene.command(ann, "message:send", room_id=room_id, client_id=fresh(), text="hello")
    scene.command(ann, "message:edit", room_id=room_id, message_id=message["id"], text="hello, all")
    scene.command(ann, "message:delete", room_id=room_id, message_id=message["id"])
    scene.command(bob, "typing:start", room_id=room_id)
    scene.command(bob, "typing:stop", room_id=room_id)
    scene.command(bob, "read:mark", room_id=room_id, seq=3)
    scene.command(bob, "presence:list", room_id=room_id)
    epoch = ann.room(room_id)["epoch"]
    scene.command(ann, "session:resume", epoch=epoch, rooms={room_id: 1, "unknown": 4})
    for event in ("member:joined", "message:created", "message:edited", "message:deleted", "presence:changed"):
        ann.wait_for(event)
    bob.wait_for("unread:changed")
    ann.wait_for("read:marked")
    ann.wait_for("typing:changed", typing=False)


def stream_live(scene: Scene) -> None:
    ann, bob, room_id = scene.ann, scene.bob, scene.ids["room_id"]
    opened = scene.command(ann, "stream:open", room_id=room_id, client_id=fresh(), content_type="text/markdown")
    stream = {"stream_id": opened["stream_id"]}
    scene.command(ann, "stream:append", **stream, lease=opened["lease"], offset=0, text="one")
    bob.wait_for("stream:appended", text="one")
    scene.command(ann, "stream:renew", **stream, lease=opened["lease"])
    lease = scene.command(ann, "stream:continue", **stream)["lease"]
    scene.command(bob, "stream:view", **stream, offset=1)
    wrong = scene.command(ann, "stream:append", **stream, lease=lease, offset=1, text="two")
    assert (wrong["code"], wrong["offset"]) == ("wrong_offset", 3)
    scene.command(ann, "stream:finish", **stream, lease=lease)
    opened = scene.command(ann, "stream:open", room_id=room_id, client_id=fresh(), content_type="application/json")
    scene.command(
        ann, "stream:append", stream_id=opened["stream_id"], lease=opened["lease"], offset=0, items=[{"price": 1.5}, None]
    )
    scene.command(ann, "stream:stop", stream_id=opened["stream_id"], reason="enough")
    bob.wait_for("stream:ended", lambda event: event["message"]["stream"]["state"] == "stopped")
    scene.command(ann, "room:leave", room_id=room_id)
    assert bob.wait_for("member:changed")["role"] == "owner"
    scene.command(bob, "room:leave", room_id=room_id)
    ann.wait_for("member:left")
