"""`crosstalk demo quotes`: prices that tick in a room, so that there is a live plot to look at."""

import random
import re
import signal
import threading
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import click

from crosstalk.demo.api import Api, NotTheAPI, Refused, Unreachable
from crosstalk.demo.series import Ended, GivenUp, Series
from crosstalk.demo.walk import Walk

GUEST = "Quotes"


class Failed(Exception):
    """It cannot go on. The text is one line that says why."""


def symbols_of(text: str) -> list[str]:
    """The symbols in a text with commas. Raises ValueError, whose text says what to write."""
    symbols = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[\w.-]{1,16}", symbol) for symbol in symbols):
        raise ValueError(f"{text!r} are no names of 1 to 16 letters or digits, with commas between them")
    if len(symbols) > 6 or len(set(symbols)) < len(symbols):
        raise ValueError(f"{text!r} are more than 6, or one of them comes twice")
    if taken := {"at", "t", "time"} & set(symbols):
        raise ValueError(f"{taken.pop()!r} is what the time is called; write another name")
    return symbols


def quote(address: str, room: str, *, symbols: list[str], pace_ms: int, count: int | None) -> None:
    """Until Ctrl-C, or for so many items. Raises Failed."""
    stop = _asked_to_end()
    api = Api(address)
    try:
        room_id, name = _enter(api, room)
        series = Series(api, room_id, wait=stop.wait, tell=_tell)
        series.open()
        click.echo(f"{', '.join(symbols)} in {name}, every {pace_ms} ms; Ctrl-C finishes")
        items = _tick(series, Walk(symbols, random.Random()), stop, pace_ms / 1000, count)
        series.finish()
        click.echo(f"Finished after {items} {'item' if items == 1 else 'items'}.")
    except Ended as ended:
        click.echo(str(ended))
    except GivenUp:
        raise Failed("the API is away, so the series could not be finished; the room will see it as interrupted") from None
    except NotTheAPI as other:
        raise Failed(f"{address} is no Crosstalk: {other}") from other
    except Unreachable as gone:
        raise Failed(f"no answer from {address}: {gone}; is the API running? Another address is given with --api") from gone
    except Refused as refused:
        raise Failed(f"the API refused: {refused}") from refused
    finally:
        api.close()


def _tick(series: Series, walk: Walk, stop: threading.Event, pace_s: float, count: int | None) -> int:
    """Returns the number of items that were stored."""
    items = 0
    while not stop.is_set() and items != count:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        series.append({"at": at, **walk.step()})
        items += 1
        if items != count:
            _rest(series, stop, pace_s)
    return items


def _rest(series: Series, stop: threading.Event, seconds: float) -> None:
    """The pause between two items, in which the lease must not run out."""
    while seconds > 0 and not stop.is_set():
        part = min(seconds, series.lease_s / 3)
        seconds -= part
        if not stop.wait(part) and seconds > 0:
            series.renew()


def _enter(api: Api, wanted: str) -> tuple[str, str]:
    """Comes in as a guest and joins the room: its id and its name."""
    api.enter(GUEST)
    rooms = _public_rooms(api)
    found = [room for room in rooms if room["id"] == wanted]
    found = found or [room for room in rooms if room["name"].casefold() == wanted.casefold()]
    if not found:
        raise Failed(f"there is no public room {wanted!r}")
    if len(found) > 1:
        ids = ", ".join(room["id"] for room in found)
        raise Failed(f"there are {len(found)} rooms {wanted!r}; name one by its id: {ids}")
    room_id: str = found[0]["id"]
    api.ask("POST", f"/rooms/{room_id}/members", {})
    return room_id, found[0]["name"]


def _public_rooms(api: Api) -> list[dict[str, Any]]:
    """Every public room, page after page."""
    rooms: list[dict[str, Any]] = []
    after = ""
    while True:
        page = api.ask("GET", f"/rooms?scope=public&limit=200{after}")
        rooms += page["rooms"]
        if not page["more"]:
            return rooms
        after = f"&after={rooms[-1]['id']}"


def _asked_to_end() -> threading.Event:
    """Set by the first Ctrl-C or SIGTERM; the second one ends the process as it always would."""
    stop = threading.Event()
    kept: dict[int, Any] = {}

    def ask(number: int, _: FrameType | None) -> None:
        stop.set()
        for one, before in kept.items():
            signal.signal(one, before)

    for one in (signal.SIGINT, signal.SIGTERM):
        kept[one] = signal.signal(one, ask)
    return stop


def _tell(text: str) -> None:
    click.echo(f"crosstalk: {text}", err=True)
