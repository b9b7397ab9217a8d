"""Series: numbers that come live, drawn as a plot and written in a table; what is no number is a log."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from inspection import Inspection
from pages.series_view import SeriesView
from people import People
from person import NARROW, WIDE, Looks, Person
from stack import Stack

Quotes = Callable[..., "Playing"]


class Playing:
    """`crosstalk demo quotes` in a room, until it is told to end."""

    def __init__(self, stack: Stack, room: str, *options: str) -> None:
        command = [sys.executable, "-m", "crosstalk", "demo", "quotes", "--api", stack.api, "--room", room, *options]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def finish(self) -> int:
        """As Ctrl-C does it. Returns how many items there were."""
        self._process.send_signal(signal.SIGINT)
        text, _ = self._process.communicate(timeout=20)
        found = re.search(r"Finished after (\d+) items", text)
        assert found, text
        return int(found[1])

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def quotes(stack: Stack) -> Iterator[Quotes]:
    playing: list[Playing] = []

    def play(room: str, *options: str) -> Playing:
        playing.append(Playing(stack, room, *options))
        return playing[-1]

    yield play
    for one in playing:
        one.close()


class Producer:
    """A program that writes a series over REST, item by item."""

    def __init__(self, stack: Stack, room: str) -> None:
        self._api = f"{stack.api}/api"
        self._token = ""
        self._token = self._post("/guests", {"name": "Sensor"})["access_token"]
        room_id = next(one["id"] for one in self._get("/rooms?scope=public")["rooms"] if one["name"] == room)
        self._post(f"/rooms/{room_id}/members", {})
        opened = self._post(f"/rooms/{room_id}/streams", {"client_id": "series", "content_type": "application/json"})
        self._stream, self._lease, self._offset = opened["stream_id"], opened["lease"], 0

    def append(self, *items: Any) -> None:
        body = {"lease": self._lease, "offset": self._offset, "items": list(items)}
        self._offset = self._post(f"/streams/{self._stream}/chunks", body)["offset"]

    def finish(self) -> None:
        self._post(f"/streams/{self._stream}/finish", {"lease": self._lease})

    @contextmanager
    def keeping_its_lease(self) -> Iterator[None]:
        """While it has nothing to write: a long look at the page may take longer than a lease."""
        over = Event()

        def renew() -> None:
            while not over.wait(3):
                self._post(f"/streams/{self._stream}/renew", {"lease": self._lease})

        renewing = Thread(target=renew)
        renewing.start()
        try:
            yield
        finally:
            over.set()
            renewing.join()

    def _get(self, path: str) -> Any:
        with urlopen(Request(self._api + path, headers=self._headers()), timeout=10) as answer:
            return json.load(answer)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        with urlopen(Request(self._api + path, json.dumps(body).encode(), self._headers()), timeout=10) as answer:
            return json.load(answer)

    def _headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}


def series_of(person: Person) -> SeriesView:
    """The last one in the room."""
    return SeriesView(person.room.log.locator("[data-stream-state]").last, person.looks.language)


def test_two_people_watch_prices_and_one_comes_back_after_a_reload(
    ann: Person, bob: Person, shared_room: str, quotes: Quotes
) -> None:
    playing = quotes(shared_room, "--pace", "50")
    views = [series_of(ann), series_of(bob)]
    for view in views:
        view.is_a("plot")
        view.shows_at_least(5)
        expect(view.legend).to_have_text([re.compile(name) for name in ("plums", "pears", "medlars")])
    bob.reload()
    view = series_of(bob)
    view.shows_at_least(10)
    items = playing.finish()
    for person in (ann, bob):
        view = series_of(person)
        view.is_over("finished")
        view.shows(items)
        view.is_drawn(items)
        expect(view.rows).to_have_count(min(items, 100))
        expect(view.receipt).to_have_text(f"Finished · {items} items")
        expect(view.pause).to_have_count(0)
    assert series_of(ann).rows.all_text_contents() == series_of(bob).rows.all_text_contents()


def test_a_pause_holds_the_picture_and_keeps_what_comes(ann: Person, bob: Person, shared_room: str) -> None:
    producer = Producer(ann.stack, shared_room)
    producer.append(*[{"t": n, "value": n / 2} for n in range(10)])
    view = series_of(ann)
    view.shows(10)
    view.pause.click()
    expect(view.go_on).to_have_text("Resume")
    placed = view.legend.first.bounding_box()
    expect(view.table.get_by_role("columnheader")).to_have_text(["Position", "value"])
    producer.append({"t": 10, "value": 7.25})
    producer.append({"t": 11, "value": 8})
    expect(view.go_on).to_have_accessible_name("Resume, 2 new items")
    assert view.legend.first.bounding_box() == placed, "what waits moves nothing"
    view.shows(10)
    view.is_drawn(10)
    assert view.rows.first.locator("th, td").all_text_contents() == ["9", "4.5"]
    series_of(bob).shows(12)
    view.go_on.click()
    view.shows(12)
    view.is_drawn(12)
    assert view.rows.first.locator("th, td").all_text_contents() == ["11", "8.00"]
    expect(view.pause).to_be_visible()
    view.pause.click()
    producer.finish()
    view.is_over("finished")
    view.go_on.click()
    expect(view.go_on).to_have_count(0)


def test_the_table_is_a_table_and_the_plot_says_what_it_shows(ann: Person, shared_room: str) -> None:
    producer = Producer(ann.stack, shared_room)
    producer.append(
        {"at": "2026-01-02T03:04:05Z", "indoors": 20.5, "outdoors": -3}, {"at": "2026-01-02T03:05:05Z", "indoors": 21}
    )
    producer.append("the window was opened")
    view = series_of(ann)
    view.shows(3)
    expect(view.table.get_by_role("columnheader")).to_have_text(["Time", "indoors", "outdoors"])
    expect(view.table.locator("caption")).to_have_text("3 items, newest first")
    expect(view.table.get_by_role("rowheader")).to_have_text(["3", "03:05:05", "03:04:05"])
    expect(view.rows).to_have_text([re.compile("the window was opened"), re.compile("21.0.*–"), re.compile("20.5.*-3")])
    expect(view.plot).to_have_accessible_name(
        "Plot of 2 points. indoors: between 20.5 and 21.0, now 21.0. outdoors: between -3 and -3, now -3."
    )
    expect(ann.page.locator("[data-announcer]")).to_have_text("", timeout=20_000)
    producer.append({"at": "2026-01-02T03:06:05Z", "indoors": 22})
    expect(ann.page.locator("[data-announcer]")).to_have_text("indoors 22.0, outdoors -3")


def test_items_that_are_no_numbers_are_a_log_newest_last(ann: Person, shared_room: str) -> None:
    producer = Producer(ann.stack, shared_room)
    producer.append("compiling", {"step": "link", "ok": True}, ["a", 1])
    view = series_of(ann)
    view.is_a("log")
    expect(view.legend).to_have_text(["compiling", '{"step":"link","ok":true}', '["a",1]'])
    expect(view.plot).to_have_count(0)
    producer.append(*[f"line {number}" for number in range(300)])
    view.shows(303)
    expect(view.legend.last).to_be_in_viewport()
    expect(view.legend.last).to_have_text("line 299")
    expect(view.legend).to_have_count(200)


def test_what_draws_plots_is_not_loaded_before_there_is_one(ann: Person, shared_room: str) -> None:
    Producer(ann.stack, shared_room).append("only words")
    series_of(ann).is_a("log")
    assert not [one for one in ann.witness.requests if "Plot" in one]
    Producer(ann.stack, shared_room).append(1)
    series_of(ann).is_drawn(1)
    assert [one for one in ann.witness.requests if "Plot" in one]


def test_a_killed_api_costs_the_plot_no_point(ann: Person, bob: Person, shared_room: str, quotes: Quotes) -> None:
    playing = quotes(shared_room, "--pace", "50")
    view = series_of(ann)
    view.shows_at_least(5)
    for person in (ann, bob):
        person.loses_api()
    ann.stack.kill()
    ann.stack.start()
    view.shows_at_least(view.shown() + 5)
    items = playing.finish()
    view.shows(items)
    view.is_drawn(items)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing(
    people: People, pytestconfig: pytest.Config, results: Path, unique: Callable[[str], str], size: Any, language: Any
) -> None:
    person = people.enter("Ann", Looks(size=size, language=language, still=True))
    inspection = Inspection(person, results / "screens" if pytestconfig.getoption("--screens") else None)
    name = unique("Garden")
    person.rooms.create(name)
    producer = Producer(person.stack, name)
    producer.append(*[price(n) for n in range(180)])
    view = series_of(person)
    view.is_drawn(180)
    with producer.keeping_its_lease():
        inspection.look("series")
        if size == NARROW:
            expect(view.table).to_be_hidden()
            view.show_table.check()
            expect(view.plot).to_be_hidden()
            inspection.look("series-table")
        else:
            expect(view.table).to_be_visible()
        view.pause.click()
    producer.append(price(180))
    producer.finish()
    expect(view.go_on).to_be_visible()
    Producer(person.stack, name).append(
        "compiling", {"step": "link", "ok": True}, {"at": "2026-01-02T03:04:05Z", "text": "done"}
    )
    series_of(person).is_a("log")
    inspection.look("series-log")
    lone = Producer(person.stack, name)
    lone.append(*[{"t": 1_790_000_000 + n, "value": 20 + (n * 7 % 11) / 4} for n in range(60)])
    lone.finish()
    series_of(person).is_over("finished")
    inspection.look("series-lone")
    many = Producer(person.stack, name)
    many.append(*[{f"sensor {k}": k * 10 + (n * (k + 3) % 13) / 3 for k in range(8)} for n in range(40)])
    series_of(person).is_a("plot")
    inspection.look("series-many")
    inspection.found_nothing()


def price(number: int) -> dict[str, Any]:
    """Three that go up and down, a second apart."""
    at = f"2026-01-02T03:{number // 60:02}:{number % 60:02}Z"
    plums, pears, medlars = (
        round(base + (number * step % 37) / 9 + number / 40, 2) for base, step in ((40, 5), (28, 11), (61, 3))
    )
    return {"at": at, "plums": plums, "pears": pears, "medlars": medlars}


# JSON has more numbers than there are dates, and more than a plot can tell apart.
_EXTREMES = [
    [{"t": 2**53 - 1, "value": 1}],
    [{"t": 8.64e15, "value": 1}],
    [{"t": 8.64e15 - 1, "value": 1}, {"t": 8.64e15, "value": 2}],
    [{"t": 1e11, "value": 1}, {"t": 8.64e15, "value": 2}],
    [{"at": "2026-01-02T03:04:05Z", "value": 1}, {"at": 2**53 - 1, "value": 2}],
    [{"time": 1.7e308, "value": 1}, {"time": 1.7e308, "value": 2}],
    [{"at": "9999-12-31T23:59:59Z", "value": 1}, {"at": "9999-99-99", "value": 2}],
    [{"t": -(2**53), "value": -1.7e308}, {"t": 2**53, "value": 1.7e308}],
    [{"t": 5e-324, "value": 5e-324}, {"t": 1e-323, "value": 1e-323}],
    [2**53 - 2, 2**53 - 1],
    [{"t": 1, "value": 1}, {"t": 1 + 2**-52, "value": 2}],
    [{"t": 2**53 - 1, "value": 1}, {"t": 2**53, "value": 2}],
    [{"t": 1.7e12, "value": 1}, {"t": 1.7e12 + 2**-12, "value": 2}],
    ["words", {"t": 2**53 - 1}, {"t": 2**53 - 1, "step": "link"}],
]


@pytest.mark.parametrize("items", _EXTREMES, ids=lambda items: json.dumps(items)[:50])
def test_numbers_beyond_every_date_and_axis_are_shown_and_the_page_goes_on(
    ann: Person, unique: Callable[[str], str], items: list[Any]
) -> None:
    room = unique("Extremes")
    ann.rooms.create(room)
    producer = Producer(ann.stack, room)
    producer.append(*items)
    view = series_of(ann)
    view.shows(len(items))
    producer.finish()
    view.is_over("finished")
    ann.room.say("the page goes on")
