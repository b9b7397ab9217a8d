"""Many small rooms: here a message costs more than its deliveries."""

from benchmarks.bench import Bench
from benchmarks.roster import CROSSTALK, GEVENT, NODE, Contender

PEOPLE, PER_ROOM = 1_000, 10
SLOW, FAST = "rooms of 10, 800/s", "rooms of 10, 1,500/s"


def rooms(bench: Bench) -> None:
    for contender in bench.each(NODE, CROSSTALK, once=() if bench.quick else (GEVENT,)):
        bench.attempt("rooms of 10", contender, lambda one: _measure(bench, one))


def _measure(bench: Bench, contender: Contender) -> None:
    with bench.stage(contender, PEOPLE, PER_ROOM) as stage:
        stage.connect()
        stage.settle(1.0)  # presence is told some time after people come
        if bench.quick or bench.measure(SLOW, stage, 800, PEOPLE).kept_up:
            bench.measure(FAST, stage, 1_500, PEOPLE)
