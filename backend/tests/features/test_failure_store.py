"""The counts of failed sign-ins: how the waits grow, what is forgotten, and how much memory a flood can take."""

import pytest

from crosstalk.features.accounts.failed_sign_ins import ACCOUNT, NETWORK, FailedSignIns, subjects_of
from crosstalk.features.accounts.failure_store import MemoryFailureStore, Rule, Subject


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def waits_of(rule: Rule, store: MemoryFailureStore, clock: Clock, failures: int) -> list[float]:
    """The wait after each failure, when each next one comes as soon as it may."""
    subject = [Subject("a", rule)]
    waits = []
    for _ in range(failures):
        assert store.count(subject) == 0
        waits.append(round(store.count(subject) if rule.delay_s(len(waits) + 1) else 0.0, 3))
        clock.now += waits[-1]
    return waits


def test_an_account_waits_from_its_fifth_failure_twice_as_long_each_time_up_to_a_quarter_of_an_hour(clock: Clock) -> None:
    waits = waits_of(ACCOUNT, MemoryFailureStore(clock=clock), clock, 20)
    assert waits[:4] == [0] * 4
    assert waits[4:14] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert waits[14:] == [900] * 6


def test_a_network_has_a_hundred_failures_free_and_never_waits_longer_than_a_minute(clock: Clock) -> None:
    waits = waits_of(NETWORK, MemoryFailureStore(clock=clock), clock, 200)
    assert waits[:99] == [0] * 99
    assert waits[99:105] == [1, 2, 4, 8, 16, 32]
    assert max(waits) == 60
    assert sum(waits[100:]) > 100 * 30, "a hundred more take the better part of an hour"


def test_a_refused_attempt_does_not_make_the_wait_longer(clock: Clock) -> None:
    store, subject = MemoryFailureStore(clock=clock), [Subject("a", ACCOUNT)]
    for _ in range(5):
        store.count(subject)
    assert [store.count(subject) for _ in range(1000)] == [1.0] * 1000
    clock.now += 1
    assert store.count(subject) == 0


def test_failures_are_forgotten_one_by_one(clock: Clock) -> None:
    store, subject = MemoryFailureStore(clock=clock), [Subject("a", ACCOUNT)]
    for _ in range(4):
        store.count(subject)
    clock.now += 2 * ACCOUNT.forget_s
    assert [store.count(subject) for _ in range(4)] == [0, 0, 0, 1.0]


def test_after_a_long_attack_the_owner_waits_no_longer_than_the_longest_wait(clock: Clock) -> None:
    store = MemoryFailureStore(clock=clock)
    waits_of(ACCOUNT, store, clock, 500)
    subject = Subject("a", ACCOUNT)
    assert store.count([subject]) == 0, "the last wait has passed"
    store.reset(subject)
    assert [store.count([subject]) for _ in range(4)] == [0] * 4


@pytest.fixture
def attempts(clock: Clock) -> FailedSignIns:
    made = FailedSignIns()
    made.use(MemoryFailureStore(clock=clock))
    return made


def wait_of(attempts: FailedSignIns, name: str, *, right: bool = False) -> float:
    """The wait of one attempt from one network."""
    return attempts.attempt(subjects_of(name, "10.0.0.1", None), lambda: right)[0]


def test_a_success_is_taken_back_from_the_network_and_forgives_it_nothing_else(attempts: FailedSignIns) -> None:
    for number in range(NETWORK.free - 1):
        assert wait_of(attempts, f"guessed {number}") == 0
    for _ in range(50):
        assert wait_of(attempts, "the attacker's own account", right=True) == 0
    assert wait_of(attempts, "one more") == 0
    assert wait_of(attempts, "and one more") == 1


def test_an_attempt_without_a_result_does_not_count(attempts: FailedSignIns) -> None:
    def broken() -> bool:
        raise RuntimeError("the password was not compared")

    for _ in range(500):
        with pytest.raises(RuntimeError):
            attempts.attempt(subjects_of("dora", "10.0.0.1", None), broken)
    assert wait_of(attempts, "dora") == 0


def test_a_password_is_not_compared_while_the_account_waits_and_its_network_counts_nothing(attempts: FailedSignIns) -> None:
    compared = []
    for _ in range(10 * NETWORK.free):
        attempts.attempt(subjects_of("dora", "10.0.0.1", None), lambda: bool(compared.append(1)))
    assert len(compared) == ACCOUNT.free
    assert wait_of(attempts, "emil") == 0


def test_the_wait_begins_when_the_password_was_found_wrong(attempts: FailedSignIns, clock: Clock) -> None:
    def slow() -> bool:
        clock.now += 10
        return False

    for _ in range(5):
        attempts.attempt(subjects_of("dora", "10.0.0.1", None), slow)
    assert wait_of(attempts, "dora") == 1


def test_a_flood_of_invented_names_and_networks_takes_bounded_memory_and_frees_no_account_under_attack(clock: Clock) -> None:
    store = MemoryFailureStore(size=1000, clock=clock)
    attacked = subjects_of("dora", "10.0.0.1", None)[:1]
    for _ in range(5):
        store.count(attacked)
    for number in range(20_000):
        store.count(subjects_of(f"name {number}", f"network {number}", None))
        assert len(store) <= 2000
    assert store.count(attacked) == 1.0


def test_the_number_of_delayed_keys_is_bounded_too(clock: Clock) -> None:
    store = MemoryFailureStore(size=100, clock=clock)
    for number in range(1000):
        for _ in range(5):
            store.count([Subject(str(number), ACCOUNT)])
    assert len(store) == 100


def test_without_a_store_no_attempt_waits() -> None:
    attempts = FailedSignIns()
    assert [wait_of(attempts, "dora") for _ in range(1000)] == [0.0] * 1000
