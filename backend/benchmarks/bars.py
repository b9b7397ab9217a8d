"""The bars: what must be reached, what is aimed at, and what was measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.bench import Bench
from benchmarks.fan_out import BEST, JOINED, SINGLE
from benchmarks.idle import CONNECTS, LARGE, MEMORY, REST, THREADS
from benchmarks.rooms import FAST
from benchmarks.roster import BARE, BARE_JOINED, CROSSTALK, GEVENT, NODE
from benchmarks.storing import ALONE, DURABLE, DURABLE_BEST, SQLITE

Verdict = Literal["aim", "floor", "missed", "not measured"]


@dataclass(frozen=True)
class Bar:
    part: str
    """What `--only` calls the measurements that it needs."""
    title: str
    floor: float
    aim: float | None
    unit: str
    measured: Callable[[Bench], float | None]
    more_is_better: bool = False
    work: str = ""
    """The work that its figure is of. Where we did not do it, all of it and right, the figure is worth nothing."""

    def verdict(self, bench: Bench) -> Verdict:
        value = self.measured(bench)
        if self.work and f"{self.work}/kept_up" in bench.measures and not bench.is_good(self.work, CROSSTALK):
            return "missed"
        if value is None:
            return "not measured"
        if self.aim is not None and self._reaches(value, self.aim):
            return "aim"
        return "floor" if self._reaches(value, self.floor) else "missed"

    def _reaches(self, value: float, mark: float) -> bool:
        return value >= mark if self.more_is_better else value <= mark

    def told(self, value: float | None) -> str:
        if value is None:
            return "–"
        digits = 2 if self.unit == "×" and value < 100 else 1 if value < 100 else 0
        return f"{value:,.{digits}f} {self.unit}".strip()

    def mark(self, value: float | None) -> str:
        return "" if value is None else f"{'≥' if self.more_is_better else '≤'} {value:,g} {self.unit}".strip()


def _times(bench: Bench, measure: str, group: int) -> float | None:
    mine, theirs = bench.median(measure, CROSSTALK), bench.median(SQLITE, f"groups of {group}")
    return None if mine is None or not theirs else mine / theirs


BARS = (
    Bar("fan-out", "CPU a delivery, room of 1,000, 40k/s, durable: against the C send loop", 1.6, 1.25, "×",
        lambda bench: bench.ratio(f"{SINGLE}/us_a_delivery", CROSSTALK, BARE), work=SINGLE),
    Bar("fan-out", "the same against Node socket.io", 0.65, 0.5, "×",
        lambda bench: bench.ratio(f"{SINGLE}/us_a_delivery", CROSSTALK, NODE), work=SINGLE),
    Bar("fan-out", "CPU a delivery at 400k/s, 200 senders: against C, joined for 20 ms", 2.5, 1.5, "×",
        lambda bench: bench.ratio(f"{JOINED}/us_a_delivery", CROSSTALK, BARE_JOINED), work=JOINED),
    Bar("fan-out", "best rate with p99 < 250 ms, room of 1,000: against Node", 3, 10, "×",
        lambda bench: bench.ratio(BEST, CROSSTALK, NODE), more_is_better=True),
    Bar("rooms", "CPU a message, rooms of 10, 1,500/s, durable: against Node", 1.5, 0.85, "×",
        lambda bench: bench.ratio(f"{FAST}/us_a_message", CROSSTALK, NODE), work=FAST),
    Bar("idle", "resident memory an idle connection, at 5,000: against Node", 0.6, 0.3, "×",
        lambda bench: bench.ratio(MEMORY, CROSSTALK, NODE)),
    Bar("connects", "connects a CPU second: against stock gevent", 1.5, 4, "×",
        lambda bench: bench.ratio(CONNECTS, CROSSTALK, GEVENT), more_is_better=True),
    Bar("idle", "threads at 5,000 connections", 32, 16, "", lambda bench: bench.median(THREADS, CROSSTALK)),
    Bar("rooms", "ack p99, rooms of 10, 1,500 messages/s, fsynced", 25, 5, "ms",
        lambda bench: bench.median(f"{FAST}/ack_p99_ms", CROSSTALK), work=FAST),
    Bar("idle", "ack p99 in a room of 5,000, 20k deliveries/s", 100, 10, "ms",
        lambda bench: bench.median(f"{LARGE}/ack_p99_ms", CROSSTALK), work=LARGE),
    Bar("rest", "REST p99 beside 10,000 idle WebSockets", 50, 10, "ms", lambda bench: bench.median(REST, CROSSTALK)),
    Bar("storing", "durable acks a second, 200 senders into one room", 1_000, None, "/s",
        lambda bench: bench.median(DURABLE_BEST, CROSSTALK), more_is_better=True),
    Bar("storing", "their ack p99 at 1,000/s", 250, None, "ms", lambda bench: bench.median(f"{DURABLE}/ack_p99_ms", CROSSTALK), work=DURABLE),
    Bar("storing", "CPU a stored message, the store alone: against SQLite in groups of 10", 2, None, "×",
        lambda bench: _times(bench, f"{ALONE}/cpu_us", 10)),
)  # fmt: skip
