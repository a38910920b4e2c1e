"""The table that `kandinsky-bot conformance` prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from engines.conformance import CaseReport


def report(directory: Path, console: Console) -> bool:
    """Run every golden fixture in the directory and print the largest error beside its limit. True if all are met.

    Cases for which there is no engine or no comparison are shown as such and do not fail; a directory without any case
    that ran is a failure.
    """
    from engines import bridges, conformance

    bridges.install()
    table = Table("file", "case", "largest error", "limit", "")
    failures = ran = skipped = 0
    with console.status("comparing with the official numbers"):
        for case in conformance.run(directory):
            ran += case.passed
            failures += case.failed
            skipped += case.skipped
            table.add_row(case.file, case.case, _number(case.error), _number(case.limit), _verdict(case))
    console.print(table)
    if failures:
        console.print(f"[bold red]{failures} cases are over their limit or could not be run.[/]")
    elif not ran:
        console.print(f"[bold red]{directory} holds no fixture that an engine knows.[/]", soft_wrap=True)
    else:
        console.print(f"[green]{ran} cases are within their limits.[/]")
    if skipped:
        console.print(f"[yellow]{skipped} were not run; the table names them.[/]")
    return ran > 0 and not failures


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}"


def _verdict(case: CaseReport) -> str:
    if case.passed:
        return "[green]ok[/]"
    return f"[bold red]failed[/] {case.note}" if case.failed else f"[yellow]{case.note}[/]"
