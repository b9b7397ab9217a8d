"""Failpoints: armed by a setting that production refuses, and each acts once."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from crosstalk.core import failpoints
from crosstalk.core.failpoints import arm, failpoint
from crosstalk.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


def test_without_the_setting_no_place_does_anything() -> None:
    for place in failpoints.PLACES:
        failpoint(place)


def test_a_place_acts_the_named_time_and_no_other() -> None:
    arm("commit:before=raise@3, ack:before=delay@1")
    failpoint("commit:after")
    for _ in range(2):
        failpoint("commit:before")
    with pytest.raises(OperationalError):
        failpoint("commit:before")
    for _ in range(10):
        failpoint("commit:before")


@pytest.mark.parametrize(
    "wrong", ["commit=raise@1", "commit:before=explode@1", "commit:before=raise", "commit:before=raise@-1"]
)
def test_what_cannot_be_read_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("CROSSTALK_FAILPOINTS", wrong)
    with pytest.raises(SettingsError, match=r"^CROSSTALK_FAILPOINTS=.*: write place=raise\|kill\|delay@times with a place of"):
        load_settings()


def test_production_refuses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSTALK_ENV", "production")
    monkeypatch.setenv("CROSSTALK_PUBLIC_URL", "https://api.example")
    monkeypatch.setenv("CROSSTALK_ALLOWED_ORIGINS", "https://app.example")
    monkeypatch.setenv("CROSSTALK_FAILPOINTS", "commit:before=raise@1")
    with pytest.raises(SettingsError, match=r"^CROSSTALK_FAILPOINTS=.*: are for tests; leave it out in production$"):
        load_settings()
