"""What a person, or a program, reads in the terminal."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from crosstalk.wirecheck.client.diagnosis import Diagnosis
from crosstalk.wirecheck.client.findings import Finding
from crosstalk.wirecheck.client.outcome import NOT_TRIED, TRANSPORTS, Outcome


class Report(Protocol):
    def begin(self, url: str, diagnosis: Diagnosis) -> None: ...
    def row(self, outcome: Outcome) -> None: ...
    def stop(self) -> None: ...
    def end(self, outcomes: list[Outcome], found: Iterable[Finding], status: int) -> None: ...


class Lines:
    """JSON, one object a line: `row`, `finding`, and at the end `passed`."""

    def begin(self, url: str, diagnosis: Diagnosis) -> None:
        self._found(diagnosis.found)

    def row(self, outcome: Outcome) -> None:
        self._write(asdict(outcome))

    def stop(self) -> None:
        """Nothing moves here."""

    def end(self, outcomes: list[Outcome], found: Iterable[Finding], status: int) -> None:
        self._found(found)
        passed = sum(one.ok for one in outcomes)
        self._write({"passed": passed, "failed": len(outcomes) - passed, "status": status})

    def _found(self, found: Iterable[Finding]) -> None:
        for one in found:
            self._write({"finding": one.name, "what": one.what, "change": one.change})

    def _write(self, said: dict[str, object]) -> None:
        print(json.dumps(said, ensure_ascii=False), flush=True)


class Page:
    """One table for all transports, and below it what each failed row expected and got."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._status: Status | None = None
        self._seen: tuple[Finding, ...] = ()

    def begin(self, url: str, diagnosis: Diagnosis) -> None:
        self._console.print(f"[bold]Wire check of {escape(url)}[/]", soft_wrap=True)
        for fact in diagnosis.facts:
            self._console.print(f"  {escape(fact)}", soft_wrap=True)
        self._seen = diagnosis.found
        self._found(diagnosis.found)
        if self._console.is_terminal and not diagnosis.rows_are_useless:
            self._status = self._console.status("first check")
            self._status.start()

    def row(self, outcome: Outcome) -> None:
        if self._status is not None:
            self._status.update(f"{outcome.transport} {outcome.namespace} {escape(outcome.row)}")

    def stop(self) -> None:
        """Gives the terminal back."""
        if self._status is not None:
            self._status.stop()

    def end(self, outcomes: list[Outcome], found: Iterable[Finding], status: int) -> None:
        if outcomes:
            self._console.print()
            self._console.print(_table(outcomes))
        failed = [one for one in outcomes if not one.ok]
        tried = [one for one in failed if not one.came.startswith(NOT_TRIED)]
        for one in tried:
            self._failure(one)
        for transport, count in Counter(one.transport for one in failed if one not in tried).items():
            self._console.print(f"\n[bold red]✗ {count} more over {transport}[/] were not run, because there was no connection")
        # Said above already, but that is a long way up by now.
        self._found([*(self._seen if failed else ()), *found])
        self._console.print()
        self._console.print(_sum(outcomes, status))

    def _failure(self, one: Outcome) -> None:
        self._console.print()
        where = f"{one.transport}, namespace {one.namespace}"
        self._console.print(f"[bold red]✗ {escape(one.row)}[/] ({where})", soft_wrap=True)
        self._console.print(f"  expected: {escape(one.expected)}", soft_wrap=True)
        self._console.print(f"  received: {escape(one.came)}", soft_wrap=True)

    def _found(self, found: Iterable[Finding]) -> None:
        for one in found:
            self._console.print()
            self._console.print(f"[bold yellow]! {escape(one.what)}[/]", soft_wrap=True)
            self._console.print(f"  → {escape(one.change)}", soft_wrap=True)


def _table(outcomes: list[Outcome]) -> Table:
    transports = [one for one in TRANSPORTS if any(outcome.transport == one for outcome in outcomes)]
    table = Table("check", *transports, box=None, pad_edge=False, header_style="bold")
    for name in dict.fromkeys(one.row for one in outcomes):
        cells = [_cell([one for one in outcomes if one.row == name and one.transport == transport]) for transport in transports]
        table.add_row(escape(name), *cells)
    return table


def _cell(outcomes: list[Outcome]) -> str:
    """One row over one transport, in all its namespaces."""
    if not outcomes:
        return "[dim]–[/]"
    slowest = max(one.ms for one in outcomes)
    failed = [one.namespace for one in outcomes if not one.ok]
    if failed:
        return "[bold red]✗[/]" + (f" in {' and '.join(failed)}" if len(failed) < len(outcomes) else "")
    return f"[green]✓[/] [dim]{slowest:,.0f} ms[/]"


def _sum(outcomes: list[Outcome], status: int) -> str:
    failed = sum(not one.ok for one in outcomes)
    if not outcomes:
        return "[bold red]No check was run.[/]"
    if failed:
        return f"[bold red]{failed} of {len(outcomes)} checks failed.[/]"
    if status:
        return f"[bold yellow]All {len(outcomes)} checks passed, but a browser would run into the problems above.[/]"
    return f"[bold green]All {len(outcomes)} checks passed.[/]"
