"""Thousands who only listen: memory, threads, and what is left for those who ask."""

import statistics
import time
from contextlib import closing
from http.client import HTTPConnection

from benchmarks.bench import Bench
from benchmarks.roster import CROSSTALK, GEVENT, NODE, Contender
from benchmarks.stage import Stage, StageError

MANY, MOST = 5_000, 10_000
MEMORY, THREADS, LARGE = "kB an idle connection", "threads", "room of 5,000, 20k/s"
REST = "REST p99 ms beside 10,000 idle"
CONNECTS = "connects a CPU second"
_COMERS = 1_000
_PAUSE_S = 0.01


def large_room(bench: Bench) -> None:
    for contender in bench.each(NODE, CROSSTALK, once=() if bench.quick else (GEVENT,)):
        bench.attempt("room of 5,000", contender, lambda one: _large(bench, one))


def _large(bench: Bench, contender: Contender) -> None:
    with bench.stage(contender, MANY, MANY) as stage:
        before = stage.usage()
        stage.connect()
        stage.settle(2.0)
        idle = stage.usage()
        bench.keep(MEMORY, contender, (idle.rss_kb - before.rss_kb) / MANY)
        bench.keep(THREADS, contender, idle.threads)
        if contender is not GEVENT:
            bench.measure(LARGE, stage, 4, 200, seconds=1.5 * bench.window_s)


def connects(bench: Bench) -> None:
    for contender in bench.each(GEVENT, CROSSTALK):
        bench.attempt("connects", contender, lambda one: _connects(bench, one))


def _connects(bench: Bench, contender: Contender) -> None:
    """With a token, until the greeting; then into a room of one's own, until the ack."""
    with bench.stage(contender, _COMERS + 50, 1) as stage:
        stage.connect(50)
        stage.settle(0.5)
        before = stage.usage().cpu_s
        stage.connect()
        stage.settle(0.5)
        bench.keep(CONNECTS, contender, _COMERS / max(0.01, stage.usage().cpu_s - before))


def rest(bench: Bench) -> None:
    for contender in bench.each(once=(CROSSTALK,)):
        bench.attempt("REST beside idle connections", contender, lambda one: _rest(bench, one))


def _rest(bench: Bench, contender: Contender) -> None:
    with bench.stage(contender, MOST, 10) as stage:
        stage.connect()
        stage.settle(2.0)
        for _ in range(bench.rounds):
            bench.keep(REST, contender, _p99_ms(stage, bench.window_s))


def _p99_ms(stage: Stage, seconds: float) -> float:
    """Of GET /api/me, asked again and again over one connection."""
    headers = {"Authorization": f"Bearer {stage.token()}"}
    took: list[float] = []
    until = time.monotonic() + seconds
    with closing(HTTPConnection("127.0.0.1", stage.port, timeout=10)) as connection:
        while (began := time.monotonic()) < until:
            connection.request("GET", "/api/me", headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise StageError(f"GET /api/me: {answer.status}")
            took.append(time.monotonic() - began)
            time.sleep(_PAUSE_S)
    return statistics.quantiles(took, n=100)[98] * 1000
