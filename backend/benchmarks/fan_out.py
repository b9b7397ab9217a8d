"""One room: what a delivery costs, one by one and joined, and how many a second there can be."""

from benchmarks.bench import Bench
from benchmarks.roster import ASGI, BARE, BARE_JOINED, CROSSTALK, GEVENT, NODE, THREADS, Contender
from benchmarks.stage import Stage, Window

MEMBERS = 1_000
SINGLE, JOINED, BEST = "room of 1,000, 40k/s", "room of 1,000, 400k/s", "best rate, room of 1,000"
TOLERABLE_MS = 250
_STEP, _MOST_STEPS = 1.3, 8
# Messages a second. Not more than a peer can bear for long: what is measured is the price of a delivery.
_RATES = {BARE: 40, NODE: 40, CROSSTALK: 40, GEVENT: 20, ASGI: 5, THREADS: 2}


def fan_out(bench: Bench) -> None:
    slow = () if bench.quick else (GEVENT, ASGI, THREADS)
    for contender in bench.each(BARE, BARE_JOINED, NODE, CROSSTALK, once=slow):
        bench.attempt("fan-out", contender, lambda one: _measure(bench, one))


def _measure(bench: Bench, contender: Contender) -> None:
    with bench.stage(contender, MEMBERS, MEMBERS) as stage:
        stage.connect()
        stage.settle(0.3)
        start = 0.0
        if contender is not BARE_JOINED:
            window = bench.measure(SINGLE, stage, _RATES[contender], 40)
            start = 1.5 * window.rate if window.kept_up else 0.25 * window.rate
        if contender is BARE_JOINED or (contender is CROSSTALK and start > 40):
            window = bench.measure(JOINED, stage, 400, 200)
            start = 500.0 if window.kept_up else start
        if contender in (CROSSTALK, NODE):
            before = bench.median(BEST, contender)
            best = _climb(stage, max(start, before / _STEP / MEMBERS) if before else start, 1.0 if bench.quick else 1.5)
            bench.keep(BEST, contender, best.deliveries_s if best else 0.0)


def _climb(stage: Stage, start: float, seconds: float) -> Window | None:
    """The last step, up or down, at which nearly everything came in time."""
    best: Window | None = None
    rate = start
    for _ in range(_MOST_STEPS):
        window = stage.run(rate, 200, seconds=seconds, warm=0.5, drain=2)
        if window.kept_up and window["p99_ms"] < TOLERABLE_MS:
            best = window
            if rate < start:
                break
            rate *= _STEP
        elif best or window["closed"]:
            break
        else:
            rate /= 2
    return best
