"""For every event: the state before it, with the event applied, is the state fetched anew."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from fold import RoomState

from conftest import Meet
from crosstalk import features
from crosstalk.core.operations import EVENTS
from crosstalk.features.messages.changes import DURABLE_EVENTS
from people import Person, fresh
from server import Server, until

features.declare()


class Scene:
    """Ann, the owner, watches a room in which Bob is. What happens there is done by them. With an heir the room is Bob's, and
    Cleo joined it before Ann."""

    def __init__(self, server: Server, meet: Meet, *, heir: bool = False) -> None:
        self.meet = meet
        self.server = server
        self.ann, self.bob = meet(server, "Ann"), meet(server, "Bob")
        owner, other = (self.bob, self.ann) if heir else (self.ann, self.bob)
        self.room_id = owner.open_room()
        if heir:
            self.cleo = meet(server, "Cleo", live=False)
            self.cleo.join(self.room_id)
        other.join(self.room_id)
        self.seen_to_come = [self.ann] if heir else [self.ann, self.bob]
        """Of whose presence an event tells Ann."""
        self.hers = self.ann.say(self.room_id, "hers")
        self.his = self.bob.say(self.room_id, "his")

    def change(self, method: str, message: dict[str, Any], **body: Any) -> None:
        author = self.ann if message["author"]["id"] == self.ann.id else self.bob
        author.good(method, f"/rooms/{self.room_id}/messages/{message['id']}", body)

    def opened(self, who: Person, **more: Any) -> str:
        stream_id: str = who.open_stream(self.room_id, **more)["stream_id"]
        return stream_id

    def written(self) -> str:
        stream_id = self.opened(self.bob)
        end = 0
        for piece in ("🙂 one ", "漢 two ", "three"):
            body = {"stream_id": stream_id, "lease": 1, "offset": end, "text": piece}
            end = self.bob.command("stream:append", **body)["offset"]
        return stream_id


def delete_the_last_stream(scene: Scene) -> None:
    stream_id = scene.written()
    scene.bob.command("stream:finish", stream_id=stream_id, lease=1)
    scene.change("DELETE", next(one for one in scene.bob.history(scene.room_id) if one["id"] == stream_id))


def series(scene: Scene) -> None:
    stream_id = scene.opened(scene.ann, content_type="application/json")
    scene.ann.command("stream:append", stream_id=stream_id, lease=1, offset=0, items=[1, {"a": None}])
    scene.ann.command("stream:append", stream_id=stream_id, lease=1, offset=2, items=["🙂"])
    scene.ann.command("stream:finish", stream_id=stream_id, lease=1)


def source(scene: Scene) -> None:
    stream_id = scene.opened(scene.bob, source={"kind": "text", "text": "typed by the server 🙂", "pace_ms": 5})
    scene.ann.wait_for("stream:ended", lambda heard: heard["message"]["id"] == stream_id)


def come_and_go(scene: Scene) -> None:
    dan = scene.meet(scene.server, "Dan", live=False)
    dan.join(scene.room_id)
    dan.connect()
    scene.ann.wait_for("presence:changed", lambda heard: dan.id in heard["online"])
    dan.lines.pop().close()
    scene.ann.wait_for("presence:changed", lambda heard: dan.id in heard["offline"])


def come_back(scene: Scene) -> None:
    scene.bob.command("room:leave", room_id=scene.room_id)
    scene.ann.say(scene.room_id, "while he was away")
    scene.bob.join(scene.room_id)


def take_over(scene: Scene) -> None:
    stream_id = scene.written()
    scene.bob.command("stream:continue", stream_id=stream_id)
    scene.bob.command("stream:append", stream_id=stream_id, lease=2, offset=18, text="!")
    scene.ann.command("stream:stop", stream_id=stream_id, reason="enough")


def inherit(scene: Scene) -> None:
    scene.cleo.good("DELETE", f"/rooms/{scene.room_id}/members/me")
    scene.bob.command("room:leave", room_id=scene.room_id)


def type_and_stop(scene: Scene) -> None:
    scene.bob.command("typing:start", room_id=scene.room_id)
    scene.ann.wait_for("typing:changed", room_id=scene.room_id, typing=True)
    scene.bob.command("typing:stop", room_id=scene.room_id)
    scene.ann.wait_for("typing:changed", room_id=scene.room_id, typing=False)


SCENES: dict[str, list[Callable[[Scene], Any]]] = {
    "message:created": [
        lambda scene: scene.ann.say(scene.room_id, "mine"),
        lambda scene: scene.bob.say(scene.room_id, "his"),
        lambda scene: scene.bob.command("message:send", room_id=scene.room_id, client_id=fresh(), kind="json", data={"a": [1]}),
    ],
    "message:edited": [
        lambda scene: scene.change("PATCH", scene.hers, text="edited"),
        lambda scene: [scene.change("PATCH", scene.his, text=text) for text in ("once", "twice", "twice")],
    ],
    "message:deleted": [
        lambda scene: scene.change("DELETE", scene.hers),
        lambda scene: [scene.change("PATCH", scene.his, text="x"), scene.change("DELETE", scene.his)],
        delete_the_last_stream,
    ],
    "stream:opened": [lambda scene: scene.opened(scene.ann), lambda scene: scene.opened(scene.bob), take_over],
    "stream:appended": [lambda scene: scene.written(), series, source],
    "stream:ended": [
        lambda scene: scene.bob.command("stream:finish", stream_id=scene.written(), lease=1),
        lambda scene: scene.ann.command("stream:stop", stream_id=scene.written()),
    ],
    "member:joined": [lambda scene: scene.meet(scene.server, "Dan", live=False).join(scene.room_id), come_back],
    "member:left": [lambda scene: scene.bob.command("room:leave", room_id=scene.room_id)],
    "member:changed": [
        lambda scene: scene.bob.command("room:leave", room_id=scene.room_id),
        inherit,
    ],
    "presence:changed": [come_and_go],
    "read:marked": [lambda scene: scene.bob.command("read:mark", room_id=scene.room_id, seq=4)],
    "unread:changed": [
        lambda scene: scene.ann.command("read:mark", room_id=scene.room_id, seq=4),
        lambda scene: [scene.bob.say(scene.room_id, "new"), scene.ann.command("read:mark", room_id=scene.room_id, seq=5)],
        lambda scene: [scene.ann.command("read:mark", room_id=scene.room_id, seq=4), scene.change("DELETE", scene.his)],
    ],
    "typing:changed": [type_and_stop],
}

WITHOUT_STATE = {
    "session:ready": "says what the connection is; nothing that can be fetched depends on it",
    "session:expiring": "a warning; the answer to it is a renewal",
    "session:ended": "the connection is over",
}


def test_every_event_has_a_scene_or_a_reason_to_have_none() -> None:
    assert set(SCENES) | set(WITHOUT_STATE) == set(EVENTS)
    assert not set(SCENES) & set(WITHOUT_STATE)
    assert all(WITHOUT_STATE.values())


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name, scenes in SCENES.items() for number in range(len(scenes))]
)
def test_state_and_events_are_the_state(server: Server, meet: Meet, name: str, number: int) -> None:
    scene = Scene(server, meet, heir=name == "member:changed")
    ann = scene.ann
    settle(scene)
    before = RoomState.fetched(ann, scene.room_id)
    ann.line.forget()
    SCENES[name][number](scene)
    ann.wait_for(name, room_id=scene.room_id)

    def same() -> bool:
        kept = copy.deepcopy(before)
        for event, payload in list(ann.line.events):
            kept.apply(ann.id, event, payload)
        return kept == RoomState.fetched(ann, scene.room_id)

    # Pieces and presence come a moment later than the answer to what caused them.
    until(f"state + {name} = state", same, seconds=6)


def settle(scene: Scene) -> None:
    """Waits until what led to the scene has been told."""
    for person in scene.seen_to_come:
        scene.ann.wait_for("presence:changed", lambda heard, one=person.id: one in heard["online"], room_id=scene.room_id)
    scene.ann.hear_everything()
    scene.bob.hear_everything()


DURABLE = [(shape.name(), number) for shape in DURABLE_EVENTS for number in range(len(SCENES[shape.name()]))]


@pytest.mark.parametrize(("name", "number"), DURABLE)
def test_a_client_that_missed_it_catches_up_to_the_same_state(server: Server, meet: Meet, name: str, number: int) -> None:
    scene = Scene(server, meet, heir=name == "member:changed")
    settle(scene)
    before = RoomState.fetched(scene.ann, scene.room_id)
    SCENES[name][number](scene)
    resumed = scene.ann.command("session:resume", epoch=before.room["epoch"], rooms={scene.room_id: before.room["seq"]})
    answer = resumed["rooms"][scene.room_id]
    changes = answer["changes"]
    now = RoomState.fetched(scene.ann, scene.room_id)
    assert changes[-1]["seq"] == answer["position"] == answer["latest"] == now.room["seq"]
    for change in changes:
        if "message" in change:
            before.messages[change["message"]["id"]] = change["message"]
        elif change["event"] in ("member:joined", "member:changed"):
            before.members[change["user"]["id"]] = {"user": change["user"], "role": change["role"]}
        else:
            before.members.pop(change["user"]["id"], None)
    assert before.messages == now.messages
    assert {key: one["role"] for key, one in before.members.items()} == {key: one["role"] for key, one in now.members.items()}
