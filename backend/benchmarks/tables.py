"""Beside the bars: everybody's figures, as rows and as plots."""

from collections.abc import Iterator, Sequence

from benchmarks.bench import Bench
from benchmarks.fan_out import BEST, JOINED, SINGLE
from benchmarks.idle import CONNECTS, LARGE, MEMORY, REST, THREADS
from benchmarks.plot import Line, plot
from benchmarks.rooms import FAST, SLOW
from benchmarks.roster import ALL, CROSSTALK, Contender
from benchmarks.storing import ALONE, DURABLE, DURABLE_BEST, SQLITE

Rows = list[list[str]]
Columns = Sequence[tuple[str, str, int]]
_WINDOW: Columns = (
    ("deliveries/s", "deliveries_s", 0),
    ("server, CPU µs a delivery", "us_a_delivery", 2),
    ("generator", "load_us_a_delivery", 2),
    ("p99 ms", "p99_ms", 1),
    ("ack p50 ms", "ack_p50_ms", 1),
    ("ack p99 ms", "ack_p99_ms", 1),
)
_MESSAGES: Columns = (
    ("messages/s", "acks_s", 0),
    ("server, CPU µs a message", "us_a_message", 0),
    ("generator", "load_us_a_message", 0),
    ("ack p50 ms", "ack_p50_ms", 1),
    ("ack p99 ms", "ack_p99_ms", 1),
)


def of(bench: Bench) -> Iterator[tuple[str, list[str], Rows]]:
    """Title, head and rows of each table that has any."""
    for measure, columns in (
        (SINGLE, _WINDOW),
        (JOINED, _WINDOW),
        (SLOW, _MESSAGES),
        (FAST, _MESSAGES),
        (LARGE, _WINDOW),
        (DURABLE, _MESSAGES),
    ):
        keys = [f"{measure}/{name}" for _, name, _ in columns]
        yield from _table(
            bench, _titled(measure), [title for title, _, _ in columns], keys, [digits for _, _, digits in columns]
        )
    yield from _table(bench, "Best rate with p99 under 250 ms, room of 1,000", ["deliveries/s"], [BEST], [0])
    yield from _table(bench, "Idle connections", ["kB each", "threads"], [MEMORY, THREADS], [1, 0])
    yield from _table(bench, "Connecting, with token, greeting and a room", ["connects a CPU second"], [CONNECTS], [0])
    yield from _table(bench, "REST beside 10,000 idle connections", ["p99 ms"], [REST], [1])
    yield from _table(bench, "Durable acks", ["most a second"], [DURABLE_BEST], [0])
    rows = [
        [
            "SQLite, " + name,
            _told(bench.median(SQLITE, name), 1),
            _told(bench.median(f"{SQLITE}/wall", name), 1),
            name.split()[-1],
        ]
        for name in bench.measures.get(SQLITE, {})
    ]
    alone = [bench.median(f"{ALONE}/{name}", CROSSTALK) for name in ("cpu_us", "wall_us", "group")]
    if alone[0] is not None:
        rows.append(["Crosstalk's store, without connections", *(_told(value, 1) for value in alone)])
    if rows:
        yield "Storing a message, with fsync", ["", "CPU µs", "wall µs", "messages a commit"], rows


def _titled(measure: str) -> str:
    return measure[0].upper() + measure[1:]


def _table(
    bench: Bench, title: str, heads: list[str], keys: list[str], digits: list[int]
) -> Iterator[tuple[str, list[str], Rows]]:
    rows = [
        [one.title, *(_told(bench.median(key, one), places) for key, places in zip(keys, digits, strict=True))]
        for one in ALL
        if any(bench.median(key, one) is not None for key in keys)
    ]
    if rows:
        yield title, ["", *heads], rows


def _told(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def plots(bench: Bench) -> dict[str, tuple[str, str]]:
    """Name → title and SVG."""
    wanted = {
        "delivery": ("CPU µs a delivery, room of 1,000, one by one", f"{SINGLE}/us_a_delivery", 1, "µs"),
        "joined": ("CPU µs a delivery, room of 1,000, 400k deliveries/s", f"{JOINED}/us_a_delivery", 2, "µs"),
        "best": ("Best rate, room of 1,000, p99 under 250 ms", BEST, 0, "/s"),
        "message": ("CPU µs a message, rooms of 10, 1,500 messages/s", f"{FAST}/us_a_message", 0, "µs"),
        "memory": ("Memory of an idle connection, at 5,000", MEMORY, 1, "kB"),
    }
    drawn: dict[str, tuple[str, str]] = {}
    for name, (title, measure, digits, unit) in wanted.items():
        lines = [line for one in ALL if (line := _line(bench, one, measure, digits, unit)) is not None]
        if len(lines) > 1:
            drawn[name] = title, plot(title, sorted(lines, key=lambda line: line.value))
    return drawn


def _line(bench: Bench, contender: Contender, measure: str, digits: int, unit: str) -> Line | None:
    value = bench.median(measure, contender)
    if not value or value <= 0:
        return None
    return Line(contender.title, value, f"{value:,.{digits}f} {unit}", contender is CROSSTALK)
