"""What outlives a server that was killed, and what one that is stopped says to everybody."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException

import pytest

from conftest import Meet, Serve
from people import fresh
from raw import RawPolling, RawSocket
from rest import ask
from server import Server, until


@pytest.fixture(scope="module")
def server(serve_module: Serve) -> Server:
    """For all tests here that kill no more than the process that serves."""
    return serve_module()


def kill(server: Server) -> None:
    """kill -9 to the process that serves; returns when another one does."""
    server.kill_worker()
    until("the API answers again", lambda: answers(server))


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


def test_a_stream_that_the_server_wrote_goes_on_by_itself_at_the_exact_character(server: Server, meet: Meet) -> None:
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    text = "".join(f"{number} 🙂 漢字 " for number in range(100))
    stream = ann.open_stream(room_id, source={"kind": "text", "text": text, "pace_ms": 5})
    stream_id = stream["stream_id"]
    ann.line.wait_for_count(6, "stream:appended", stream_id=stream_id)
    server.kill_worker()
    shown = "".join(one["text"] for one in ann.heard("stream:appended", stream_id=stream_id))
    assert 0 < len(shown) < len(text)
    until("the API answers again", lambda: answers(server))
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


def test_a_clients_stream_can_be_continued_after_the_kill_under_the_next_lease(server: Server, meet: Meet) -> None:
    ann = meet(server, "Ann", live=False)
    stream_id = ann.open_stream(ann.open_room())["stream_id"]
    ann.good("POST", f"/streams/{stream_id}/chunks", {"lease": 1, "offset": 0, "text": "half "})
    kill(server)
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


@pytest.mark.parametrize("way", ["websocket", "polling"])
def test_what_crosses_the_goodbye_is_answered(serve: Serve, meet: Meet, way: str) -> None:
    """A client that is slow to read has not been told yet, however long ago the server said it."""
    server = serve()
    witness, slow = meet(server, "Witness"), meet(server, "Slow", live=False)
    line = RawSocket(server).enter(slow.token) if way == "websocket" else RawPolling(server).enter(slow.token)
    with ThreadPoolExecutor(1) as hand:
        stopping = hand.submit(server.stop)
        witness.wait_for("session:ended", seconds=5)
        assert not witness.line.gone.wait(0.5), "the server waits until everybody has read it"
        packet = '42/chat,7["message:send",{"room_id":"x","client_id":"late","text":"late"}]'
        line.send(packet) if isinstance(line, RawSocket) else line.post(packet)
        assert '"server_stopping"' in line.until('42/chat,["session:ended"')
        assert '"unavailable"' in line.until("43/chat,7[")
        if isinstance(line, RawPolling):
            line.until("1")  # and so its answer to the ping is posted
        assert stopping.result() == 0
    if isinstance(line, RawSocket):
        line.close()
    assert witness.line.gone.wait(5)


def test_a_worker_that_died_is_replaced_and_the_rest_is_as_after_any_restart(server: Server, meet: Meet) -> None:
    ann = meet(server, "Ann", live=False)
    room_id = ann.open_room()
    message = ann.say(room_id, "before", client_id="w")
    kill(server)
    assert ann.say(room_id, "before", client_id="w") == message
    assert ann.say(room_id, "after", client_id=fresh())["seq"] == message["seq"] + 1


def answers(server: Server) -> bool:
    try:
        return ask(server.port, "GET", "/readyz").status == 200
    except (OSError, HTTPException):
        return False
