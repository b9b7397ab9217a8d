"""Whether twice the input costs twice the time: in CPU time of this thread, so that a busy machine does not count."""

import gc
import time
from collections.abc import Callable

MOST = 2.6
_FLOOR_S = 0.0004
_FLOOR_S_A_BYTE = 2e-9
_ROUNDS = 40
Run = Callable[[], object]


def _cost(run: Run) -> float:
    began = time.thread_time()
    run()
    return time.thread_time() - began


def assert_linear(make: Callable[[int], Run], n: int, what: str) -> None:
    """`make(n)` prepares input of about n bytes and returns what is measured. The least of several rounds counts: what else
    the machine does can only add to it. What is as quick as copying memory, and that is not the same for all sizes, is no burden."""
    floor = _FLOOR_S + 2 * n * _FLOOR_S_A_BYTE
    once, twice = make(n), make(2 * n)
    cost_once = cost_twice = float("inf")
    gc.disable()
    try:
        for _ in range(_ROUNDS):
            cost_once, cost_twice = min(cost_once, _cost(once)), min(cost_twice, _cost(twice))
            if cost_twice < floor or cost_twice <= MOST * cost_once:
                return
    finally:
        gc.enable()
    raise AssertionError(
        f"{what}: {n:,} bytes take {cost_once * 1e3:.2f} ms and twice as many {cost_twice * 1e3:.2f} ms, {cost_twice / cost_once:.1f} times"
    )
