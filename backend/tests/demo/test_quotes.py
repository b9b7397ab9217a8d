"""`crosstalk demo quotes`: a series for everybody to see, through restarts, until somebody has had enough."""

import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from playing import Quotes, quotes

from conftest import Meet, Serve
from people import Person
from server import Server

Play = Callable[..., Quotes]


@pytest.fixture
def play() -> Iterator[Play]:
    """Starts one for one test."""
    started: list[Quotes] = []

    def start(server: Server, *options: str) -> Quotes:
        started.append(Quotes(server.url, *options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def items_of(person: Person, stream_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.view(stream_id)["items"]
    return items


def test_a_guest_writes_a_series_of_prices_and_finishes_it(server: Server, ann: Person, room_id: str) -> None:
    told = quotes(server.url, "--room", room_id, "--symbols", "plums, pears", "--pace", "20", "--count", "5")
    assert (told.status, told.errors) == (0, "")
    assert told.text.splitlines() == [
        f"plums, pears in {ann.room(room_id)['name']}, every 20 ms; Ctrl-C finishes",
        "Finished after 5 items.",
    ]
    message = ann.wait_for("stream:ended", room_id=room_id)["message"]
    assert (message["author"]["name"], message["author"]["guest"]) == ("Quotes", True)
    assert (message["stream"]["state"], message["stream"]["offset"]) == ("finished", 5)
    assert message["stream"]["content_type"] == "application/json"
    items = items_of(ann, message["id"])
    assert [set(item) for item in items] == [{"at", "plums", "pears"}] * 5
    assert all(item["plums"] > 0 and round(item["plums"], 2) == item["plums"] for item in items)
    times = [datetime.fromisoformat(item["at"]) for item in items]
    assert times == sorted(times)
    # One item an append: everybody sees each as it comes.
    pieces = server.query("SELECT length FROM stream_pieces WHERE stream_id = ?", message["id"])
    assert pieces == [(1,)] * 5


def test_it_plays_in_the_lobby_unless_told_otherwise(server: Server, cleo: Person) -> None:
    cleo.join("lobby")
    assert quotes(server.url, "--count", "1").text.startswith("plums, pears, medlars in lobby")
    assert cleo.history("lobby")[-1]["stream"]["content_type"] == "application/json"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_finishes_the_series(server: Server, ann: Person, room_id: str, play: Play, number: signal.Signals) -> None:
    playing = play(server, "--room", room_id, "--pace", "20")
    ann.line.wait_for_count(3, "stream:appended", room_id=room_id)
    told = playing.interrupt(number)
    assert (told.status, told.errors) == (0, "")
    message = ann.wait_for("stream:ended", room_id=room_id)["message"]
    assert (message["stream"]["state"], message["stream"]["offset"]) == ("finished", told.items)


def test_a_killed_server_costs_no_item_and_doubles_none(serve: Serve, meet: Meet, play: Play) -> None:
    server = serve()
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    playing = play(server, "--room", room_id, "--pace", "20")
    stream_id = ann.line.wait_for_count(5, "stream:appended", room_id=room_id)[0]["stream_id"]
    server.kill()
    server.start()
    ann.connect()
    ann.lines[1].wait_for("stream:opened", lambda heard: heard["message"]["stream"]["lease"] == 2)
    ann.lines[1].wait_for_count(3, "stream:appended", room_id=room_id)
    told = playing.interrupt()
    assert told.status == 0
    again, on = told.errors.splitlines()
    assert again.startswith("crosstalk: the API does not answer (")
    assert on.startswith("crosstalk: going on under lease 2, at item ")
    items = items_of(ann, stream_id)
    assert len(items) == told.items
    times = [item["at"] for item in items]
    assert times == sorted(set(times)), "nothing twice, nothing out of order"


def test_who_ends_it_while_the_api_is_away_is_told_what_that_means(serve: Serve, meet: Meet, play: Play) -> None:
    server = serve()
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    playing = play(server, "--room", room_id, "--pace", "20")
    ann.wait_for("stream:appended", room_id=room_id)
    server.kill()
    told = playing.interrupt()
    assert told.status == 1
    assert told.errors.splitlines()[-1] == (
        "crosstalk: the API is away, so the series could not be finished; the room will see it as interrupted"
    )


def test_a_pace_slower_than_the_lease_keeps_the_lease(serve: Serve, meet: Meet) -> None:
    server = serve(stream_lease_s="0.6")
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    assert quotes(server.url, "--room", room_id, "--pace", "2000", "--count", "2").items == 2
    assert [ended["message"]["stream"]["state"] for ended in ann.heard("stream:ended")] == ["finished"]


def test_a_series_that_somebody_stopped_is_over(server: Server, ann: Person, room_id: str, play: Play) -> None:
    playing = play(server, "--room", room_id, "--pace", "20")
    stream_id = ann.wait_for("stream:appended", room_id=room_id)["stream_id"]
    ann.command("stream:stop", stream_id=stream_id, reason="enough")
    told = playing.told()
    assert (told.status, told.errors) == (0, "")
    assert told.text.splitlines()[-1] == "The stream has ended: it is stopped."


# ── refusals: one line each ──


def test_without_an_api_there_is_one_line_about_it() -> None:
    told = quotes("http://localhost:1")
    assert (told.status, told.text) == (1, "")
    assert told.errors.startswith("crosstalk: no answer from http://localhost:1: ")
    assert told.errors.endswith("is the API running? Another address is given with --api\n")
    assert told.errors.count("\n") == 1


def test_another_server_is_told_apart() -> None:
    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Other) as other:
        Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        told = quotes(url)
        other.shutdown()
    assert told.status == 1
    assert told.errors == f"crosstalk: {url} is no Crosstalk: it answered 404 and no JSON of the API's\n"


def test_an_unknown_room_and_a_private_one_are_refused(server: Server, cleo: Person) -> None:
    told = quotes(server.url, "--room", "nowhere at all")
    assert (told.status, told.text) == (1, "")
    assert told.errors == "crosstalk: there is no public room 'nowhere at all'\n"
    secret = cleo.open_room("a secret place", kind="private")
    for name in (secret, "a secret place"):
        assert quotes(server.url, "--room", name).errors == f"crosstalk: there is no public room {name!r}\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--api", "localhost:5002"), "'localhost:5002' is not an address. Use the form http://localhost:5002."),
        (("--symbols", "plums,,pears"), "'plums,,pears' are no names"),
        (("--symbols", "a,b,c,d,e,f,g"), "are more than 6"),
        (("--symbols", "plums,plums"), "one of them comes twice"),
        (("--symbols", "plums,at"), "'at' is what the time is called; write another name"),
        (("--pace", "1"), "1 is not in the range 20<=x<=60000"),
        (("--count", "0"), "0 is not in the range x>=1"),
    ],
)
def test_bad_usage_says_what_to_write(options: tuple[str, ...], says: str) -> None:
    told = quotes("http://localhost:1", *options)
    assert (told.status, told.text) == (2, "")
    assert says in told.errors
