"""One server with its clients, up for a few measurements, and what is measured of both."""

import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks import populace, roster
from benchmarks.generator import Answer, Generator
from benchmarks.hosted import Hosted, free_port
from benchmarks.machine import Usage, busy_s
from benchmarks.roster import Contender, Wanted

TEXT_BYTES = 40
FAULTS = (
    "missing",
    "twice",
    "reordered",
    "unknown",
    "strayed",
    "ack_missing",
    "ack_unknown",
    "ack_twice",
    "ack_refused",
    "closed",
)


@dataclass(frozen=True)
class Window:
    """What was seen while messages went at a rate: the generator's answer, and the CPU of both sides meanwhile."""

    answer: Answer
    rate: float
    server_s: float
    others_s: float
    """CPU of everything else on the machine: with much of it a measurement says little."""

    def __getitem__(self, name: str) -> Any:
        return self.answer[name]

    @property
    def deliveries_s(self) -> float:
        return float(self["in_window"] / self["seconds"])

    @property
    def acks_s(self) -> float:
        return float(self["acked_in_window"] / self["seconds"])

    @property
    def us_a_delivery(self) -> float:
        return float(self.server_s * 1e6 / max(1, self["in_window"]))

    @property
    def us_a_message(self) -> float:
        return float(self.server_s * 1e6 / max(1, self["acked_in_window"]))

    @property
    def faults(self) -> dict[str, int]:
        return {name: self[name] for name in FAULTS if self[name]}

    @property
    def kept_up(self) -> bool:
        """Everything went out at the rate and everything came, exactly once."""
        sent_in_time = self["sent_in_window"] >= 0.97 * self.rate * self["seconds"] - 1
        # One message may be on its way when the window closes.
        hearers = self["expected"] / max(1, self["sent"])
        came_in_time = self["in_window"] >= hearers * (0.95 * self["sent_in_window"] - 1)
        return bool(sent_in_time and came_in_time and not self.faults)

    def as_json(self) -> dict[str, Any]:
        derived = {"rate": self.rate, "server_cpu_s": self.server_s, "others_cpu_s": self.others_s}
        told = {"us_a_delivery": self.us_a_delivery, "us_a_message": self.us_a_message, "deliveries_s": self.deliveries_s}
        return derived | told | {name: value for name, value in self.answer.items() if name != "did"}


@dataclass
class Stage:
    """`with Stage(…) as stage:` has the server up and the generator beside it, and ends both."""

    contender: Contender
    load: Path
    folder: Path
    event_bytes: int
    people: int
    per_room: int
    _home: Path | None = field(default=None, init=False)
    _host: Hosted | None = field(default=None, init=False)
    _generator: Generator | None = field(default=None, init=False)

    def __enter__(self) -> "Stage":
        self._home = home = Path(tempfile.mkdtemp(prefix=f"{self.contender.name}-", dir=self.folder))
        try:
            self._begin(home)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _begin(self, home: Path) -> None:
        ours = self.contender is roster.CROSSTALK
        if ours:
            people = populace.members(home, roster.database_url(home), self.people, self.per_room)
        else:
            people = populace.strangers(home, self.people, self.per_room)
        port = free_port()
        wanted = Wanted(port, self.event_bytes, TEXT_BYTES, self.load, home)
        settings = roster.settings_of(self.contender, port, home)
        self._host = Hosted(self.contender.name, home, port, self.contender.command(wanted), settings)
        self._host.wait_until(self.contender.answers)
        self._generator = Generator(
            self.load, port, people, namespace=self.contender.namespace, hello=self.contender.hello, text_bytes=TEXT_BYTES
        )

    def _end(self) -> None:
        # The clients first: a server that stops waits for those that it has told.
        if self._generator is not None:
            self._generator.close()
        if self._host is not None:
            self._host.close()
        if self._home is not None:
            shutil.rmtree(self._home)

    @property
    def port(self) -> int:
        assert self._host is not None
        return self._host.port

    def usage(self) -> Usage:
        assert self._host is not None
        return self._host.usage()

    def token(self) -> str:
        assert self._home is not None
        return (self._home / populace.PEOPLE).read_text().split(maxsplit=1)[0]

    def connect(self, count: int | None = None, *, seconds: float = 60) -> Answer:
        assert self._generator is not None
        answer = self._generator.connect(count or self.people, seconds=seconds)
        if answer["ready"] < (count or self.people):
            raise StageError(f"{self.contender.name}: {answer['ready']} of {count or self.people} connected: {answer['why']}")
        return answer

    def settle(self, seconds: float) -> None:
        """Lets what connecting has caused come to its end."""
        time.sleep(seconds)

    def run(self, rate: float, senders: int, *, seconds: float, warm: float = 1.0, drain: float = 3.0) -> Window:
        assert self._generator is not None
        seen: dict[str, tuple[float, float]] = {}

        def look(at: str) -> None:
            seen[at] = self.usage().cpu_s, busy_s()

        answer = self._generator.run(rate=rate, senders=senders, warm=warm, seconds=seconds, drain=drain, at=look)
        server_s, all_s = (end - begin for begin, end in zip(seen["begin"], seen["end"], strict=True))
        return Window(answer, rate, server_s, max(0.0, all_s - server_s - answer["cpu_s"]))


class StageError(Exception):
    """A measurement could not be made. Its text is one line."""
