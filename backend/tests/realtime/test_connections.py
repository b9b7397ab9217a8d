"""Connections: what comes first, what is bounded, and that what must end does end."""

import json
import threading
import time

import pytest

from conftest import Meet, Serve
from people import Line, Person, fresh
from raw import RawPolling, RawSocket
from rest import ask
from server import Server, until


def test_the_first_thing_a_connection_hears_is_that_it_is_ready(server: Server, meet: Meet) -> None:
    ann = meet(server, "Ann", live=False)
    room_id = ann.open_room()
    stop = threading.Event()

    def chatter() -> None:
        while not stop.is_set():
            ann.say(room_id, "noise")

    talking = threading.Thread(target=chatter)
    talking.start()
    try:
        for transport in ("websocket", "polling", "websocket"):
            line = ann.connect([transport])
            line.wait_for_count(2, "message:created", room_id=room_id)
            assert line.events[0][0] == "session:ready"
            seqs = [one["seq"] for one in line.heard("message:created")]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "and from then on everything, in order"
    finally:
        stop.set()
        talking.join()


def test_session_ready_says_who_one_is_and_what_the_limits_are(ann: Person) -> None:
    ready = ann.wait_for("session:ready")
    assert set(ready) == {"user", "epoch", "limits", "server"}
    assert ready["user"] == ann.user
    sizes = {"text", "stream", "packet_bytes", "command_bytes", "queue_bytes"}
    numbers = {"connections", "daily_bytes", "rooms", "open_streams", "written_streams", "answers", "ask_rate", "roster"}
    assert set(ready["limits"]) == {*sizes, *numbers, "rate", "budget"}
    assert ready["server"]["name"] == "crosstalk"


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]])
def test_every_transport_carries_commands_and_events(server: Server, meet: Meet, ann: Person, transports: list[str]) -> None:
    dan = meet(server, "Dan", transports=transports)
    room_id = ann.open_room()
    dan.command("room:join", room_id=room_id)
    until("the upgrade", lambda: dan.line.client.transport() == transports[-1])
    sent = dan.command("message:send", room_id=room_id, client_id=fresh(), text="x" * 8_000)
    assert dan.wait_for("message:created")["message"] == sent
    for number in range(40):
        ann.say(room_id, str(number))
    heard = dan.line.wait_for_count(41, "message:created", room_id=room_id)
    assert [one["message"]["text"] for one in heard[1:]] == [str(number) for number in range(40)]


def test_an_answer_to_a_poll_has_at_most_sixteen_packets_and_loses_none(server: Server, meet: Meet) -> None:
    ann = meet(server, "Ann", live=False)
    room_id = ann.open_room()
    raw = RawPolling(server).enter(ann.token)
    for number in range(50):
        ann.say(room_id, str(number))
    texts: list[str] = []
    while len(texts) < 50:
        packets = raw.packets()
        assert len(packets) <= 16
        texts += [json.loads(one[8:])[1]["message"]["text"] for one in packets if "message:created" in one]
    assert texts == [str(number) for number in range(50)]


def test_many_commands_in_one_request_are_run_in_order(server: Server, meet: Meet) -> None:
    ann = meet(server, "Ann", live=False)
    room_id = ann.open_room()
    raw = RawPolling(server).enter(ann.token)
    sends = [
        f"42/chat,{number}" + json.dumps(["message:send", {"room_id": room_id, "client_id": f"p{number}", "text": str(number)}])
        for number in range(100)
    ]
    assert raw.post("\x1e".join(sends)).status == 200
    raw.until("43/chat,99")
    assert [one["text"] for one in ann.history(room_id)] == [str(number) for number in range(100)]


def test_a_person_hears_an_event_once_on_every_connection(ann: Person, bob: Person) -> None:
    second, third = bob.connect(), bob.connect(["polling"])
    room_id = ann.open_room()
    bob.join(room_id)
    ann.say(room_id, "once")
    for line in (bob.line, second, third):
        line.wait_for("message:created", room_id=room_id)
    bob.hear_everything()
    for line in (bob.line, second, third):
        assert len(line.heard("message:created", room_id=room_id)) == 1
        assert len(line.heard("member:joined", room_id=room_id)) == 1


def test_a_client_that_answers_no_ping_is_cut_at_tcp_and_the_others_stay(serve: Serve, meet: Meet) -> None:
    server = serve(ping_interval="0.5", ping_timeout="0.75")
    ann = meet(server, "Ann")
    assert ann.line.client.eio.ping_interval == 0.5
    assert ann.line.client.eio.ping_timeout == 0.75, "fractions are advertised exactly"
    silent = RawSocket(server).enter(meet(server, "Silent", live=False).token)
    begun = time.monotonic()
    assert silent.is_cut(15)
    assert time.monotonic() - begun < 15
    assert ann.command("session:resume", epoch="e", rooms={}) == {"rooms": {}}


def test_what_is_closed_is_closed_at_tcp_though_the_peer_answers_no_close_frame(server: Server, cleo: Person) -> None:
    raw = RawSocket(server).enter(cleo.token)
    begun = time.monotonic()
    cleo.good("DELETE", "/sessions/current")
    assert raw.is_cut(15)
    assert time.monotonic() - begun < 15


@pytest.mark.timeout(120)
def test_who_does_not_read_is_cut_alone_and_finds_everything_on_coming_back(serve: Serve, meet: Meet) -> None:
    server = serve(queue_bytes="524288", ping_interval="19", ping_timeout="1")
    ann, bob = meet(server, "Ann"), meet(server, "Bob")
    slow = meet(server, "Slow", live=False)
    room_id = ann.open_room()
    for person in (bob, slow):
        person.join(room_id)
    deaf = RawSocket(server, buffer=4_096).enter(slow.token)

    def cut() -> bool:
        # The network's own buffers take some megabytes before anything waits in the server.
        stream_id = ann.open_stream(room_id)["stream_id"]
        for piece in range(16):
            ann.command("stream:append", stream_id=stream_id, lease=1, offset=piece * 65_536, text="x" * 65_536)
        ann.command("stream:finish", stream_id=stream_id, lease=1)
        return 'crosstalk_cuts_total{reason="slow_consumer"} 1' in ask(server.port, "GET", "/metrics").raw.decode()

    until("the slow one is cut", cut, seconds=60)
    assert deaf.close_code() == 1006, "cut, since a close frame would wait behind the rest"
    sent = ann.room(room_id)["seq"]
    bob.wait_for("stream:ended", room_id=room_id, seq=sent)
    heard = [one for name, one in bob.line.events if name in ("stream:opened", "stream:ended") and one["room_id"] == room_id]
    assert [one["seq"] for one in heard] == list(range(4, sent + 1)), "the others miss nothing"
    pieces = bob.heard("stream:appended", room_id=room_id)
    assert sum(len(one["text"]) for one in pieces) == len(heard) // 2 * 16 * 65_536
    slow.connect()
    verdict = slow.command("session:resume", epoch=ann.room(room_id)["epoch"], rooms={room_id: 3})["rooms"][room_id]
    assert verdict["verdict"] == "replayed"
    assert verdict["changes"][-1]["seq"] == sent


def test_connections_are_bounded_and_who_is_one_too_many_is_told_to_come_later(serve: Serve, meet: Meet) -> None:
    server = serve(max_connections="2")
    first, _second = meet(server, "Ann"), meet(server, "Bob")
    refused = ask(server.port, "GET", "/socket.io/?EIO=4&transport=polling")
    assert refused.status == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert first.get("/me") == first.user, "REST goes on"
    first.lines.pop().close()
    until("there is a place again", lambda: ask(server.port, "GET", "/socket.io/?EIO=4&transport=polling").status == 200)


def test_a_connection_that_is_dropped_without_a_word_leaves_the_server_as_it_was(server: Server, ann: Person) -> None:
    room_id = ann.open_room()
    for _ in range(20):
        RawSocket(server).enter(ann.token).close()
    ann.say(room_id, "still here")
    assert ann.wait_for("message:created", room_id=room_id)["message"]["text"] == "still here"


def test_leaving_the_namespace_ends_the_connection_and_it_hears_nothing_more(server: Server, cleo: Person) -> None:
    room_id = cleo.open_room()
    raw = RawSocket(server).enter(cleo.token)
    raw.send("41/chat,")
    cleo.say(room_id, "behind your back")
    cleo.connect()
    cleo.hear_everything()
    cleo.leave_the_building()
    assert not [frame for frame in raw.frames if isinstance(frame, str) and "message:created" in frame]


def test_two_people_on_one_transport_are_not_possible(server: Server, ann: Person, cleo: Person) -> None:
    raw = RawSocket(server).enter(ann.token)
    raw.send("40/chat," + json.dumps({"token": cleo.token}))
    answer = raw.ack_of('42/chat,ID["session:renew",' + json.dumps({"token": ann.token}) + "]")
    assert answer["ok"] is True, "the connection is still Ann's"
    raw.close()


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_reconnecting_again_and_again_leaves_one_presence_and_no_doubles(server: Server, cleo: Person, transport: str) -> None:
    room_id = cleo.open_room()
    for _ in range(6):
        Line(server, cleo.token, [transport]).close()
    last = Line(server, cleo.token, [transport])
    last.wait_for("session:ready")
    assert last.command("presence:list", room_id=room_id)["online"] == [cleo.id]
    cleo.say(room_id, "once")
    last.wait_for("message:created", room_id=room_id)
    assert len(last.heard("message:created", room_id=room_id)) == 1
    last.close()
