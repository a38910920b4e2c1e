"""Every benchmark comes to its end and gives a table that can be read; no number is judged here."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import report, sampler_batching
from engines import tasks


class Stub:
    """A benchmark that notes how it was run, and may fail."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.ran_quick: list[bool] = []

    def run(self, quick: bool) -> report.Report:
        self.ran_quick.append(quick)
        if self.fails:
            raise RuntimeError("no such luck")
        return report.Report("Speed of light", ("where", "km/s"), [("vacuum", 299_792.46)], notes=["Known before."])


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", benchmarks.NAMES)
def test_the_rehearsal_of_a_benchmark_fills_its_table(
    name: str, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KANDINSKY_ENGINES__WEIGHTS_DIR", str(tiny_weights))
    monkeypatch.setenv("KANDINSKY_ENGINES__DEVICES", "cpu")
    assert benchmarks.main([name, "--quick", "--folder", str(tmp_path)]) == 0
    found = json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
    assert found["benchmark"] == name
    assert {"cpu", "cores", "python", "torch"} <= found["machine"].keys()
    assert found["rows"]
    numbers = [cell for row in found["rows"] for cell in row.values() if not isinstance(cell, str)]
    assert numbers
    assert all(math.isfinite(number) for number in numbers)
    table = [line for line in (tmp_path / f"{name}.md").read_text("utf-8").splitlines() if line.startswith("|")]
    assert len(table) == len(found["rows"]) + 2


def test_a_benchmark_that_fails_is_told_and_the_others_still_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stubs = {"bot_path": Stub(fails=True), "start_up": Stub()}
    assert benchmarks.main([*stubs, "--folder", str(tmp_path)], stubs.__getitem__) == 1
    assert "failed: bot_path" in capsys.readouterr().err
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["start_up.json", "start_up.md"]


def test_a_rehearsal_prints_its_table_and_leaves_no_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    stub = Stub()
    assert benchmarks.main(["start_up", "--quick"], lambda name: stub) == 0
    assert stub.ran_quick == [True]
    assert "| vacuum | 299,792.46 |" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_an_unknown_name_is_answered_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmarks.main(["speed"])
    assert "there is no speed; there are queue_operations" in capsys.readouterr().err


def test_the_arrivals_are_the_same_each_time_and_load_the_device_as_planned() -> None:
    busy_s = {tasks.Model.KANDINSKY_3: 2.0, tasks.Model.KANDINSKY_3_FLASH: 0.2}
    scale = dataclasses.replace(sampler_batching.FULL, requests=2000)
    plan = sampler_batching.arrivals(scale, busy_s)
    assert plan == sampler_batching.arrivals(scale, busy_s)
    times_s = [arrival.at_s for arrival in plan]
    assert times_s == sorted(times_s)
    load = sum(busy_s[arrival.task.model] for arrival in plan) / times_s[-1]
    assert load == pytest.approx(sampler_batching.LOAD, rel=0.1)
