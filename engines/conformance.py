"""Golden fixtures against the engines: per file and case the largest error beside its limit.

Nothing here or in the families' `golden.py` computes a model: the fixture's inputs go to the code that paints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from engines import errors, golden
from engines.kandinsky3 import golden as kandinsky3
from engines.kandinsky3 import golden_control, golden_ip, golden_names, golden_repainting, golden_super_resolution

NO_ENGINE = "not run: no engine for it yet"
NOT_COMPARED = "not run: there is no comparison for some or all of these tensors"
_FILES = {
    **kandinsky3.FILES,
    **golden_ip.FILES,
    **golden_control.FILES,
    **golden_repainting.FILES,
    **golden_super_resolution.FILES,
    **golden_names.FILES,
}
# what a fixture of an unexpected form, or a model that cannot take it, raises
_UNUSABLE = (errors.EngineError, RuntimeError, KeyError, IndexError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class CaseReport:
    """One case: its largest absolute error and its limit, or why there is none."""

    file: str
    case: str
    error: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        """The case ran and its error is within the limit."""
        return self.error is not None and self.limit is not None and self.error <= self.limit

    @property
    def failed(self) -> bool:
        """The case is over its limit, or could not be run although an engine for it exists."""
        return not self.passed and not self.skipped

    @property
    def skipped(self) -> bool:
        """There is nothing that would run it."""
        return self.note in (NO_ENGINE, NOT_COMPARED)


def run(directory: Path) -> Iterator[CaseReport]:
    """A report for every case of every golden file in the directory, as soon as it is known."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # golden networks are so small that a second thread only waits
    try:
        yield from _reports(directory)
    finally:
        torch.set_num_threads(threads)


def _reports(directory: Path) -> Iterator[CaseReport]:
    for path in sorted(directory.iterdir()):
        if path.suffix == ".md" or path.name.startswith("."):
            continue
        file = path.stem if path.suffix == ".safetensors" else path.name
        cases = _FILES.get(file)
        if cases is None:
            yield CaseReport(file, "all", note=NO_ENGINE)
            continue
        try:
            fixture = golden.Fixture.open(path)
            listed = list(cases(fixture))
        except _UNUSABLE as error:
            yield CaseReport(file, "all", note=f"cannot be run: {error}")
            continue
        stopped: set[str] = set()
        for case, check in listed:
            report = _report(file, case, check)
            stopped |= {case} if report.error is None else set()
            yield report
        for words in fixture.unread():
            if words not in stopped:  # a case that was not run to its end has said so itself
                yield CaseReport(file, f"{words}.*", note=NOT_COMPARED)


@torch.inference_mode()
def _report(file: str, case: str, check: golden.Check | None) -> CaseReport:
    if check is None:
        return CaseReport(file, case, note=NO_ENGINE)
    worst = golden.Worst()
    try:
        check(worst)
    except _UNUSABLE as error:
        return CaseReport(file, case, note=f"cannot be run: {error}")
    if not worst.compared:
        return CaseReport(file, case, note="cannot be run: the file holds nothing to compare with")
    return CaseReport(file, case, worst.error, worst.limit)
