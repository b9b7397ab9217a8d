"""Runs what is declared with `@every`: one thread, one job at a time, each as soon as it is due."""

import heapq
import itertools
import threading
import time

import structlog

from crosstalk.core.operations import PeriodicJob

log = structlog.get_logger("jobs")


class Jobs:
    def __init__(self, jobs: list[PeriodicJob]) -> None:
        self._periodic = jobs
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        order = itertools.count()
        due: list[tuple[float, int, PeriodicJob]] = [
            (time.monotonic() + job.seconds, next(order), job) for job in self._periodic
        ]
        heapq.heapify(due)
        while due:
            when, _, job = heapq.heappop(due)
            if self._stopping.wait(max(0.0, when - time.monotonic())):
                return
            try:
                job.run()
            except Exception:
                log.exception("job failed", job=job.run.__qualname__)
            heapq.heappush(due, (time.monotonic() + job.seconds, next(order), job))
