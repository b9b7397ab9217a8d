"""`python -m benchmarks`: see `--help`, or say `make bench`."""

import signal
import sys
from types import FrameType

import click
from rich.console import Console

from benchmarks import fan_out, generator, idle, report, rooms, storing
from benchmarks.bars import BARS
from benchmarks.bench import Bench
from benchmarks.generator import FOLDER, LoadError
from benchmarks.hosted import HostError
from benchmarks.machine import raise_file_limit
from benchmarks.roster import CROSSTALK, ROOT
from benchmarks.stage import StageError

PARTS = {
    "fan-out": fan_out.fan_out,
    "rooms": rooms.rooms,
    "storing": storing.storing,
    "connects": idle.connects,
    "idle": idle.large_room,
    "rest": idle.rest,
}
_LIMIT_S, _QUICK_LIMIT_S = 550, 100
"""After so long nothing more is begun."""


@click.command()
@click.option("--quick", is_flag=True, help="One round, short, without the slow peers: under two minutes.")
@click.option("--only", "names", type=click.Choice(list(PARTS)), multiple=True, help="This part alone; again for more.")
@click.option("--rounds", type=click.IntRange(1, 9), help="How often each is measured; the median counts. 3, or 1 when quick.")
@click.option("--write", is_flag=True, help="Write docs/performance.md also when the run is not a whole one.")
def main(quick: bool, names: tuple[str, ...], rounds: int | None, write: bool) -> None:
    """Measure the server beside its peers, and say which bars it reaches.

    Ends with 0 when everything could be measured, whatever the figures say; else with 1.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    raise_file_limit()
    console = Console(width=max(100, Console().width))
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        load = generator.compiled()
        bench = Bench(
            load,
            FOLDER,
            rounds or (1 if quick else 3),
            quick,
            _QUICK_LIMIT_S if quick else _LIMIT_S,
            lambda text: console.print(text, markup=False),
        )
        bench.event_bytes = _event_bytes(bench)
    except (LoadError, HostError, StageError) as refused:
        raise click.ClickException(str(refused)) from None
    chosen = [name for name in PARTS if not names or name in names]
    for turn in bench.each_round():
        for name in chosen:
            console.print(f"[bold]{name}[/], round {turn + 1}")
            PARTS[name](bench)
    bars = [bar for bar in BARS if bar.part in chosen]
    report.show(console, bench, bars)
    command = "make bench" + (" QUICK=1" if quick else "")
    file = report.write_json(bench, bars, {"quick": quick, "only": list(names), "rounds": bench.rounds})
    console.print(f"→ {file.relative_to(ROOT)}")
    if write or not (quick or names or rounds):
        report.write_page(bench, bars, command)
        console.print(f"→ {report.PAGE.relative_to(ROOT)}")
    sys.exit(1 if any(bar.verdict(bench) == "not measured" for bar in bars) else 0)


def _event_bytes(bench: Bench) -> int:
    """How long an event of ours is: the peers' are padded to it."""
    with bench.stage(CROSSTALK, 2, 2) as stage:
        stage.connect()
        window = stage.run(20, 2, seconds=0.5, warm=0.1)
        if window.faults:
            raise StageError(
                f"{CROSSTALK.title} does not do the work that is to be measured: {window.faults} {window['refusal']}"
            )
        return round(float(window["event_bytes"]))


def _end(_signal: int, _frame: FrameType | None) -> None:
    # As an exception, so that every server that was started is ended on the way out.
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
