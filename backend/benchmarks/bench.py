"""One run: what is kept of its measurements, and how long it may take."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.generator import LoadError
from benchmarks.hosted import HostError
from benchmarks.roster import CROSSTALK, Contender
from benchmarks.stage import Stage, StageError, Window

# On a busy machine something may come too late once; these can have no such excuse.
_WRONG = ("twice", "reordered", "unknown", "strayed", "ack_unknown", "ack_twice", "ack_refused")


@dataclass
class Bench:
    """What was measured so far."""

    load: Path
    folder: Path
    rounds: int
    quick: bool
    limit_s: float
    say: Callable[[str], None]
    event_bytes: int = 370
    round: int = 0
    measures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    windows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    others_cpus: list[float] = field(default_factory=list)

    def stage(self, contender: Contender, people: int, per_room: int) -> Stage:
        return Stage(contender, self.load, self.folder, self.event_bytes, people, per_room)

    def each_round(self) -> Iterator[int]:
        """The rounds. Each goes through all parts: should the time run out, no part is left with nothing."""
        for number in range(self.rounds):
            self.round = number
            yield number

    def each(self, *contenders: Contender, once: Sequence[Contender] = ()) -> Iterator[Contender]:
        """Everybody who is measured in this round, in another order than in the last; some only in the first."""
        there = [one for one in (*contenders, *(() if self.round else once)) if self._is_there(one)]
        turn = self.round % max(1, len(there))
        for contender in there[turn:] + there[:turn]:
            if time.monotonic() - self.began > self.limit_s:
                self.note(f"no time was left for {contender.title} in round {self.round + 1}")
                continue
            yield contender

    def attempt(self, what: str, contender: Contender, measure: Callable[[Contender], None]) -> None:
        """A measurement that cannot be made is told, and the others go on."""
        began = time.monotonic()
        try:
            measure(contender)
        except (StageError, HostError, LoadError) as failed:
            self.note(f"{what}: {failed}")
        else:
            self.say(f"  {contender.title}: {time.monotonic() - began:.0f} s")

    def keep(self, measure: str, contender: Contender | str, value: float) -> None:
        name = contender if isinstance(contender, str) else contender.name
        self.measures.setdefault(measure, {}).setdefault(name, []).append(value)

    @property
    def window_s(self) -> float:
        return 2.0 if self.quick else 4.0

    def measure(self, measure: str, stage: Stage, rate: float, senders: int, *, seconds: float | None = None) -> Window:
        """Messages at a rate for a while, and keeps what was seen."""
        warm = 0.5 if self.quick else 1.0
        window, contender = stage.run(rate, senders, seconds=seconds or self.window_s, warm=warm), stage.contender
        self.windows.append({"measure": measure, "server": contender.name, **window.as_json()})
        self.others_cpus.append(window.others_s / window["seconds"])
        self.keep(f"{measure}/kept_up", contender, float(window.kept_up))
        figures = {"deliveries_s": window.deliveries_s, "acks_s": window.acks_s}
        # Of nothing there is no price and no time.
        if window["in_window"]:
            load_us = window["cpu_s"] * 1e6 / window["in_window"]
            figures |= {"us_a_delivery": window.us_a_delivery, "load_us_a_delivery": load_us, "p99_ms": window["p99_ms"]}
        if window["acked_in_window"]:
            load_us = window["cpu_s"] * 1e6 / window["acked_in_window"]
            figures |= {"us_a_message": window.us_a_message, "load_us_a_message": load_us}
            figures |= {name: window[name] for name in ("ack_p50_ms", "ack_p99_ms")}
        for name, value in figures.items():
            self.keep(f"{measure}/{name}", contender, value)
        if contender is CROSSTALK and window["cpu_s"] > window.server_s:
            self.note(f"{measure}: the load generator cost more than the server")
        if window.faults:
            told = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in window.faults.items())
            self.note(f"{contender.title}, {measure}: {told}" + (f" ({window['refusal']})" if window["refusal"] else ""))
        elif not window.kept_up:
            self.note(f"{contender.title}, {measure}: did not keep up, {window.deliveries_s:,.0f} deliveries/s")
        return window

    def is_good(self, measure: str, contender: Contender) -> bool:
        """Whether it did that work: everything once and in time in most rounds, and nothing wrong in any."""
        wrong = any(
            one[name] for one in self.windows for name in _WRONG if (one["measure"], one["server"]) == (measure, contender.name)
        )
        return not wrong and (self.median(f"{measure}/kept_up", contender) or 0) == 1

    def median(self, measure: str, contender: Contender | str) -> float | None:
        name = contender if isinstance(contender, str) else contender.name
        values: Sequence[float] = self.measures.get(measure, {}).get(name, [])
        return statistics.median(values) if values else None

    def ratio(self, measure: str, ours: Contender, theirs: Contender, *, their_measure: str = "") -> float | None:
        mine, other = self.median(measure, ours), self.median(their_measure or measure, theirs)
        return None if mine is None or not other else mine / other

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
            self.say(f"  ! {text}")

    def _is_there(self, contender: Contender) -> bool:
        if not contender.is_there:
            self.note(f"{contender.title} is not installed: {contender.got_by}")
        return contender.is_there
