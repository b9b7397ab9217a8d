"""Named places where a test makes the server fail: `CROSSTALK_FAILPOINTS=commit:before=kill@20,announce:after=delay@5`.

Nothing is armed unless that is set, and production refuses it. A place acts once: the twentieth time that it is reached.
"""

import itertools
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

PLACES = tuple(f"{what}:{when}" for what in ("commit", "announce", "ack", "renew") for when in ("before", "after"))
DELAY_S = 0.1


@dataclass(frozen=True)
class Failpoint:
    """What happens at a place, and the how-manieth time."""

    act: Callable[[], None]
    at: int
    times: Iterator[int] = field(default_factory=lambda: itertools.count(1))


_armed: dict[str, Failpoint] = {}


def failpoint(place: str) -> None:
    """A place where the server may be told to fail."""
    if _armed and (one := _armed.get(place)) is not None and next(one.times) == one.at:
        one.act()


def arm(wanted: str) -> None:
    """Arms the places of the setting, and no others."""
    _armed.clear()
    _armed.update(read(wanted))


def read(wanted: str) -> dict[str, Failpoint]:
    """Reads the setting. Raises ValueError, which says what to write instead."""
    found: dict[str, Failpoint] = {}
    for one in filter(None, wanted.split(",")):
        place, _, action = one.strip().partition("=")
        what, _, at = action.partition("@")
        if place not in PLACES or what not in _ACTIONS or not at.isdecimal():
            raise ValueError(f"write place={'|'.join(_ACTIONS)}@times with a place of {', '.join(PLACES)}")
        found[place] = Failpoint(_ACTIONS[what], int(at))
    return found


def _raise() -> None:
    # As the store would.
    raise OperationalError("failpoint", None, sqlite3.OperationalError("a failpoint"))


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _delay() -> None:
    time.sleep(DELAY_S)


_ACTIONS: dict[str, Callable[[], None]] = {"raise": _raise, "kill": _kill, "delay": _delay}
