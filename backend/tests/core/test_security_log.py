"""The log of security events: one line each, a bounded number of lines in a flood, and no event that is not counted."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from crosstalk.core.security_log import LINES, PERIOD_S, SecurityLog, count_security_event, security_event


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def counted(event: str, outcome: str) -> float:
    value = REGISTRY.get_sample_value("crosstalk_security_events_total", {"event": event, "outcome": outcome})
    return value or 0.0


def test_an_event_is_one_line_with_its_outcome_and_what_is_known(clock: Clock) -> None:
    with capture_logs() as lines:
        SecurityLog(clock).write("sign_in", "refused", {"user_id": "u", "address": "10.0.0.1", "operation": None})
    assert lines == [
        {
            "event": "sign_in",
            "kind": "security",
            "outcome": "refused",
            "user_id": "u",
            "address": "10.0.0.1",
            "log_level": "info",
        }
    ]


def test_a_flood_has_a_bounded_number_of_lines_a_minute_and_the_next_line_tells_how_many_were_left_out(clock: Clock) -> None:
    security_log = SecurityLog(clock)
    with capture_logs() as lines:
        for _ in range(10_000):
            security_log.write("sign_in", "refused", {"address": "10.0.0.1"})
        assert len(lines) == LINES
        clock.now += PERIOD_S
        for _ in range(2):
            security_log.write("sign_in", "refused", {"address": "10.0.0.1"})
    assert [one.get("suppressed") for one in lines[LINES:]] == [10_000 - LINES, None]


def test_a_flood_of_one_kind_suppresses_no_other(clock: Clock) -> None:
    security_log = SecurityLog(clock)
    with capture_logs() as lines:
        for _ in range(1000):
            security_log.write("sign_in", "refused", {})
        security_log.write("sign_in", "ok", {})
        security_log.write("refresh", "refused", {})
    kinds = Counter((one["event"], one["outcome"]) for one in lines)
    assert kinds == {("sign_in", "refused"): LINES, ("sign_in", "ok"): 1, ("refresh", "refused"): 1}


def test_what_was_suppressed_is_told_when_its_minute_is_over_and_once_only(clock: Clock) -> None:
    security_log = SecurityLog(clock)
    with capture_logs() as lines:
        for _ in range(LINES + 7):
            security_log.write("token", "refused", {"address": "10.0.0.1"})
        security_log.flush()
        assert len(lines) == LINES, "its minute is not over"
        clock.now += PERIOD_S
        security_log.flush()
        security_log.flush()
        security_log.write("token", "refused", {})
    assert lines[LINES] == {"event": "token", "kind": "security", "outcome": "refused", "suppressed": 7, "log_level": "info"}
    assert "suppressed" not in lines[LINES + 1]
    assert len(lines) == LINES + 2


def test_a_server_that_stops_tells_what_it_has_suppressed_in_this_minute(clock: Clock) -> None:
    security_log = SecurityLog(clock)
    with capture_logs() as lines:
        for _ in range(LINES + 1):
            security_log.write("token", "refused", {})
        security_log.flush(all_periods=True)
    assert lines[-1]["suppressed"] == 1


def test_no_event_of_many_threads_is_lost(clock: Clock) -> None:
    security_log = SecurityLog(clock)
    with capture_logs() as lines, ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda _: security_log.write("limit", "limited", {}), range(2000)):
            pass
        security_log.flush(all_periods=True)
    assert len(lines) == LINES + 1
    assert lines[-1]["suppressed"] == 2000 - LINES


def test_every_event_is_counted_with_a_line_or_without_one() -> None:
    before = counted("sign_in", "refused"), counted("refresh", "ok")
    with capture_logs() as lines:
        for _ in range(3 * LINES):
            security_event("sign_in", "refused", address="10.0.0.1")
            count_security_event("refresh", "ok")
    assert (counted("sign_in", "refused"), counted("refresh", "ok")) == (before[0] + 3 * LINES, before[1] + 3 * LINES)
    assert "refresh" not in {one["event"] for one in lines}
