"""Plays the rows."""

import time
from collections.abc import Iterator, Sequence

from crosstalk.wirecheck.client import rows
from crosstalk.wirecheck.client.desk import Desk
from crosstalk.wirecheck.client.outcome import NAMESPACES, NOT_TRIED, ROWS, TRANSPORTS, NoConnection, Outcome, Row, Unlike

rows.declare()

_GIVE_UP_AFTER = 3
"""So many rows in succession without a connection, and the transport's others are not tried."""


def row_names() -> list[str]:
    return [one.name for one in ROWS]


def run(
    url: str,
    *,
    origin: str | None,
    transport: str = "all",
    namespaces: Sequence[str] = NAMESPACES,
    names: Sequence[str] = (),
    slow: bool = False,
) -> Iterator[Outcome]:
    """Each row in each namespace, one transport after the other. A slow row is played when it is named or `slow`."""
    usual = [one for one in ROWS if not one.named and (slow or not one.slow)]
    chosen = [one for one in ROWS if one.name in names] if names else usual
    for each in TRANSPORTS if transport == "all" else (transport,):
        yield from _over(url, origin, each, namespaces, [one for one in chosen if each in one.transports])


def _over(url: str, origin: str | None, transport: str, namespaces: Sequence[str], chosen: list[Row]) -> Iterator[Outcome]:
    without, why = 0, ""
    for one in chosen:
        for namespace in namespaces[:1] if one.once else namespaces:
            if without >= _GIVE_UP_AFTER:
                yield Outcome(one.name, namespace, transport, False, one.expected, NOT_TRIED + why, 0.0)
                continue
            outcome, connected = _play(one, url, origin, transport, namespace)
            without = 0 if connected else without + 1
            why = outcome.came
            yield outcome


def _play(one: Row, url: str, origin: str | None, transport: str, namespace: str) -> tuple[Outcome, bool]:
    begin = time.monotonic()
    ok, connected = False, True
    with Desk(url, origin, transport, namespace, one.seconds) as desk:
        try:
            came, ok = one.play(desk), True
        except NoConnection as none:
            came, connected = str(none), False
        except Unlike as unlike:
            came = str(unlike)
        except (AttributeError, LookupError, TypeError, ValueError) as odd:
            came = f"an answer of another shape: {odd}"
        ms = (time.monotonic() - begin) * 1000
    return Outcome(one.name, namespace, transport, ok, one.expected, came, round(ms, 1)), connected
