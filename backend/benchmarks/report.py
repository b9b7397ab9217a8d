"""What a run found: on the terminal, as JSON, and, when it was whole, in docs/performance.md with its plots."""

import json
import statistics
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import tables
from benchmarks.bars import Bar
from benchmarks.bench import Bench
from benchmarks.machine import description
from benchmarks.roster import PEERS, ROOT

RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"
BEGIN, END = "<!-- written by `make bench`: begin -->", "<!-- end -->"
_DOUBTFUL_CPUS = 0.3
_COLOURS = {"aim": "green", "floor": "yellow", "missed": "red", "not measured": "dim"}
_PACKAGES = {
    ".venv": ("Flask-SocketIO", "python-socketio", "python-engineio", "simple-websocket"),
    ".venvs/gevent": ("gevent",),
    ".venvs/asgi": ("uvicorn", "uvloop", "websockets"),
}


def show(console: Console, bench: Bench, bars: Sequence[Bar]) -> None:
    table = Table(title="Bars", title_justify="left")
    for column in ("bar", "floor", "aim", "measured", ""):
        table.add_column(column, justify="left" if column in ("bar", "") else "right")
    for bar in bars:
        verdict = bar.verdict(bench)
        told = f"[{_COLOURS[verdict]}]{verdict}[/]"
        table.add_row(bar.title, bar.mark(bar.floor), bar.mark(bar.aim), bar.told(bar.measured(bench)), told)
    console.print(table)
    for title, head, rows in tables.of(bench):
        shown = Table(title=title, title_justify="left")
        for index, column in enumerate(head):
            shown.add_column(column, justify="right" if index else "left")
        for row in rows:
            shown.add_row(*row)
        console.print(shown)
    console.print(_doubt(bench))
    for note in bench.notes:
        console.print(f"! {note}", markup=False)


def write_json(bench: Bench, bars: Sequence[Bar], options: dict[str, Any]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    file = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    told = [
        {
            "bar": bar.title,
            "floor": bar.floor,
            "aim": bar.aim,
            "unit": bar.unit,
            "measured": bar.measured(bench),
            "verdict": bar.verdict(bench),
        }
        for bar in bars
    ]
    whole = {
        "at": now.isoformat(timespec="seconds"),
        "options": options,
        "machine": description(),
        "versions": versions(),
        "event_bytes": bench.event_bytes,
        "others_cpus": bench.others_cpus,
        "bars": told,
        "measures": bench.measures,
        "windows": bench.windows,
        "notes": bench.notes,
    }
    file.write_text(json.dumps(whole, indent=1) + "\n")
    return file


def write_page(bench: Bench, bars: Sequence[Bar], command: str) -> None:
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has lost its marks: {BEGIN} and {END}")
    for name, (_, image) in tables.plots(bench).items():
        (IMAGES / f"performance-{name}.svg").write_text(image)
    PAGE.write_text("\n".join([before + begin, "", *_page(bench, bars, command), "", end]) + after)


def _page(bench: Bench, bars: Sequence[Bar], command: str) -> list[str]:
    machine = ", ".join(f"{name} {value}" if name == "Python" else value for name, value in description().items())
    installed = ", ".join(f"{name} {version}" for name, version in versions().items())
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with `{command}`: {bench.rounds} rounds, medians. {machine}. {installed}. "
        f"An event has {bench.event_bytes} bytes, for everybody. {_doubt(bench)}",
        "",
        *_markdown(
            ["bar", "floor", "aim", "measured", "reached"],
            [
                [bar.title, bar.mark(bar.floor), bar.mark(bar.aim), bar.told(bar.measured(bench)), bar.verdict(bench)]
                for bar in bars
            ],
        ),
    ]
    for name, (title, _) in tables.plots(bench).items():
        lines += ["", f"![{title}](images/performance-{name}.svg)"]
    for title, head, rows in tables.of(bench):
        lines += ["", f"### {title}", "", *_markdown(head, rows)]
    if bench.notes:
        lines += ["", "What else was seen:", "", *(f"* {note}" for note in bench.notes)]
    return lines


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells]


def _doubt(bench: Bench) -> str:
    if not bench.others_cpus:
        return ""
    middle, most = statistics.median(bench.others_cpus), max(bench.others_cpus)
    told = f"Others used {middle:.2f} CPUs of the machine meanwhile, at most {most:.2f}."
    return told + (" That is too much for figures to rely on." if middle > _DOUBTFUL_CPUS else "")


def versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for environment, names in _PACKAGES.items():
        for path in (ROOT / environment).glob("lib/python3.*/site-packages"):
            for name in names:
                for distribution in Distribution.discover(name=name, path=[str(path)]):
                    found.setdefault(name, distribution.version)
    package = PEERS / "node_modules" / "socket.io" / "package.json"
    if package.exists():
        found["socket.io"] = json.loads(package.read_text())["version"]
        node = subprocess.run(
            [ROOT / "scripts" / "with-node.sh", "node", "--version"], capture_output=True, text=True, timeout=60, check=False
        )
        found["Node"] = node.stdout.strip().removeprefix("v")
    return found
