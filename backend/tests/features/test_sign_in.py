"""Signing in with a clock of the test's own: what waits, for how long, and what passes meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crosstalk.app import prepare_database
from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.installation import load_installation
from crosstalk.core.keys import KeyFile
from crosstalk.core.network import network_of
from crosstalk.features.accounts.failed_sign_ins import ACCOUNT, NETWORK, failed_sign_ins, subjects_of
from crosstalk.features.accounts.failure_store import MemoryFailureStore
from crosstalk.features.accounts.session import Session
from crosstalk.features.accounts.sign_in import SignIn, sign_in
from crosstalk.features.accounts.sign_up import SignUp, sign_up
from crosstalk.settings import Settings

RIGHT = "a phrase of my own"
WRONG = "a wrong guess"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Accounts:
    """Dora's account and the ways into it, each answer as a code or the session."""

    def __init__(self) -> None:
        self.clock = Clock()
        failed_sign_ins.use(MemoryFailureStore(clock=self.clock))
        self.device = self.sign_up("Dora").device_token
        self._addresses = (f"10.0.{high}.{low}" for high in range(256) for low in range(1, 255))

    def sign_up(self, name: str) -> Session:
        return sign_up(Caller("192.0.2.1"), SignUp(name=name, password=RIGHT))

    def sign_in(
        self, password: str, name: str = "Dora", *, device: str | None = None, address: str | None = None
    ) -> Session | CrosstalkError:
        """From an address of its own, when none is given."""
        try:
            caller = Caller(address or next(self._addresses))
            return sign_in(caller, SignIn(name=name, password=password, device_token=device))
        except CrosstalkError as refused:
            return refused

    def code(self, password: str, name: str = "Dora", *, device: str | None = None, address: str | None = None) -> str:
        answer = self.sign_in(password, name, device=device, address=address)
        return answer.code if isinstance(answer, CrosstalkError) else "ok"

    def attack(self, name: str = "Dora", device: str | None = None) -> None:
        codes = [self.code(WRONG, name, device=device) for _ in range(ACCOUNT.free + 1)]
        assert codes == ["unauthenticated"] * ACCOUNT.free + ["rate_limited"]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "crosstalk.db"
    prepare_database(Settings(database_url=f"sqlite:///{path}")).release()
    return path


@pytest.fixture
def accounts(database: Path) -> Iterator[Accounts]:
    db.open_database(f"sqlite:///{database}")
    load_installation(KeyFile(database.with_suffix(".keys.json")))
    with db.transaction() as tx:
        tx.session.connection().exec_driver_sql("DELETE FROM sessions")
        tx.session.connection().exec_driver_sql("DELETE FROM users WHERE name_key <> 'crosstalk'")
    yield Accounts()
    failed_sign_ins.use(None)
    db.close_database()


def test_the_wait_of_an_account_doubles_with_each_failure_and_a_success_ends_it(accounts: Accounts) -> None:
    accounts.attack()
    for wait in (1, 2, 4):
        refused = accounts.sign_in(RIGHT)
        assert isinstance(refused, CrosstalkError)
        assert refused.more["retry_after"] == wait
        accounts.clock.now += wait
        assert accounts.code(WRONG) == "unauthenticated"
    accounts.clock.now += 8
    assert accounts.code(RIGHT) == "ok"
    accounts.attack()


@pytest.mark.parametrize("name", ["Dora", "Nobody"])
def test_while_a_name_waits_the_answer_tells_nothing(accounts: Accounts, name: str) -> None:
    accounts.attack(name)
    answers = [accounts.sign_in(password, name) for password in (WRONG, RIGHT)]
    for one in answers:
        assert isinstance(one, CrosstalkError)
        assert one.ack() == {
            "code": "rate_limited",
            "message": "Too many failed attempts to sign in. Wait before you try again.",
            "retry_after": 1.0,
        }


def test_a_known_device_passes_and_ends_no_attack(accounts: Accounts) -> None:
    accounts.attack()
    signed_in = accounts.sign_in(RIGHT, device=accounts.device)
    assert isinstance(signed_in, Session)
    assert accounts.code(RIGHT) == "rate_limited"
    assert accounts.code(RIGHT, device=signed_in.device_token) == "ok"


def test_only_a_token_of_this_account_is_a_known_device(accounts: Accounts) -> None:
    other = accounts.sign_up("Emil").device_token
    own = accounts.device
    assert own is not None
    assert other is not None
    accounts.attack()
    forged = [
        other,
        own[:-1],
        own + "A",
        own.swapcase(),
        own[::-1],
        "x",
        "é" * 40,
        other[:16] + own[16:],
        own[:16] + other[16:],
    ]
    for token in forged:
        assert accounts.code(RIGHT, device=token) == "rate_limited", token
    assert accounts.code(RIGHT, "Nobody", device=own) == "unauthenticated"


def test_guesses_from_a_stolen_device_wait_on_their_own(accounts: Accounts) -> None:
    accounts.attack(device=accounts.device)
    assert accounts.code(RIGHT) == "ok"
    accounts.clock.now += 1
    assert accounts.code(RIGHT, device=accounts.device) == "ok"


@pytest.mark.parametrize("name", ["DORA", "  dora ", "Ｄora", "Dora\ufe0f"])
def test_another_spelling_of_a_name_is_the_same_account(accounts: Accounts, name: str) -> None:
    accounts.attack()
    assert accounts.code(RIGHT, name) == "rate_limited"


def test_guesses_at_the_same_time_do_not_outrun_the_count(accounts: Accounts) -> None:
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(accounts.code, [WRONG] * 24))
    assert sorted(codes) == ["rate_limited"] * (24 - ACCOUNT.free) + ["unauthenticated"] * ACCOUNT.free


@pytest.mark.parametrize(
    ("guessing", "same", "other"),
    [
        ("198.51.100.7", "198.51.100.7", "198.51.100.8"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"),
        ("::ffff:198.51.100.9", "198.51.100.9", "::ffff:198.51.100.10"),
    ],
)
def test_a_network_that_only_guesses_waits_and_known_devices_and_other_networks_do_not(
    accounts: Accounts, guessing: str, same: str, other: str
) -> None:
    assert accounts.code(WRONG, "Nobody", address=guessing) == "unauthenticated"
    for number in range(NETWORK.free):
        failed_sign_ins.attempt(subjects_of(f"name {number}", network_of(guessing), None), lambda: False)
    assert accounts.code(RIGHT, address=same) == "rate_limited"
    assert accounts.code(RIGHT, address=other) == "ok"
    assert accounts.code(RIGHT, address=same, device=accounts.device) == "ok"


def test_when_the_password_cannot_be_compared_nothing_counts(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise CrosstalkError("unavailable", "The queue is full.")

    with monkeypatch.context() as patched:
        patched.setattr("crosstalk.features.accounts.password.GivenPassword.fits", broken)
        assert {accounts.code(RIGHT, address="10.9.9.9") for _ in range(3 * NETWORK.free)} == {"unavailable"}
    assert accounts.code(RIGHT, address="10.9.9.9") == "ok"
