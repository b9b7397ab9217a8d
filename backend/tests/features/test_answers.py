"""`/ask`: a language model answers in the room, piece by piece; it stalls, errs, is cut and is stopped."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from model_server import ModelServer, Reply

from conftest import Meet, Serve
from people import Person, fresh
from server import Server, until

LEASE_S = 1.5


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer().serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def asked(serve_module: Serve, model: ModelServer) -> Server:
    return serve_module(ai_url=model.url, ai_model="small", ai_key="secret-key", ai_name="Ada", stream_lease_s=str(LEASE_S))


@pytest.fixture
def room(asked: Server, meet: Meet) -> tuple[Person, Person, str]:
    ann, bob = meet(asked, "Ann"), meet(asked, "Bob")
    room_id = ann.open_room()
    bob.join(room_id)
    return ann, bob, room_id


def opened(person: Person, room_id: str) -> dict[str, Any]:
    message: dict[str, Any] = person.wait_for("stream:opened", room_id=room_id)["message"]
    return message


def ended(person: Person, stream_id: str, state: str) -> dict[str, Any]:
    heard = person.wait_for("stream:ended", lambda one: one["message"]["id"] == stream_id)
    assert heard["message"]["stream"]["state"] == state, heard
    message: dict[str, Any] = heard["message"]
    return message


def say_in_pieces(*pieces: str) -> Any:
    def script(reply: Reply) -> None:
        reply.begin()
        for piece in pieces:
            reply.text(piece)
        reply.end()

    return script


def test_a_question_is_answered_as_a_stream_in_the_name_of_a_bot(model: ModelServer, room: tuple[Person, Person, str]) -> None:
    ann, bob, room_id = room
    model.script = say_in_pieces("The **answer** ", "is 4", "2 🙂.")
    bob.say(room_id, "what came before")
    question = ann.say(room_id, "/ask what is it?")
    for person in room[:2]:
        answer = opened(person, room_id)
        assert answer["author"]["name"] == "Ada"
        assert answer["author"]["bot"] is True
        assert answer["stream"]["content_type"] == "text/markdown"
        assert answer["seq"] == question["seq"] + 1
        ended(person, answer["id"], "finished")
        assert "".join(one["text"] for one in person.heard("stream:appended")) == "The **answer** is 42 🙂."
        assert person.view(answer["id"])["text"] == "The **answer** is 42 🙂."
    [request] = model.requests()[-1:]
    assert request["path"] == "/v1/chat/completions"
    assert request["authorization"] == "Bearer secret-key"
    assert (request["model"], request["stream"]) == ("small", True)
    assert request["messages"][0]["role"] == "system"
    assert request["messages"][-2:] == [
        {"role": "user", "content": "Bob: what came before"},
        {"role": "user", "content": "Ann: what is it?"},
    ]


def test_who_is_connected_is_told_who_answers(server: Server, asked: Server, meet: Meet) -> None:
    assert meet(asked, "Ann").wait_for("session:ready")["server"]["assistant"] == "Ada"
    assert meet(server, "Ann").wait_for("session:ready")["server"]["assistant"] is None


def test_the_pieces_are_seen_while_the_model_writes(model: ModelServer, room: tuple[Person, Person, str]) -> None:
    ann, bob, room_id = room
    go_on = threading.Event()

    def script(reply: Reply) -> None:
        reply.begin()
        reply.text("first")
        assert go_on.wait(10)
        reply.text(" second")
        reply.end()

    model.script = script
    ann.say(room_id, "/ask slowly")
    bob.wait_for("stream:appended", text="first", room_id=room_id)
    assert bob.heard("stream:ended") == []
    go_on.set()
    bob.wait_for("stream:appended", text=" second", room_id=room_id)
    ended(bob, opened(bob, room_id)["id"], "finished")


def test_a_question_that_is_sent_twice_is_answered_once(model: ModelServer, room: tuple[Person, Person, str]) -> None:
    ann, _, room_id = room
    model.script = say_in_pieces("once")
    client_id = fresh()
    for _ in range(3):
        ann.command("message:send", room_id=room_id, client_id=client_id, text="/ask again?")
    ended(ann, opened(ann, room_id)["id"], "finished")
    ann.hear_everything()
    assert len(ann.heard("stream:opened", room_id=room_id)) == 1


@pytest.mark.parametrize("text", ["/ask", "/ask ", "/asking for a friend", "ask me", " /ask not at the beginning"])
def test_what_is_no_question_is_a_message(model: ModelServer, room: tuple[Person, Person, str], text: str) -> None:
    ann, _, room_id = room
    before = len(model.requests())
    ann.say(room_id, text)
    ann.hear_everything()
    assert ann.heard("stream:opened", room_id=room_id) == []
    assert len(model.requests()) == before


def test_a_model_that_falls_silent_is_interrupted_and_somebody_has_it_go_on(
    model: ModelServer, room: tuple[Person, Person, str]
) -> None:
    ann, bob, room_id = room
    hung_up = threading.Event()

    def stall(reply: Reply) -> None:
        reply.begin()
        reply.text("so far ")
        if reply.wait_for_the_hang_up(15):
            hung_up.set()

    model.script = stall
    ann.say(room_id, "/ask and stall")
    answer = opened(bob, room_id)
    stopped = ended(bob, answer["id"], "interrupted")["stream"]
    assert stopped["reason"]
    assert stopped["asked_by"] == ann.id
    assert hung_up.wait(5), "the request upstream is closed"
    model.script = say_in_pieces("and on")
    bob.line.forget()
    assert ann.command("stream:continue", stream_id=answer["id"])["lease"] == 2
    ended(bob, answer["id"], "finished")
    assert bob.view(answer["id"])["text"] == "so far and on"
    assert model.requests()[-1]["messages"][-1] == {"role": "assistant", "content": "so far "}


FAILURES = {
    "it refuses": (lambda reply: reply.refuse(429, {"error": {"message": "quota exceeded."}}), "failed", "429: quota exceeded"),
    "it refuses without words": (lambda reply: reply.refuse(503, "<html>"), "failed", "503"),
    "it errs in the middle": (
        lambda reply: (reply.begin(), reply.text("a"), reply.send('data: {"error": {"message": "out of memory"}}\n\n')),
        "failed",
        "out of memory",
    ),
    "it is cut in the middle": (lambda reply: (reply.begin(), reply.text("a"), reply.cut()), "interrupted", "cut"),
    "it ends without an end": (
        lambda reply: (reply.begin(), reply.text("a"), reply.send_end()),
        "interrupted",
        "cut",
    ),
    "it is cut before it says anything": (lambda reply: reply.cut(), "interrupted", "cut"),
    "it sends no events": (
        lambda reply: (reply.begin("text/html"), reply.send("<p>hello"), reply.send_end()),
        "failed",
        "protocol",
    ),
    "it sends no json": (lambda reply: (reply.begin(), reply.send("data: {oops\n\n")), "failed", "protocol"),
    "it sends something else": (lambda reply: (reply.begin(), reply.send("data: [1, 2]\n\n")), "failed", "protocol"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_model_that_fails_is_seen_to_fail(model: ModelServer, room: tuple[Person, Person, str], failure: str) -> None:
    ann, _, room_id = room
    script, state, words = FAILURES[failure]
    model.script = script
    ann.say(room_id, "/ask and fail")
    answer = opened(ann, room_id)
    reason = ended(ann, answer["id"], state)["stream"]["reason"]
    assert words in reason
    assert "secret-key" not in reason


@pytest.mark.parametrize("who", ["the one who asked", "the owner of the room"])
def test_a_stop_ends_the_request_upstream(model: ModelServer, room: tuple[Person, Person, str], who: str) -> None:
    ann, bob, room_id = room
    hung_up = threading.Event()

    def endless(reply: Reply) -> None:
        reply.begin()
        while not reply.hung_up.is_set():
            reply.text("on and on ")
            if reply.wait_for_the_hang_up(0.02):
                hung_up.set()

    model.script = endless
    asking, stopping = (bob, bob) if who == "the one who asked" else (bob, ann)
    asking.say(room_id, "/ask for ever")
    answer = opened(ann, room_id)
    ann.wait_for("stream:appended", stream_id=answer["id"])
    receipt = stopping.command("stream:stop", stream_id=answer["id"], reason="enough")
    assert receipt["state"] == "stopped"
    assert hung_up.wait(5)
    view = ann.view(answer["id"])
    assert (view["state"], view["end"]) == ("stopped", receipt["offset"])


def test_somebody_else_may_not_stop_an_answer(model: ModelServer, room: tuple[Person, Person, str]) -> None:
    ann, bob, room_id = room
    go_on = threading.Event()

    def script(reply: Reply) -> None:
        reply.begin()
        assert go_on.wait(10)
        reply.text("kept")
        reply.end()

    model.script = script
    ann.say(room_id, "/ask for me")
    answer = opened(bob, room_id)
    assert bob.line.refused("stream:stop", stream_id=answer["id"])["code"] == "forbidden"
    assert ann.line.refused("stream:append", stream_id=answer["id"], lease=1, offset=0, text="x")["code"] == "forbidden"
    go_on.set()
    ended(bob, answer["id"], "finished")


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("\ud83d", "\ude42"), "🙂"),
        (("a\0b",), "ab"),
        (("lone \udc00 half",), "lone \ufffd half"),
        (("漢字", "と", "仮名"), "漢字と仮名"),
        (("x" * 100_000,), "x" * 100_000),
    ],
    ids=["a pair in two", "NUL", "half a pair", "kanji", "much at once"],
)
def test_only_whole_characters_are_stored(
    model: ModelServer, room: tuple[Person, Person, str], pieces: tuple[str, ...], text: str
) -> None:
    ann, _, room_id = room
    model.script = say_in_pieces(*pieces)
    ann.say(room_id, "/ask oddly")
    answer = opened(ann, room_id)
    ended(ann, answer["id"], "finished")
    stored = ""
    while len(stored) < len(text):
        stored += ann.view(answer["id"], len(stored.encode("utf-16-le")) // 2)["text"]
    assert stored == text


def test_what_was_being_written_when_the_server_died_is_marked(serve: Serve, model: ModelServer, meet: Meet) -> None:
    server = serve(ai_url=model.url, ai_model="small")
    model.script = lambda reply: (reply.begin(), reply.text("half an "), reply.wait_for_the_hang_up(20))
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    ann.say(room_id, "/ask and die")
    answer = opened(ann, room_id)
    ann.wait_for("stream:appended", stream_id=answer["id"])
    server.restart()
    until("it is marked", lambda: ann.view(answer["id"])["state"] == "interrupted")
    model.script = say_in_pieces("answer")
    ann.good("POST", f"/streams/{answer['id']}/continue", {})
    until("it went on", lambda: ann.view(answer["id"])["state"] == "finished")
    assert ann.view(answer["id"])["text"] == "half an answer"


def test_a_model_that_cannot_be_reached_is_a_failure(serve: Serve, meet: Meet) -> None:
    server = serve(ai_url="http://127.0.0.1:9/v1", ai_model="small")
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    ann.say(room_id, "/ask nobody")
    assert "cannot be reached" in ended(ann, opened(ann, room_id)["id"], "failed")["stream"]["reason"]


def test_without_a_model_a_question_is_a_message(ann: Person, room_id: str) -> None:
    ann.say(room_id, "/ask nobody")
    ann.hear_everything()
    assert ann.heard("stream:opened", room_id=room_id) == []
