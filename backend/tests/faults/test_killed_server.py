"""kill -9 in the middle of everything: what was acknowledged is there, once, and nothing else is missing or doubled."""

import threading
from contextlib import closing
from http.client import HTTPException

import socketio

from conftest import Meet, Serve
from people import Person, fresh
from raw import RawPolling
from rest import ask
from server import Server, until


def test_what_was_acked_before_the_kill_is_in_the_log_once_and_the_log_has_no_gaps(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann", live=False)
    room_id = ann.open_room()
    people = [meet(server, f"Sender {number}", live=number % 2 == 0) for number in range(6)]
    for person in people:
        person.join(room_id)
    acked: dict[tuple[str, str], int] = {}
    attempted: list[tuple[Person, str]] = []
    counting = threading.Lock()
    enough = threading.Event()

    def send(person: Person) -> None:
        for number in range(10_000):
            client_id = f"k{number}"
            with counting:
                attempted.append((person, client_id))
            fields = {"client_id": client_id, "text": f"text {number}"}
            try:
                if person.lines:
                    seq = person.command("message:send", room_id=room_id, **fields)["seq"]
                else:
                    answer = person.rest("POST", f"/rooms/{room_id}/messages", fields)
                    assert answer.status == 201
                    seq = answer.body["seq"]
            except (OSError, HTTPException, socketio.exceptions.SocketIOError):
                return
            with counting:
                acked[person.id, client_id] = seq
                if len(acked) >= 150:
                    enough.set()

    threads = [threading.Thread(target=send, args=(person,)) for person in people]
    for one in threads:
        one.start()
    assert enough.wait(30)
    server.kill()
    for one in threads:
        one.join(30)
    server.start()

    log = ann.history(room_id)
    found = {(message["author"]["id"], message["client_id"]): message["seq"] for message in log}
    assert len(found) == len(log), "nothing twice"
    assert acked.items() <= found.items(), "acked ⊆ log, under the acked numbers"
    assert set(found) <= {(person.id, client_id) for person, client_id in attempted}
    first = len(people) + 2
    assert [message["seq"] for message in log] == list(range(first, first + len(log)))
    assert ann.room(room_id)["seq"] == log[-1]["seq"]

    # What clients do when they are back: everything again that was not acked, and nothing is doubled.
    for person, client_id in attempted:
        person.say(room_id, f"text {client_id[1:]}", client_id=client_id)
    after = ann.history(room_id)
    assert len(after) == len(attempted)
    assert after[: len(log)] == log
    assert [message["seq"] for message in after] == list(range(first, first + len(after)))


def test_the_epoch_and_the_tokens_outlive_the_server(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann", live=False)
    room = ann.room(ann.open_room())
    server.restart()
    assert ann.room(room["id"]) == room
    ann.connect()
    assert ann.wait_for("session:ready")["epoch"] == room["epoch"]
    assert (
        ann.command("session:resume", epoch=room["epoch"], rooms={room["id"]: 1})["rooms"][room["id"]]["verdict"] == "resumed"
    )


def test_a_stream_that_the_server_wrote_goes_on_by_itself_at_the_exact_character(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    text = "".join(f"{number} 🙂 漢字 " for number in range(60))
    stream = ann.open_stream(room_id, source={"kind": "text", "text": text, "pace_ms": 5})
    stream_id = stream["stream_id"]
    ann.line.wait_for_count(6, "stream:appended", stream_id=stream_id)
    server.kill()
    shown = "".join(one["text"] for one in ann.heard("stream:appended", stream_id=stream_id))
    assert 0 < len(shown) < len(text)
    server.start()
    back = ann.connect()
    opened = ann.get(f"/rooms/{room_id}/changes?after={stream['message']['seq']}")["changes"][0]
    assert opened["message"]["stream"]["lease"] >= 2
    view = ann.view(stream_id)
    assert view["text"].startswith(shown), "what was shown had been stored"
    ended = back.wait_for("stream:ended", lambda heard: heard["message"]["id"] == stream_id, seconds=20)
    assert ended["message"]["stream"]["state"] == "finished"
    assert ended["message"]["stream"]["lease"] == 2
    whole = ann.view(stream_id)
    assert (whole["text"], whole["state"]) == (text, "finished")
    pieces = back.heard("stream:appended", stream_id=stream_id)
    written = whole["text"].encode("utf-16-le")
    for piece in pieces:
        assert written[2 * piece["offset"] :].startswith(piece["text"].encode("utf-16-le"))


def test_a_clients_stream_can_be_continued_after_the_kill_under_the_next_lease(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann", live=False)
    stream_id = ann.open_stream(ann.open_room())["stream_id"]
    ann.good("POST", f"/streams/{stream_id}/chunks", {"lease": 1, "offset": 0, "text": "half "})
    server.restart()
    taken = ann.good("POST", f"/streams/{stream_id}/continue", {})
    assert (taken["lease"], taken["offset"]) == (2, 5)
    stale = ann.rest("POST", f"/streams/{stream_id}/chunks", {"lease": 1, "offset": 5, "text": "lost"})
    assert stale.code == "stale_lease"
    ann.good("POST", f"/streams/{stream_id}/chunks", {"lease": 2, "offset": 5, "text": "whole"})
    ann.good("POST", f"/streams/{stream_id}/finish", {"lease": 2})
    assert ann.view(stream_id)["text"] == "half whole"


def test_a_server_that_is_stopped_tells_everybody_to_come_back(serve: Serve, meet: Meet) -> None:
    server = serve()
    people = [meet(server, f"Guest {number}") for number in range(4)]
    polling = RawPolling(server).enter(meet(server, "Polly", live=False).token)
    polling.until('42/chat,["session:ready"')
    with closing(polling.begin_poll()) as poll:
        assert server.stop() == 0
        last = poll.getresponse().read().decode()
    assert '"server_stopping"' in last
    for person in people:
        ended = person.wait_for("session:ended", seconds=5)
        assert (ended["reason"], ended["reconnect"]) == ("server_stopping", True)
        assert person.line.gone.wait(5)


def test_a_worker_that_died_is_replaced_and_the_rest_is_as_after_any_restart(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann", live=False)
    room_id = ann.open_room()
    message = ann.say(room_id, "before", client_id="w")
    server.kill_worker()
    until("the API answers again", lambda: answers(server))
    assert ann.say(room_id, "before", client_id="w") == message
    assert ann.say(room_id, "after", client_id=fresh())["seq"] == message["seq"] + 1


def answers(server: Server) -> bool:
    try:
        return ask(server.port, "GET", "/readyz").status == 200
    except (OSError, HTTPException):
        return False
