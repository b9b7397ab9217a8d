"""What a caller may spend: alone, with the other guests of a network, in one room; and what a refusal leaves behind."""

from typing import Any

import pytest
from prometheus_client import REGISTRY

from crosstalk import features
from crosstalk.core import limits
from crosstalk.core.actor import Actor, Caller
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.limits import GUESTS, LOOPBACK_FACTOR, PERSON, Limits
from crosstalk.core.operations import OPERATIONS, Operation
from crosstalk.core.schema import Shape
from crosstalk.core.windows import Rate, Windows

features.declare()


class InRoom(Shape):
    room_id: str = ""


def answer(caller: Actor, body: InRoom) -> None:
    """An operation of no feature."""


def operation(
    rate: str | None = "1000 per 1 second", cost: Any = 1, per: str | None = None, feature: str = "tested"
) -> Operation:
    made = Operation(answer, feature)
    made.rate, made.cost, made.rate_per = rate, cost, per
    return made


def person(user_id: str, address: str = "203.0.113.7", *, guest: bool = True) -> Actor:
    return Actor(address=address, user_id=user_id, name=user_id, guest=guest, session_id="s", expires_at=0)


def ask(counted: Limits, one: Operation, caller: Caller, body: Shape | None = None) -> CrosstalkError | None:
    """The refusal, or None."""
    try:
        counted.check(one, caller)
        counted.charge(one, caller, body or InRoom())
    except CrosstalkError as refused:
        return refused
    return None


def granted(counted: Limits, one: Operation, caller: Caller, most: int, body: Shape | None = None) -> int:
    """How many are granted before the first refusal."""
    return next((number for number in range(most) if ask(counted, one, caller, body) is not None), most)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the budgets, which stands still until the test moves it."""
    moment = [1_000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: moment[0])
    return moment


def test_every_operation_has_a_rate_of_its_own_but_the_health_of_the_server() -> None:
    without = {one.name for one in OPERATIONS.values() if one.rate is None}
    assert without == {"health.is_alive", "health.is_ready"}


def test_an_operation_takes_its_price_and_the_budget_comes_back_with_time(still: list[float]) -> None:
    counted, dear = Limits(on=True), operation(cost=PERSON.burst // 3)
    ann = person("ann")
    assert granted(counted, dear, ann, 10) == 3
    refused = ask(counted, dear, ann)
    assert refused is not None
    assert refused.code == "rate_limited"
    assert 0 < refused.more["retry_after"] <= dear.cost / PERSON.per_second + 0.1
    still[0] += refused.more["retry_after"] + 0.1
    assert ask(counted, dear, ann) is None


def test_what_costs_nothing_is_granted_beyond_the_budget_and_has_its_rate(still: list[float]) -> None:
    counted, sign_out = Limits(on=True), operation("5 per 1 minute", cost=0, feature="leaving")
    ann = person("ann")
    assert ask(counted, operation(cost=PERSON.burst), ann) is None
    assert ask(counted, operation(), ann) is not None
    assert granted(counted, sign_out, ann, 10) == 5


def test_a_price_follows_the_input_and_one_beyond_the_whole_budget_takes_all_of_it(still: list[float]) -> None:
    counted = Limits(on=True)
    long = operation(cost=lambda body: len(body.room_id))
    assert granted(counted, long, person("ann"), 10, InRoom(room_id="r" * 60)) == PERSON.burst // 60
    huge = operation(cost=100 * PERSON.burst)
    assert ask(counted, huge, person("bob")) is None
    refused = ask(counted, operation(), person("bob"))
    assert refused is not None
    still[0] += PERSON.burst / PERSON.per_second
    assert ask(counted, huge, person("bob")) is None


def test_many_guests_of_a_network_share_one_budget_and_accounts_do_not_pay_for_them(still: list[float]) -> None:
    counted, dear = Limits(on=True), operation(cost=PERSON.burst // 2)
    crowd = [person(f"guest-{number}", f"2001:db8::{number:x}") for number in range(100)]
    assert sum(ask(counted, dear, one) is None for one in crowd) == GUESTS.burst // dear.cost
    assert ask(counted, dear, person("elsewhere", "2001:db8:0:1::1")) is None
    assert ask(counted, dear, person("account", "2001:db8::9", guest=False)) is None
    assert ask(counted, dear, Caller("2001:db8::9")) is None, "and others of this network can still sign in"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", ""])
def test_behind_an_unknown_proxy_the_shared_budget_is_larger(still: list[float], address: str) -> None:
    counted, dear = Limits(on=True), operation(cost=PERSON.burst // 2)
    crowd = [person(f"guest-{number}", address) for number in range(200)]
    assert sum(ask(counted, dear, one) is None for one in crowd) == LOOPBACK_FACTOR * GUESTS.burst // dear.cost


def test_a_rate_for_each_room_counts_the_rooms_apart(still: list[float]) -> None:
    counted, join = Limits(on=True), operation("10 per 1 minute", per="room_id")
    ann = person("ann")
    assert granted(counted, join, ann, 20, InRoom(room_id="one")) == 10
    assert granted(counted, join, ann, 20, InRoom(room_id="two")) == 10
    refused = ask(counted, join, ann, InRoom(room_id="one"))
    assert refused is not None
    assert "one room_id" in refused.message
    assert 0 < refused.more["retry_after"] <= 60


def test_guests_who_enter_again_and_again_do_not_multiply_a_rate(still: list[float]) -> None:
    counted, create = Limits(on=True), operation("10 per 1 minute")
    crowd = [person(f"guest-{number}") for number in range(50)]
    made = sum(ask(counted, create, one) is None for one in crowd for _ in range(10))
    assert made == limits.GUESTS_A_NETWORK * 10


def test_without_a_token_a_rate_counts_the_network(still: list[float]) -> None:
    counted, sign_in = Limits(on=True), operation("30 per 1 minute")
    tries = [ask(counted, sign_in, Caller(f"2001:db8::{number:x}")) for number in range(60)]
    assert sum(one is None for one in tries) == 30
    assert ask(counted, sign_in, Caller("2001:db8:0:1::1")) is None


def test_off_nothing_is_counted_and_nothing_announced() -> None:
    counted = Limits(on=False)
    assert granted(counted, operation("1 per 1 minute", cost=PERSON.burst), person("ann"), 50) == 50
    assert counted.rates() is None
    assert counted.budget() is None


def test_refusals_are_counted_each_and_logged_once_a_minute_for_an_operation_of_a_person(
    still: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[tuple[str, str, dict[str, Any]]] = []
    monkeypatch.setattr(limits, "security_event", lambda event, outcome, **fields: logged.append((event, outcome, fields)))
    counted, once = Limits(on=True), operation("1 per 1 hour")
    before = REGISTRY.get_sample_value("crosstalk_limited_total", {"operation": once.name}) or 0.0
    for _ in range(5):
        ask(counted, once, person("ann"))
    for _ in range(2):
        ask(counted, once, person("bob"))
    fields = {"operation": once.name, "address": "203.0.113.7"}
    assert logged == [("limit", "limited", {**fields, "user_id": "ann"}), ("limit", "limited", {**fields, "user_id": "bob"})]
    still[0] += 61
    ask(counted, once, person("ann"))
    assert [line[2]["user_id"] for line in logged] == ["ann", "bob", "ann"]
    assert REGISTRY.get_sample_value("crosstalk_limited_total", {"operation": once.name}) == before + 6


def test_no_window_of_the_rates_length_has_more_than_it_says_and_the_wait_is_enough(still: list[float]) -> None:
    windows = Windows()
    granted: list[float] = []
    for _ in range(400):
        wait = windows.hit(("key",), Rate(10, 60))
        if wait == 0.0:
            granted.append(still[0])
            still[0] += 0.25
        else:
            assert 0 < wait <= 120
            assert windows.hit(("key",), Rate(10, 60)) == wait, "asking does not make it longer"
            still[0] += wait + 0.001
            assert windows.hit(("key",), Rate(10, 60)) == 0.0
            granted.append(still[0])
    assert len(granted) > 100
    for begin in granted:
        assert sum(begin <= moment < begin + 60 for moment in granted) <= 20, "a window has its amount, and what slides out"
    assert len(granted) <= 10 * ((granted[-1] - granted[0]) / 60 + 2)


@pytest.mark.parametrize(
    ("text", "amount", "seconds"), [("100 per 10 seconds", 100, 10), ("1 per 1 minute", 1, 60), ("5 per 2 hours", 5, 7_200)]
)
def test_a_rate_is_read_as_it_is_written(text: str, amount: int, seconds: int) -> None:
    assert limits.rate_of(text) == limits.Rate(amount, seconds)


@pytest.mark.parametrize("text", ["", "100", "ten per 1 minute", "1 per 1 fortnight", "1/minute", "1 per 1 minute or so"])
def test_a_rate_with_a_mistake_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="no rate"):
        limits.rate_of(text)


def test_what_is_full_again_is_forgotten(still: list[float]) -> None:
    wallets = limits._Wallets()
    for number in range(1_000):
        assert wallets.take(1, (f"guest-{number}", PERSON)) is None
    still[0] += 120
    assert wallets.take(1, ("ann", PERSON)) is None
    assert list(wallets._full_at) == ["ann"]
    windows = Windows()
    for number in range(1_000):
        windows.hit((f"guest-{number}",), Rate(1, 10))
    still[0] += 120
    windows.hit(("ann",), Rate(1, 10))
    assert list(windows._counts) == [("ann",)]
