"""The table that `kandinsky-bot conformance` prints."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table


def report(directory: Path, console: Console) -> bool:
    """Run every golden fixture in the directory and print the largest error beside its limit. True if all are met."""
    from engines import conformance

    table = Table("file", "case", "largest error", "limit", "")
    passed = True
    ran = 0
    with console.status("comparing with the official numbers"):
        for case in conformance.run(directory):
            if case.error is None:
                table.add_row(case.file, case.case, "-", "-", f"[yellow]not run: {case.note}[/]")
                continue
            ran += 1
            passed &= case.passed
            verdict = "[green]ok[/]" if case.passed else f"[bold red]over[/] {case.note}"
            table.add_row(case.file, case.case, f"{case.error:.2e}", f"{case.limit:.1e}", verdict)
    console.print(table)
    if not ran:
        console.print(f"[bold red]No fixture that an engine knows lies in {directory}.[/]")
        return False
    console.print("[green]All limits are met.[/]" if passed else "[bold red]At least one limit is not met.[/]")
    return passed
