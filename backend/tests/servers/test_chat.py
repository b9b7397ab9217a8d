"""The product on every server: a room, a message, a stream that the server writes, and all of it after a restart."""

import time

import pytest
from hosted import Begin, Hosted
from roster import Host

from people import Person
from rest import ask

TEXT = "It arrives piece by piece, and nothing of it is lost. 🚀"


@pytest.mark.timeout(90)
@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_people_talk_watch_a_stream_and_find_it_all_after_a_restart(
    host: Host, transport: str, begin: Begin, people: list[Person]
) -> None:
    server = begin(host).start()
    ann, bob = Person.guest(server, "Ann"), Person.guest(server, "Bob")
    people += [ann, bob]
    ann.connect([transport])
    bob.connect([transport])
    room_id = ann.open_room()
    bob.join(room_id)
    sent = ann.command("message:send", room_id=room_id, client_id="greeting", text="hello")
    assert bob.wait_for("message:created", room_id=room_id)["message"] == sent
    source = {"kind": "text", "text": TEXT, "pace_ms": 5}
    opened = ann.command("stream:open", room_id=room_id, client_id="stream", content_type="text/plain", source=source)
    ended = bob.wait_for("stream:ended", room_id=room_id)
    assert ended["message"]["stream"]["state"] == "finished"
    pieces = bob.heard("stream:appended", stream_id=opened["stream_id"])
    assert "".join(piece["text"] for piece in pieces) == TEXT
    assert len(pieces) > 1

    assert server.stop().status == 0
    for person in people:
        assert person.wait_for("session:ended")["reason"] == "server_stopping"
        assert person.line.gone.wait(5)
    server.start()
    assert [message["id"] for message in bob.history(room_id)] == [sent["id"], opened["stream_id"]]
    assert bob.view(opened["stream_id"])["text"] == TEXT


def test_a_password_is_hashed_and_known_again(hosted: Hosted) -> None:
    account = {"name": f"kim{time.time_ns()}", "password": "long enough"}
    assert ask(hosted.port, "POST", "/api/accounts", account).status == 201
    assert ask(hosted.port, "POST", "/api/sessions", account).status == 201
    assert ask(hosted.port, "POST", "/api/sessions", account | {"password": "another one"}).code == "unauthenticated"
