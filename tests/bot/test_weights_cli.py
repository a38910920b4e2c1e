"""`kandinsky-bot weights` from the outside."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from bot import cli_commands, weights_report
from engines.weights import lock, manifest
from tests import hub_double
from tests import official_layout as official

KIND = "kandi_super_res_x2"


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("KANDINSKY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def called(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli_commands.app, ["weights", *[str(argument) for argument in arguments]])


def told(result: Result) -> str:
    """What the command said, on one line: terminals break lines where they like."""
    return " ".join(result.output.split())


def elsewhere(endpoint: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, whose hub library reads the endpoint when it is imported."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "weights", *[str(argument) for argument in arguments]],
        env={
            **os.environ,
            "HF_ENDPOINT": endpoint,
            "HF_HUB_OFFLINE": "0",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_list_names_every_kind_and_component_with_size_and_licence() -> None:
    result = called("list", "--dir", "w")
    assert result.exit_code == 0
    book = manifest.load()
    for name in (*book.kinds, *book.components):
        assert name in result.output
    assert "Apache-2.0" in result.output
    assert not Path("w").exists()


@pytest.mark.parametrize(
    ("kept", "pinned", "shown", "says"),
    [
        (None, None, "", "not pinned: the first pull takes what is published then"),
        ("a" * 40, None, "a" * 12, "not pinned: published at the first pull"),
        (None, "b" * 40, "b" * 12, "pinned by this version"),
        ("b" * 40, "b" * 40, "b" * 12, "pinned by this version"),
        ("a" * 40, "b" * 40, "a" * 12, "this version pins bbbbbbbbbbbb: delete it to take that"),
    ],
)
def test_list_says_which_commit_is_in_use_and_whether_it_is_pinned(
    tmp_path: Path, kept: str | None, pinned: str | None, shown: str, says: str
) -> None:
    book = dataclasses.replace(manifest.load(), revisions={official.SUPER_RESOLUTION: pinned} if pinned else {})
    if kept:
        lock.write(tmp_path, lock.Lock(commits={official.SUPER_RESOLUTION: kept}))
    screen = io.StringIO()
    weights_report.show(tmp_path, Console(file=screen, width=200), book)
    (line,) = [line for line in screen.getvalue().splitlines() if official.SUPER_RESOLUTION in line]
    assert says in line
    assert shown in line


@pytest.mark.slow
def test_what_is_pulled_is_listed_and_verified(tmp_path: Path) -> None:
    root = tmp_path / "w"
    with hub_double.serving() as double:
        double.publish(official.SUPER_RESOLUTION, official.super_resolution(), licence="mit")
        came = elsewhere(double.url, "pull", KIND, "--dir", root, "--half", "--remove-originals")
    assert came.returncode == 0, came.stderr
    assert "1 files came" in came.stdout
    commit = double.repositories[official.SUPER_RESOLUTION].head[:12]
    said = f"{official.SUPER_RESOLUTION} is not pinned: it is taken as published now, commit {commit}"
    assert said in came.stderr
    assert [path.name for path in sorted(root.iterdir())][-1] == "weights.lock.json"
    assert (root / "kandi_super_res_x2.safetensors").is_file()
    assert not (root / "originals").exists()
    listed = called("list", "--dir", root)
    assert "mit" in listed.output
    assert any(official.SUPER_RESOLUTION in line and commit in line for line in listed.output.splitlines())
    assert any("KandiSuperRes x2 " in line and "there" in line for line in listed.output.splitlines())
    assert called("verify", "--dir", root).exit_code == 0
    (root / "kandi_super_res_x2.safetensors").write_bytes(b"x")
    broken = called("verify", "--dir", root, "--quick")
    assert broken.exit_code == 1
    assert "changed kandi_super_res_x2.safetensors" in told(broken)


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_told_with_what_to_do(tmp_path: Path) -> None:
    failed = elsewhere("http://127.0.0.1:9", "pull", KIND, "--dir", tmp_path)  # discard: nobody listens
    assert failed.returncode == 2
    assert "goes on where it stopped" in " ".join(failed.stderr.split())
    assert "Traceback" not in failed.stderr


def test_an_unknown_kind_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    result = called("convert", "paint", "--dir", tmp_path)
    assert result.exit_code == 2
    assert "text_to_image" in told(result)


def test_nothing_to_convert_is_told(tmp_path: Path) -> None:
    assert "is to be converted" in told(called("convert", "--dir", tmp_path))


@pytest.mark.parametrize("flags", [(), ("--quick",)])
@pytest.mark.parametrize("name", ["empty", "not there"])
def test_a_folder_without_weights_is_told_with_what_fetches_them(
    tmp_path: Path, name: str, flags: Sequence[str]
) -> None:
    (tmp_path / "empty").mkdir()
    folder = tmp_path / name
    result = called("verify", "--dir", folder, *flags)
    assert result.exit_code == 1
    fetch = f"kandinsky-bot weights pull --dir {shlex.quote(str(folder))}"
    assert told(result) == f"There are no weights in {folder}. `{fetch}` fetches what text to image needs."


@pytest.mark.parametrize("command", [("pull",), ("convert",), ("verify",), ("list",)])
@pytest.mark.parametrize("folder", ["a file", "a file/below", "x" * 300], ids=["file", "below a file", "too long"])
def test_a_folder_that_there_cannot_be_is_told_and_leaves_no_traceback(
    tmp_path: Path, command: Sequence[str], folder: str
) -> None:
    (tmp_path / "a file").touch()
    result = called(*command, "--dir", tmp_path / folder)
    assert (result.exit_code, type(result.exception)) == (2, SystemExit)
    assert re.search(rf"Cannot go on: .*{folder}.* cannot be (changed|read)", told(result))
    assert "delete it" not in told(result)


def test_a_file_that_the_disk_does_not_give_back_is_told(tmp_path: Path) -> None:
    (tmp_path / "movq.safetensors").symlink_to("/proc/self/mem")  # it can be opened, and reading it fails
    lock.write(tmp_path, lock.Lock(files={"movq.safetensors": lock.Entry(0, "00")}))
    result = called("verify", "--dir", tmp_path)
    assert (result.exit_code, type(result.exception)) == (2, SystemExit)
    assert re.search(r"movq\.safetensors cannot be read: Input/output error\.", told(result))


def test_files_put_there_by_hand_are_named_and_nothing_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "movq.pt").write_bytes(b"by hand")
    result = called("verify", "--dir", tmp_path)
    assert result.exit_code == 0
    assert "not in the lock movq.pt: it was put there by hand" in told(result)
    assert "Nothing was compared" in told(result)
    assert "0 of 0" not in told(result)
    assert "0 files" not in told(result)


def test_a_file_that_is_gone_is_missing_though_nothing_else_was_there(tmp_path: Path) -> None:
    lock.write(tmp_path, lock.Lock(files={"movq.safetensors": lock.Entry(1, "00")}))
    result = called("verify", "--dir", tmp_path)
    assert result.exit_code == 1
    assert "missing movq.safetensors" in told(result)
    assert "0 of 1 files have their checksums" in told(result)


def test_the_advice_for_a_broken_file_names_the_folder_that_was_verified(tmp_path: Path) -> None:
    folder = tmp_path / "my [bold] weights"
    folder.mkdir()
    lock.write(folder, lock.Lock(files={"movq.safetensors": lock.Entry(1, "00")}))
    (command,) = re.findall(r"`([^`]*)`", told(called("verify", "--dir", folder)))
    assert shlex.split(command) == ["kandinsky-bot", "weights", "pull", "KIND", "--dir", str(folder)]


def test_the_folder_is_that_of_the_official_profile(tmp_path: Path) -> None:
    assert str(Path("data/weights")) in told(called("list"))
    inner = tmp_path / "w" / "weights"
    inner.mkdir(parents=True)
    (inner / "movq.pt").write_bytes(b"")
    assert f"fetch for {inner}" in told(called("list", "--dir", tmp_path / "w"))
    Path("bot.toml").write_text('[engines]\nweights_dir = "elsewhere"\n', "utf-8")
    assert "elsewhere" in told(called("list"))
