"""The table in docs/reliability.md: a long run writes its rows between the markers, and leaves those of other scenarios."""

from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"
BEGIN, END = "<!-- written by make test-faults: begin -->", "<!-- end -->"
HEAD = ["| scenario | numbers | outcome | times | command | seed |", "|---|---|---|---|---|--:|"]


@dataclass
class Row:
    """One scenario's line."""

    scenario: str
    seed: int
    command: str
    outcome: str = ""
    numbers: dict[str, object] = field(default_factory=dict)
    times: dict[str, object] = field(default_factory=dict)
    too_slow: list[str] = field(default_factory=list)

    def line(self) -> str:
        cells = [self.scenario, _told(self.numbers), self.outcome, _told(self.times), f"`{self.command}`", str(self.seed)]
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _told(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in values.items())


def write(rows: list[Row], note: str) -> None:
    """Puts the rows into the page. A scenario that was run again has its line replaced."""
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    inside, after = rest.split(END)
    lines = {line.split("|")[1].strip(): line for line in inside.splitlines() if line.startswith("| ") and line not in HEAD}
    for row in rows:
        lines[row.scenario] = row.line()
    PAGE.write_text("\n".join([before.rstrip("\n"), "", BEGIN, "", note, "", *HEAD, *lines.values(), "", END]) + after)
