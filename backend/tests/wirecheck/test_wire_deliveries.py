"""The wire check needs no token: what a visitor has sent to others is counted, and others go on meanwhile."""

from collections.abc import Callable

import pytest

from crosstalk.core.errors import CrosstalkError
from crosstalk.wirecheck.allowance import MOST_AT_ONCE, VISITOR_BYTES, VISITOR_RATE, Allowance, Deliveries
from rest import ask
from server import Server
from wirecheck.caller import Caller

Serve = Callable[..., Server]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_what_is_left_is_enough_for_one_more_and_the_debt_is_waited_for() -> None:
    clock = Clock()
    allowance = Allowance(100, 10, clock)
    assert allowance.wait() == 0
    allowance.take(150)
    assert allowance.wait() == pytest.approx(5.1)
    clock.now += 5.2
    assert allowance.wait() == 0
    clock.now += 1_000
    assert allowance.wait() == 0
    allowance.take(101)
    assert allowance.wait() > 0, "no more than its size is saved up"


def refusal(deliveries: Deliveries, size: int, receivers: int, own: Allowance | None) -> str | None:
    try:
        deliveries.check(size, receivers, own)
    except CrosstalkError as refused:
        return refused.code
    return None


def test_one_event_has_a_bound_also_when_rates_are_off() -> None:
    for on in (True, False):
        deliveries = Deliveries(on=on)
        assert refusal(deliveries, MOST_AT_ONCE // 100 + 1, 100, None) == "too_large"
        assert refusal(deliveries, MOST_AT_ONCE // 100, 100, None) is None


def test_visitors_are_counted_apart_and_together() -> None:
    deliveries = Deliveries(on=True)
    one, other = Allowance(VISITOR_BYTES, VISITOR_RATE), Allowance(VISITOR_BYTES, VISITOR_RATE)
    assert refusal(deliveries, VISITOR_BYTES, 2, one) is None
    assert refusal(deliveries, 1, 1, one) == "rate_limited"
    assert refusal(deliveries, 1, 1, other) is None, "and is not charged for what another was refused"
    codes = [refusal(deliveries, MOST_AT_ONCE, 1, Allowance(VISITOR_BYTES, VISITOR_RATE)) for _ in range(4)]
    assert codes[-1] == "rate_limited", "all together have a bound as well"
    assert refusal(Deliveries(on=False), VISITOR_BYTES, 2, one) is None


@pytest.mark.parametrize("event", ["broadcast", "room_message"])
def test_one_visitor_does_not_have_the_others_flooded(serve: Serve, event: str) -> None:
    server = serve(rate_limits="on")
    visitors = [Caller(server) for _ in range(10)]
    try:
        for one in visitors:
            one.ask("join", {"username": "x", "room": "all"})
        loud, quiet = visitors[:2]
        payload = "x" * 200_000
        argument = payload if event == "broadcast" else {"room": "all", "data": payload}
        acks = [loud.ask(event, argument) for _ in range(10)]
        refused = [ack[0]["error"] for ack in acks if ack and not ack[0]["ok"]]
        assert 1 <= len(refused) < 10
        assert {error["code"] for error in refused} == {"rate_limited"}
        assert all(error["retry_after"] > 0 for error in refused)
        assert quiet.ask("my event", "still here") is not None
        lines = ask(server.port, "GET", "/metrics").raw.decode().splitlines()
        [line] = [one for one in lines if one.startswith("crosstalk_wirecheck_refused_total")]
        assert float(line.split()[1]) >= len(refused)
    finally:
        for one in visitors:
            one.close()
