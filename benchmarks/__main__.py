"""Runs the benchmarks one after another: `python -m benchmarks [name ...] [--quick] [--folder DIR]`.

A benchmark is a module here with `run(quick: bool) -> report.Report`.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, cast

from benchmarks import report
from bot import logs
from bot.settings import LogSettings

NAMES: Final = (
    "queue_operations",
    "queue_fairness",
    "bot_path",
    "answers",
    "start_up",
    "sampler_batching",
    "previews",
    "engines",
    "engine_arrivals",
    "engines_gpu",
)


class Benchmark(Protocol):
    """A module that measures one thing."""

    def run(self, quick: bool) -> report.Report:
        """Measure. `quick` is a rehearsal: everything once, numbers that mean nothing."""


def _module(name: str) -> Benchmark:
    return cast("Benchmark", importlib.import_module(f"benchmarks.{name}"))


def main(arguments: Sequence[str] | None = None, load: Callable[[str], Benchmark] = _module) -> int:
    """Run what was asked for; the exit status is 1 when one of them failed, and the others have run."""
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measure and write tables of results.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"which, of {', '.join(NAMES)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="a rehearsal that writes no results unless told where")
    parser.add_argument("--folder", type=Path, help="where the results are written")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.names) - set(NAMES)):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(NAMES)}")
    failed = [name for name in chosen.names or NAMES if not _ran(name, load, chosen.quick, chosen.folder)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _ran(name: str, load: Callable[[str], Benchmark], quick: bool, folder: Path | None) -> bool:
    """Whether a benchmark came to its end; its results are written or printed then."""
    print(f"{name} ...", file=sys.stderr)
    began_s = time.perf_counter()
    try:
        found = load(name).run(quick)
    except Exception:
        traceback.print_exc()
        return False
    print(f"{name}: {time.perf_counter() - began_s:.0f} s", file=sys.stderr)
    if quick and folder is None:
        print(report.markdown(found.title, found.columns, found.rows, found.notes, report.commit()))
        return True
    report.publish(
        name,
        found.title,
        found.columns,
        found.rows,
        notes=found.notes,
        parameters=found.parameters,
        sources=found.sources,
        folder=folder or report.RESULTS,
    )
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the processes that a benchmark started end with it
    logs.configure(LogSettings(level="warning"))
    sys.exit(main())
