"""Benchmark results as JSON and a table, with the machine and the commit that gave them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"

SOURCES = ("bot", "engines", "handlers", "benchmarks/*.py")

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark found: a table, and what a reader must know to understand it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    parameters: Mapping[str, Cell] = field(default_factory=dict)
    sources: Sequence[str] = SOURCES


def publish(
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    notes: Sequence[str] = (),
    parameters: Mapping[str, Cell] | None = None,
    sources: Sequence[str] = SOURCES,
    folder: Path = RESULTS,
) -> Path:
    """Write `name`.json and `name`.md into the results folder, print the table, and return the JSON's path.

    `sources` are the paths that the numbers depend on: the commit is marked when one of them has been changed.
    """
    version = commit(sources)
    document = {
        "benchmark": name,
        "title": title,
        "machine": machine(),
        "commit": version,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": dict(parameters or {}),
        "rows": [dict(zip(columns, row, strict=True)) for row in rows],
        "notes": list(notes),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    text = markdown(title, columns, rows, notes, version)
    path.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)
    return path


def markdown(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], notes: Sequence[str], version: str
) -> str:
    """A Markdown page: title, machine and commit, the table, the notes."""
    lines = [f"# {title}", "", f"{describe_machine()}, commit {version}.", ""]
    lines += ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    if notes:
        lines += ["", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def machine() -> dict[str, Cell]:
    """What the numbers depend on; nothing that names the host."""
    described: dict[str, Cell] = {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch"),
    }
    if hasattr(os, "getloadavg"):
        described["load_1min"] = round(os.getloadavg()[0], 2)
    return described


def describe_machine() -> str:
    """The machine in one line."""
    known = machine()
    load = f", load {known['load_1min']}" if "load_1min" in known else ""
    return f"{known['cpu']}, {known['cores']} cores, Python {known['python']}, torch {known['torch']}{load}"


def commit(sources: Sequence[str] = SOURCES) -> str:
    """The short hash of the commit that runs, with "+" when one of these sources has been changed since."""
    root = Path(__file__).parent.parent
    try:
        head = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no", "--", *sources],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _cell(cell: Cell) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell
