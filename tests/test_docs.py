"""What the documents promise exists: commands, targets, files, numbers; and nothing in them names a machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bot import cli_commands

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md")
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
# Where somebody's machine shows through: home folders, mounted work folders, addresses of private networks.
MACHINE = re.compile(
    r"(?<![\w.])/(?:work|root|home/[a-z]+|Users/[A-Za-z]+)/"
    r"|\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}(?::\d+)?/"
    r"|--(?:extra-)?index-url|--trusted-host"
)


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def tracked() -> list[Path]:
    """The files of the repository; the test is skipped where there is none, as in an image."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


@pytest.mark.parametrize("name", PAGES)
def test_every_make_command_is_a_target(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE))
    used = set(re.findall(r"(?:^|[`\s])make ([a-z-]+)(?=[`\s.;,)]|$)", page(name), re.MULTILINE))
    assert used
    assert used <= targets


def test_every_target_is_listed_by_make_help() -> None:
    makefile = page("Makefile")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    described = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    assert set(phony[1].split()) == described


@pytest.mark.parametrize("name", PAGES)
def test_every_subcommand_exists(name: str) -> None:
    known = {
        command.name or getattr(command.callback, "__name__", "") for command in cli_commands.app.registered_commands
    }
    known |= {
        str(group.typer_instance.info.name) for group in cli_commands.app.registered_groups if group.typer_instance
    }
    used = set(re.findall(r"kandinsky-bot ([a-z]+)", page(name)))
    assert used <= known
    if name == "README.md":
        assert used == known, "the README lists the whole command line"


@pytest.mark.parametrize("name", [*PAGES, *(str(path.relative_to(ROOT)) for path in ADRS)])
def test_every_linked_file_exists(name: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page(name))
    missing = [link for link in links if not ((ROOT / name).parent / link).exists()]
    assert not missing


def test_paths_in_the_contributing_table_exist() -> None:
    rows = [line for line in page("CONTRIBUTING.md").splitlines() if line.startswith("| ") and "`" in line]
    paths = [path for row in rows for path in re.findall(r"`([\w./]+/[\w./]*)`", row)]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_decisions_are_numbered_without_gaps_and_say_what_an_adr_says() -> None:
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))
    for path in ADRS:
        text = path.read_text("utf-8")
        parts = ("context", "decision", "bound", "how it is proven|proof")
        missing = [part for part in parts if not re.search(rf"^(#+ |\*\*)({part})", text, re.MULTILINE | re.IGNORECASE)]
        assert not missing, path.name


def test_nothing_in_the_repository_names_the_machine_it_was_written_on() -> None:
    found = []
    for path in tracked():
        if path == Path(__file__).resolve() or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" in content[:8192]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found
