"""The checker itself: what it must notice, shown with a log of three messages that somebody has spoiled."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from faults.checker import Truth, violations
from faults.history import History
from faults.room_log import RoomLog

ROOM = "r"
Message = dict[str, Any]


class Scene:
    """Ann has joined, and sent a, b and c; b was edited. Somebody read along."""

    def __init__(self) -> None:
        self.history = History()
        self.messages = [self._sent("a", 2), self._sent("b", 3), self._sent("c", 4)]
        created = [self._change("message:created", one["seq"], deepcopy(one)) for one in self.messages]
        self.edit = self.history.change(self.history.sends["ann", "b"], "other")
        self.messages[1] |= {"text": "other", "changed_seq": 5, "edited_at": "later"}
        self.history.ack(self.edit, deepcopy(self.messages[1]), 0.0)
        self.reader = RoomLog(ROOM, 1, "epoch")
        for change in [*created, self._change("message:edited", 5, deepcopy(self.messages[1]))]:
            self.reader.hear(change)
        self.seq = 5

    def _sent(self, client_id: str, seq: int) -> Message:
        message = {"id": f"m{seq}", "room_id": ROOM, "seq": seq, "changed_seq": seq, "author": {"id": "ann"}, "kind": "text"}
        message |= {"text": f"text {client_id}", "client_id": client_id, "created_at": "now"}
        self.history.ack(self.history.send("ann", client_id, ROOM, {"text": message["text"]}), deepcopy(message), 0.0)
        return message

    def _change(self, event: str, seq: int, message: Message) -> dict[str, Any]:
        return {"event": event, "room_id": ROOM, "seq": seq, "message": message}

    def found(self) -> str:
        changes: list[dict[str, Any]] = [{"event": "member:joined", "room_id": ROOM, "seq": 1, "user": {"id": "ann"}}]
        for one in self.messages:
            event = "message:edited" if "edited_at" in one else "message:created"
            changes.append(self._change(event, one["changed_seq"], one))
        changes.sort(key=lambda change: change["seq"])
        rows = [(one["id"], one["seq"]) for one in self.messages]
        truth = Truth({"id": ROOM, "seq": self.seq}, changes, self.messages, rows)
        return "\n".join(violations(self.history, [truth], [self.reader]))


def lose(scene: Scene) -> None:
    del scene.messages[2]


def double(scene: Scene) -> None:
    scene.messages.append(scene.messages[2] | {"id": "m6", "seq": 6, "changed_seq": 6})
    scene.seq = 6


def leave_a_gap(scene: Scene) -> None:
    scene.seq = 6


def refuse(scene: Scene) -> None:
    send = scene.history.sends["ann", "c"]
    send.acks.clear()
    send.refusals.append("unavailable")


def ack_twice_differently(scene: Scene) -> None:
    scene.history.ack(scene.history.sends["ann", "a"], scene.messages[0] | {"text": "else"}, 0.0)


def take_an_edit_back(scene: Scene) -> None:
    scene.messages[1]["text"] = "text b"


def edit_twice(scene: Scene) -> None:
    scene.messages[1]["changed_seq"] = scene.seq = 6


def refuse_an_edit_that_was_acked(scene: Scene) -> None:
    scene.history.refuse(scene.edit, "conflict", 0.0)


def keep_it_from_the_reader(scene: Scene) -> None:
    scene.reader.position = 4
    scene.reader.applied.pop()


def tell_the_reader_something_else(scene: Scene) -> None:
    scene.reader.applied[0] = scene.reader.applied[0]._replace(content=0)


def let_the_reader_apply_twice(scene: Scene) -> None:
    scene.reader.applied.append(scene.reader.applied[-1])


def test_a_log_that_is_as_promised_has_no_violations() -> None:
    assert Scene().found() == ""


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lose, "acked and lost: c of ann, seq 4"),
        (double, "stored twice"),
        (leave_a_gap, "the log has gaps"),
        (refuse, "refused (unavailable) and yet stored: c of ann"),
        (ack_twice_differently, "its acks differ: a of ann"),
        (take_an_edit_back, "acked something else than was stored: b of ann"),
        (edit_twice, "acked something else than was stored: b of ann"),
        (refuse_an_edit_that_was_acked, "acked and refused (conflict): change 0 of b"),
        (keep_it_from_the_reader, "stands at 4 of 5"),
        (tell_the_reader_something_else, "has 3 of 3; differing"),
        (let_the_reader_apply_twice, "applied twice or out of order"),
    ],
    ids=lambda one: one.__name__ if callable(one) else None,
)
def test_what_is_not_as_promised_is_named(spoil: Callable[[Scene], None], says: str) -> None:
    scene = Scene()
    spoil(scene)
    assert says in scene.found()
