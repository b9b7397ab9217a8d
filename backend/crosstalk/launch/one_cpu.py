"""One CPU for a process whose threads take turns anyway.

They share the interpreter's lock, and hand it to each other tens of times a request. Across CPUs each hand-over is an
interrupt and a cold cache: measured, it is half of what a busy server costs. What computes for long outside of that lock
goes to all CPUs meanwhile (`everywhere`).
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger("server")
# So often it is looked whether others need the same CPU.
LOOK_S = 1.0
# It is left when others use so much of it, and so much less of another one.
CROWDED, BETTER = 0.4, 0.3
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# Columns of a CPU's line in /proc/stat, proc_stat(5): idle, iowait; guest time is counted in the others already.
_IDLE, _END = (3, 4), 8


class OneCpu:
    """To be made in the process that serves, before its threads, which begin where they are made; then `look` now and then.

    Best effort: where the system has no affinity, no /proc or forbids either (containers, gVisor, systemd's ProcSubset and
    SystemCallFilter), it turns itself off with one line in the log, and the threads run on any CPU.
    """

    def __init__(self) -> None:
        self.on = True
        self.cpu = -1
        self._allowed: list[int] = []
        self._looked = time.monotonic()
        self._busy: dict[int, float] = {}
        self._own = time.process_time()
        self._attempt(self._begin)

    def look(self) -> None:
        """Moves to another CPU when other processes need this one, at most once in `LOOK_S`."""
        if self.on:
            self._attempt(self._look)

    def everywhere(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Does what computes for long on any CPU, in the thread that calls."""
        if self.on:
            self._attempt(lambda: os.sched_setaffinity(0, self._allowed))
        try:
            return work(*arguments, **named)
        finally:
            if self.on:
                self._attempt(lambda: os.sched_setaffinity(0, {self.cpu}))

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (AttributeError, OSError, ValueError) as refused:  # AttributeError: the platform has no such call
            self.on = False
            log.warning("the threads are not kept on one CPU", problem=str(refused))
            self._let_loose()

    def _let_loose(self) -> None:
        """Threads that have been put on one CPU already may run on all again, as far as that is allowed."""
        with suppress(AttributeError, OSError):
            for thread in Path("/proc/self/task").iterdir():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), self._allowed)

    def _begin(self) -> None:
        self._allowed = sorted(os.sched_getaffinity(0))
        self._busy = _busy_seconds()
        self._move(self._allowed[os.getpid() % len(self._allowed)])

    def _look(self) -> None:
        passed = time.monotonic() - self._looked
        if passed < LOOK_S or len(self._allowed) == 1:
            return
        busy, own = _busy_seconds(), time.process_time()
        used = {cpu: (busy.get(cpu, 0.0) - self._busy.get(cpu, 0.0)) / passed for cpu in self._allowed}
        used[self.cpu] -= (own - self._own) / passed
        self._looked, self._busy, self._own = self._looked + passed, busy, own
        calmest = min(used, key=lambda cpu: used[cpu])
        if used[self.cpu] > CROWDED and used[calmest] < used[self.cpu] - BETTER:
            self._move(calmest)

    def _move(self, cpu: int) -> None:
        self.cpu = cpu
        for thread in Path("/proc/self/task").iterdir():
            with suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(int(thread.name), {cpu})


def _busy_seconds() -> dict[int, float]:
    """Seconds for which each CPU has been busy."""
    seconds: dict[int, float] = {}
    for line in Path("/proc/stat").read_text().splitlines():
        name, *columns = line.split()
        if name.startswith("cpu") and name != "cpu":
            ticks = [int(one) for one in columns[:_END]]
            seconds[int(name[3:])] = (sum(ticks) - sum(ticks[column] for column in _IDLE)) / _TICKS_A_SECOND
    return seconds
