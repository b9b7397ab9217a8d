"""What the writer of a series does when the API answers the unexpected."""

from collections.abc import Callable
from typing import Any

import pytest

from crosstalk.demo.api import Api, Refused, Unreachable
from crosstalk.demo.series import Ended, GivenUp, Series

Answer = dict[str, Any] | Exception


class Scripted(Api):
    """An API that answers what it was told to, in that order, and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any] | None]] = []

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        self.asked.append((path.rsplit("/", 1)[1], body))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def opened(stream_id: str = "s1") -> Answer:
    return {"stream_id": stream_id, "lease": 1, "lease_s": 10}


def no(code: str) -> Answer:
    return Refused({"code": code, "detail": code})


AWAY = Unreachable("away")


def series(api: Api, wait: Callable[[float], bool] = lambda _: False) -> Series:
    made = Series(api, "r1", wait=wait, tell=lambda _: None)
    made.open()
    return made


def test_an_item_whose_answer_was_lost_is_not_written_again() -> None:
    api = Scripted(opened(), AWAY, {"lease": 2, "offset": 1}, {"offset": 2})
    writing = series(api)
    writing.append({"n": 0})
    writing.append({"n": 1})
    assert api.asked[1:] == [
        ("chunks", {"lease": 1, "offset": 0, "items": [{"n": 0}]}),
        ("continue", {}),
        ("chunks", {"lease": 2, "offset": 1, "items": [{"n": 1}]}),
    ]


def test_an_item_that_was_not_stored_is_written_under_the_next_lease() -> None:
    api = Scripted(opened(), AWAY, AWAY, AWAY, {"lease": 2, "offset": 0}, {"offset": 1})
    series(api).append({"n": 0})
    assert [name for name, _ in api.asked] == ["streams", "chunks", "continue", "continue", "continue", "chunks"]
    assert api.asked[-1] == ("chunks", {"lease": 2, "offset": 0, "items": [{"n": 0}]})


def test_an_interrupted_series_is_continued_and_an_ended_one_is_not() -> None:
    api = Scripted(
        opened(), no("stream_ended"), {"lease": 2, "offset": 0}, {"offset": 1}, no("stream_ended"), no("stream_ended")
    )
    writing = series(api)
    writing.append({"n": 0})
    with pytest.raises(Ended):
        writing.append({"n": 1})


def test_another_producer_is_not_fought() -> None:
    with pytest.raises(Ended, match="Another producer"):
        series(Scripted(opened(), no("stale_lease"))).append({"n": 0})
    with pytest.raises(Ended):
        series(Scripted(opened(), AWAY, no("conflict"))).append({"n": 0})


def test_a_full_series_is_finished_and_followed_by_another() -> None:
    api = Scripted(opened(), no("too_large"), {"offset": 0}, opened("s2"), {"offset": 1})
    series(api).append({"n": 0})
    assert [name for name, _ in api.asked] == ["streams", "chunks", "finish", "streams", "chunks"]
    assert api.asked[0][1] != api.asked[3][1], "another client_id, so another stream"


def test_an_open_whose_answer_was_lost_is_repeated_as_it_was() -> None:
    api = Scripted(AWAY, opened())
    series(api)
    assert api.asked[0] == api.asked[1]


def test_a_finish_whose_answer_was_lost_is_repeated() -> None:
    api = Scripted(opened(), AWAY, {"offset": 0})
    series(api).finish()
    assert [name for name, _ in api.asked] == ["streams", "finish", "finish"]


def test_who_wants_to_end_does_not_wait_for_an_api_that_is_away() -> None:
    writing = series(Scripted(opened(), AWAY), wait=lambda _: True)
    with pytest.raises(GivenUp):
        writing.append({"n": 0})
