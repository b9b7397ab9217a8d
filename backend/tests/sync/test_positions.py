"""The algorithm of docs/protocol.md, as it stands there, on random logs: what a client stores is the position that it has."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosstalk import features
from crosstalk.app import prepare_database
from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.installation import installation, load_installation
from crosstalk.core.keys import KeyFile
from crosstalk.features.accounts.account import new_guest
from crosstalk.features.messages import changes as changes_of_rooms
from crosstalk.features.messages import resume
from crosstalk.features.messages.catch_up import CatchUp, catch_up
from crosstalk.features.messages.delete import DeleteMessage, delete_message
from crosstalk.features.messages.edit import EditMessage, edit_message
from crosstalk.features.messages.history import ReadHistory, read_history
from crosstalk.features.messages.log import items_after
from crosstalk.features.messages.resume import ResumeSession, resume_session
from crosstalk.features.messages.send import SendMessage, send_message
from crosstalk.features.rooms.create import CreateRoom, create_room
from crosstalk.features.rooms.join import JoinRoom, join_room
from crosstalk.features.rooms.leave import LeaveRoom, leave_room
from crosstalk.features.streams.open import OpenStream, open_stream
from crosstalk.features.streams.stop import StopStream, stop_stream
from crosstalk.settings import Settings
from people import fresh

PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol.md"
[ALGORITHM] = re.findall(r"```python\n(behind = .*?)```", PROTOCOL.read_text(), re.DOTALL)

Step = tuple[str, int, int]
STEPS = st.tuples(
    st.sampled_from(("send", "send", "send", "edit", "edit", "delete", "open", "stop", "join", "leave")),
    st.integers(0, 30),
    st.integers(1, 900),
)
"""What is done, to which message or by which member, and with how much text."""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Actor]]:
    """A database of this process, and four people in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('positions')}/test.db"
    features.declare()
    own = Settings(_env_file=None, database_url=url)
    prepare_database(own).release()
    db.open_database(url)
    load_installation(KeyFile(own.key_path))
    with db.transaction() as tx:
        rows = [new_guest(tx.session, f"Guest {number}") for number in range(4)]
        tx.session.flush()
        actors = [Actor("", row.id, row.name, True, "session", 2**40) for row in rows]
    yield actors
    db.close_database()


class Log:
    """A room in which things happen."""

    def __init__(self, people: list[Actor]) -> None:
        self.owner, *self.others = people
        self.id = create_room(self.owner, CreateRoom(name=f"room {fresh()}", kind="public")).id
        self.sent: list[str] = []

    def take(self, step: Step) -> None:
        """Does one thing. One that the server refuses, such as an edit of a deleted message, leaves the log as it is."""
        what, number, size = step
        person = self.others[number % len(self.others)]
        message_id = self.sent[number % len(self.sent)] if self.sent else "none"
        text = f"{number} " * (size // 2)
        deeds: dict[str, Callable[[], Any]] = {
            "send": lambda: self._sent(
                send_message(self.owner, SendMessage(room_id=self.id, client_id=fresh(), text=f"x{text}"))
            ),
            "open": lambda: self._sent(open_stream(self.owner, OpenStream(room_id=self.id, client_id=fresh())).message),
            "edit": lambda: edit_message(self.owner, EditMessage(room_id=self.id, message_id=message_id, text=f"e{size}")),
            "delete": lambda: delete_message(self.owner, DeleteMessage(room_id=self.id, message_id=message_id)),
            "stop": lambda: stop_stream(self.owner, StopStream(stream_id=message_id)),
            "join": lambda: join_room(person, JoinRoom(room_id=self.id)),
            "leave": lambda: leave_room(person, LeaveRoom(room_id=self.id)),
        }
        try:
            deeds[what]()
        except CrosstalkError as refused:
            if refused.code not in ("conflict", "not_found", "stream_ended"):
                raise

    def _sent(self, message: Any) -> None:
        self.sent.append(message.id)

    def everything(self) -> dict[str, Any]:
        """The room in one page: id of the message or the member → its last change."""
        whole = catch_up(self.owner, CatchUp(room_id=self.id, limit=500))
        assert (whole.more, whole.position) == (False, whole.latest)
        messages = {one["message"]["id"]: one["message"] for one in whole.changes if "message" in one}
        page = read_history(self.owner, ReadHistory(room_id=self.id, limit=200))
        assert [one.wire() for one in page.messages] == sorted(messages.values(), key=lambda one: one["seq"])
        assert page.position == whole.position
        return {subject(one): one for one in whole.changes}


def subject(change: dict[str, Any]) -> str:
    one: str = change["message" if "message" in change else "user"]["id"]
    return one


class Client:
    """What docs/protocol.md has a client keep. Each answer is checked before it is applied, and each position as it is sent."""

    def __init__(self, logs: list[Log]) -> None:
        self.logs = {log.id: log for log in logs}
        self.state: dict[str, dict[str, Any]] = {log.id: {} for log in logs}
        self.positions = dict.fromkeys(self.logs, 0)
        self.epoch = installation().epoch
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = self.resumed
        self.meanwhile: Iterator[list[Step]] = iter(())
        """What happens between one question and its answer, in the rooms that are asked about."""

    def become_whole(self) -> None:
        names = {"positions": self.positions, "epoch": self.epoch, "command": self._command}
        names |= {"apply": self._apply, "forget": self._forget}
        exec(compile(ALGORITHM, str(PROTOCOL), "exec"), names)
        self.epoch = str(names["epoch"])
        for room_id, log in self.logs.items():
            assert self.state[room_id] == log.everything()
            assert self.positions[room_id] == read_history(log.owner, ReadHistory(room_id=room_id)).position
        assert self.epoch == installation().epoch

    def resumed(self, body: dict[str, Any]) -> dict[str, Any]:
        return resume_session(next(iter(self.logs.values())).owner, ResumeSession.read(body)).wire()

    def _command(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        assert name == "session:resume"
        asked: dict[str, int] = body["rooms"]
        if body["epoch"] == installation().epoch:
            for room_id, position in asked.items():
                self._has_all_until(room_id, position)
        for number, step in enumerate(next(self.meanwhile, [])):
            self.logs[[*asked][number % len(asked)]].take(step)
        answer = self.answer(body)
        assert set(answer["rooms"]) == set(asked), "one verdict for each room"
        for room_id, changes in answer["rooms"].items():
            check(changes, asked[room_id])
        return answer

    def _has_all_until(self, room_id: str, position: int) -> None:
        now = self.logs[room_id].everything()
        if all(position > change["seq"] for change in now.values()):
            return
        for one, change in now.items():
            if change["seq"] <= position:
                assert self.state[room_id].get(one) == change, f"it says {position}, and has not {change}"

    def _apply(self, room_id: str, change: dict[str, Any]) -> None:
        self.state[room_id][subject(change)] = change

    def _forget(self, room_id: str) -> None:
        self.state[room_id] = {}


def check(changes: dict[str, Any], asked: int) -> None:
    """What holds for every verdict."""
    position, latest, seqs = changes["position"], changes["latest"], [one["seq"] for one in changes["changes"]]
    assert position <= latest
    assert changes["more"] is (position < latest)
    if changes["verdict"] == "snapshot":
        assert (position, seqs) == (0, [])
        return
    assert seqs == sorted(set(seqs))
    assert all(asked < seq <= position for seq in seqs)
    if changes["verdict"] == "resumed":
        assert (position, seqs) == (asked, [])
    if changes["more"]:
        assert position == (seqs[-1] if seqs else asked), "it stands at what was applied, and not beyond"


def spread(logs: list[Log], steps: list[Step]) -> None:
    for number, step in enumerate(steps):
        logs[number % len(logs)].take(step)


LISTS = st.lists(STEPS, max_size=40)
ROOMS = st.integers(1, 3)
bounded = settings(max_examples=50, deadline=None)


@bounded
@given(
    before=LISTS,
    away=LISTS,
    meanwhile=st.lists(st.lists(STEPS, max_size=3), max_size=4),
    rooms=ROOMS,
    space=st.sampled_from((1, 300, 1_000, 4_000, 16_384)),
    at_once=st.integers(1, 7),
)
def test_who_applies_resumes_naively_has_what_a_full_load_has(
    people: list[Actor],
    before: list[Step],
    away: list[Step],
    meanwhile: list[list[Step]],
    rooms: int,
    space: int,
    at_once: int,
) -> None:
    client = Client([Log(people) for _ in range(rooms)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resume, "BYTES_AN_ANSWER", space)
        patch.setattr(changes_of_rooms, "READ_AT_ONCE", at_once)
        for steps in (before, away):
            spread([*client.logs.values()], steps)
            client.meanwhile = iter(meanwhile)
            client.become_whole()


@bounded
@given(before=LISTS, away=LISTS, limit=st.integers(1, 30), at_once=st.integers(1, 7))
def test_who_applies_pages_of_changes_naively_has_what_a_full_load_has(
    people: list[Actor], before: list[Step], away: list[Step], limit: int, at_once: int
) -> None:
    log = Log(people)
    client = Client([log])

    def page(body: dict[str, Any]) -> dict[str, Any]:
        asked = CatchUp(room_id=log.id, after=body["rooms"][log.id], epoch=body["epoch"], limit=limit)
        return {"rooms": {log.id: catch_up(log.owner, asked).wire()}}

    client.answer = page
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes_of_rooms, "READ_AT_ONCE", at_once)
        for steps in (before, away):
            spread([log], steps)
            client.become_whole()
        whole = sorted(log.everything().values(), key=lambda change: change["seq"])
        for after in range(whole[-1]["seq"] + 1):
            answer = catch_up(log.owner, CatchUp(room_id=log.id, after=after, limit=limit)).wire()
            check(answer, after)
            assert answer["changes"] == [change for change in whole if change["seq"] > after][:limit]


@bounded
@given(steps=LISTS, rooms=ROOMS, useless=st.sampled_from(("epoch", "ahead")), beyond=st.integers(1, 2**40))
def test_whose_positions_are_of_no_use_forgets_the_rooms_and_is_whole_by_the_same_way(
    people: list[Actor], steps: list[Step], rooms: int, useless: str, beyond: int
) -> None:
    client = Client([Log(people) for _ in range(rooms)])
    spread([*client.logs.values()], steps)
    client.become_whole()
    for room_id, state in client.state.items():
        state["of a log that was lost"] = {"seq": client.positions[room_id] + beyond}
        client.positions[room_id] += beyond
    if useless == "epoch":
        client.epoch = "another epoch"
    client.become_whole()


def test_what_the_store_reads_for_an_answer_is_bounded_however_many_rooms_are_asked_about(
    people: list[Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every room something small would fit, and behind it are large messages that would be read for nothing."""
    logs = [Log(people) for _ in range(12)]
    for log in logs:
        for text in ("small", *["€" * 8_000] * 6):
            send_message(log.owner, SendMessage(room_id=log.id, client_id=fresh(), text=text))
    read: list[int] = []

    def counted(*where: Any) -> list[dict[str, Any]]:
        items = items_after(*where)
        read.append(len(items))
        return items

    monkeypatch.setattr(changes_of_rooms, "items_after", counted)
    body = ResumeSession(epoch=installation().epoch, rooms={log.id: 0 for log in logs})
    answer = resume_session(logs[0].owner, body)
    answered = sum(len(changes.changes) for changes in answer.rooms.values())
    assert answered == 2, "the first member and the small message"
    assert sum(read) - answered <= changes_of_rooms.READ_AT_ONCE
    assert len(read) == 1, "once a change did not fit, no room is read any more"
