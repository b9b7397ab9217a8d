"""Bytes a day and the reserve of free disk, counted without a server."""

from pathlib import Path

import pytest

from crosstalk.core import quotas
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.limits import LOOPBACK_FACTOR
from crosstalk.core.quotas import DAY_MS, GUESTS_A_NETWORK, SMALL_BYTES, Quotas, Usage

MORNING = 20_000 * DAY_MS + 3_600_000


def person(user_id: str, *, guest: bool = False, address: str = "203.0.113.7") -> Actor:
    return Actor(address=address, user_id=user_id, name=user_id, guest=guest, session_id="s", expires_at=0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [MORNING]
    monkeypatch.setattr(quotas, "steady_ms", lambda: now[0])
    return now


@pytest.fixture
def usage(clock: list[int], tmp_path: Path) -> Usage:
    made = Usage(tmp_path)
    made.quotas = Quotas(daily_bytes=1_000, guest_daily_bytes=100)
    return made


def test_the_quota_ends_with_the_bytes_and_begins_anew_with_the_day(usage: Usage, clock: list[int]) -> None:
    ann = person("ann")
    usage.spend(ann, 900)
    with pytest.raises(CrosstalkError) as refused:
        usage.spend(ann, 101)
    assert refused.value.code == "quota_exceeded"
    assert refused.value.more["retry_after"] == 23 * 3_600
    usage.spend(ann, 100)
    usage.spend(person("bob"), 1_000)
    clock[0] += DAY_MS
    usage.spend(ann, 1_000)


def test_what_was_not_stored_is_given_back(usage: Usage) -> None:
    undo = usage.spend(person("ann", guest=True), 100)
    assert undo is not None
    undo()
    usage.spend(person("ann", guest=True), 100)
    for _ in range(GUESTS_A_NETWORK - 1):
        usage.spend(person("another", guest=True), 100)
        usage._bytes.clear()
    with pytest.raises(CrosstalkError, match="guests of this network"):
        usage.spend(person("another", guest=True), 100)


def test_what_is_given_back_after_midnight_takes_nothing_from_the_next_day(usage: Usage, clock: list[int]) -> None:
    ann = person("ann")
    undo = usage.spend(ann, 1_000)
    assert undo is not None
    clock[0] += DAY_MS
    usage.spend(ann, 1_000)
    undo()
    with pytest.raises(CrosstalkError):
        usage.spend(ann, 1)


@pytest.mark.parametrize(("address", "times"), [("203.0.113.7", 1), ("127.0.0.1", LOOPBACK_FACTOR)])
def test_guests_of_one_network_share_its_bytes_and_new_guests_count(usage: Usage, address: str, times: int) -> None:
    usage.quotas = Quotas(daily_bytes=100_000, guest_daily_bytes=10_240)
    most = 10_240 * GUESTS_A_NETWORK * times
    for number in range(most // 1_024):
        if number % 2:
            usage.spend_guest(address)
        else:
            usage.spend(person(f"guest-{number}", guest=True, address=address), 1_024)
    with pytest.raises(CrosstalkError, match="guests of this network"):
        usage.spend_guest(address)
    with pytest.raises(CrosstalkError, match="guests of this network"):
        usage.spend(person("one more", guest=True, address=address), 1_024)
    usage.spend(person("account", address=address), 1_024)
    usage.spend_guest("198.51.100.1")


def test_counts_are_saved_once_and_loaded_for_their_own_day_alone(usage: Usage, clock: list[int], tmp_path: Path) -> None:
    usage.spend(person("ann"), 400)
    usage.spend(person("bob"), 10)
    day, unsaved = usage.take_unsaved()
    assert unsaved == {"ann": 400, "bob": 10}
    assert usage.take_unsaved() == (day, {})
    restarted = Usage(tmp_path)
    restarted.quotas = usage.quotas
    restarted.load(day, unsaved)
    with pytest.raises(CrosstalkError):
        restarted.spend(person("ann"), 601)
    clock[0] += DAY_MS
    restarted.spend(person("ann"), 1_000)
    assert restarted.take_unsaved() == (day + 1, {"ann": 1_000})


def test_without_quotas_nothing_is_counted(clock: list[int], tmp_path: Path) -> None:
    usage = Usage(tmp_path)
    assert usage.spend(person("ann"), 10**12) is None
    assert usage.take_unsaved()[1] == {}


@pytest.mark.parametrize(
    ("free", "total", "low"),
    [(999, 10**9, True), (1_000, 10**9, False), (999, 10_000, False), (499, 10_000, True)],
    ids=["below the setting", "at the setting", "a twentieth of a small disk is enough", "below a twentieth"],
)
def test_below_the_reserve_only_small_writes_pass(usage: Usage, free: int, total: int, low: bool) -> None:
    usage.reserve, usage.quotas = 1_000, Quotas()
    usage.look_at_disk(lambda _folder: (free, total))
    assert usage.low is low
    usage.spend(person("ann"), SMALL_BYTES)
    for write in (lambda: usage.spend(person("ann"), 2 * SMALL_BYTES), usage.require_space, lambda: usage.spend_guest("::1")):
        if low:
            with pytest.raises(CrosstalkError) as refused:
                write()
            assert refused.value.code == "unavailable"
            assert refused.value.more["retry_after"] > 0
        else:
            write()
    usage.look_at_disk(lambda _folder: (10**9, 10**9))
    usage.require_space()
