"""What a run says of its figures."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import report
from benchmarks.bars import BARS, Bar
from benchmarks.bench import Bench
from benchmarks.plot import Line, plot
from benchmarks.roster import BARE, CROSSTALK, NODE
from benchmarks.stage import FAULTS, Window


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "load", tmp_path, rounds=3, quick=False, limit_s=1, say=lambda _text: None)


def _figures(bench: Bench, measure: str, **medians: float) -> None:
    for name, value in medians.items():
        for one in (value, value / 100, value * 100):
            bench.keep(measure, name, one)


@pytest.mark.parametrize(
    ("ours", "verdict"), [(1.0, "aim"), (1.25, "aim"), (1.3, "floor"), (1.5, "floor"), (1.7, "missed"), (None, "not measured")]
)
def test_a_bar_is_judged_by_the_medians(bench: Bench, ours: float | None, verdict: str) -> None:
    bar = BARS[0]
    _figures(bench, "room of 1,000, 40k/s/us_a_delivery", c=6.0, **({} if ours is None else {"crosstalk": 6 * ours}))
    assert bar.verdict(bench) == verdict


def _window(**seen: object) -> Window:
    answer = dict.fromkeys(FAULTS, 0) | {
        "seconds": 1.0,
        "sent": 40,
        "sent_in_window": 40,
        "acked_in_window": 40,
        "expected": 400,
    }
    answer |= {"in_window": 400, "cpu_s": 0.1, "p99_ms": 1.0, "ack_p50_ms": 1.0, "ack_p99_ms": 1.0, "refusal": ""}
    return Window(answer | seen, rate=40, server_s=0.2, others_s=0.0)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        ({}, "aim"),
        ({"in_window": 390}, "aim"),
        ({"acked_in_window": 0, "in_window": 0, "ack_refused": 40, "ack_p99_ms": 0.0}, "missed"),
        ({"twice": 1}, "missed"),
        ({"in_window": 100}, "missed"),
    ],
)
def test_a_figure_of_work_that_was_not_done_reaches_no_bar(bench: Bench, seen: dict[str, object], verdict: str) -> None:
    windows = [_window(**seen)] * 3

    class Stage:
        contender = CROSSTALK

        def run(self, *_args: object, **_options: object) -> Window:
            return windows.pop()

    for _ in range(3):
        bench.measure("ack", Stage(), 40, 1)  # type: ignore[arg-type]
    bar = Bar("fan-out", "ack", 100, 10, "ms", lambda of: of.median("ack/ack_p99_ms", CROSSTALK), work="ack")
    assert bar.verdict(bench) == verdict


@pytest.mark.parametrize(("value", "verdict"), [(12.0, "aim"), (3.0, "floor"), (2.9, "missed")])
def test_of_some_things_more_is_better(bench: Bench, value: float, verdict: str) -> None:
    bar = Bar("fan-out", "rate", 3, 10, "×", lambda _bench: value, more_is_better=True)
    assert bar.verdict(bench) == verdict


def test_rounds_begin_with_another_server_each_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(NODE), "is_there", True)
    rounds = [[one.name for one in bench.each(CROSSTALK, BARE, NODE)] for _ in bench.each_round()]
    assert rounds == [["crosstalk", "c", "node"], ["c", "node", "crosstalk"], ["node", "crosstalk", "c"]]


def test_some_are_measured_in_the_first_round_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(NODE), "is_there", True)
    rounds = [[one.name for one in bench.each(CROSSTALK, once=[NODE])] for _ in bench.each_round()]
    assert rounds == [["crosstalk", "node"], ["crosstalk"], ["crosstalk"]]


def test_nothing_is_begun_when_the_time_is_over(bench: Bench) -> None:
    bench.began -= 2
    assert list(bench.each(CROSSTALK, BARE)) == []
    assert bench.notes[0] == "no time was left for Crosstalk in round 1"


def test_a_plot_is_well_formed_and_longer_for_more() -> None:
    image = plot(
        "<CPU> & time", [Line("C", 6.2, "6.2 µs"), Line("Crosstalk", 9, "9.0 µs", ours=True), Line("threads", 280, "280 µs")]
    )
    lengths = [float(one.get("width", "0")) for one in ElementTree.fromstring(image).iter("{http://www.w3.org/2000/svg}rect")]
    assert lengths == sorted(lengths)
    assert lengths[0] > 0


def test_the_page_keeps_what_people_wrote(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n\n{report.BEGIN}\n\nold\n\n{report.END}\n\nafter\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "IMAGES", tmp_path)
    _figures(bench, "kB an idle connection", crosstalk=9, node=18)
    for _ in range(2):
        report.write_page(bench, BARS, "make bench")
    written = page.read_text()
    assert written.startswith(f"# Before\n\n{report.BEGIN}\n")
    assert written.endswith(f"{report.END}\n\nafter\n")
    assert "old" not in written
    assert "| Crosstalk | 9.0 | – |" in written
    assert "performance-memory.svg" in written
    assert (tmp_path / "performance-memory.svg").exists()
