"""What is missing for the bot to run, in plain words. Looks only: it creates and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from bot import machine, memory_report
from bot.settings import Settings, SettingsError
from engines import checkpoints, memory_plan
from engines.catalog import MINI_WEIGHTS, ProfileCatalog
from engines.errors import CheckpointError

GIB: Final = 2**30
TELEGRAM: Final = "https://api.telegram.org"
ANSWER_WITHIN_S: Final = 10.0
MEMORY_LEAST_BYTES: Final = {"mini": 2 * GIB, "kandinsky3": 24 * GIB}
NO_CARD: Final = "No CUDA card was found here; which official models fit which card is told in docs/memory.md."
SQLITE_HEADER: Final = b"SQLite format 3\x00"
DISK_LEAST_BYTES: Final = 1 * GIB
WEIGHTS: Final = (
    "kandinsky3",
    "kandinsky3_flash",
    "movq",
    "flan_ul2_encoder/projection",
    "flan_ul2_encoder/projection_flash",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `fix` is what to do where it is not ok."""

    name: str
    ok: bool
    text: str
    fix: str = ""


def checks(settings: Settings) -> list[Check]:
    """Everything that a start needs, in the order in which it is best mended."""
    return [look(settings) for look in (token, devices, memory, weights, database, disk)]


def report(settings: Settings, console: Console, find_gpus: Callable[[], list[machine.Gpu]] = machine.gpus) -> bool:
    """Print the checks, and what of the official models fits each sort of card here; whether all checks are well."""
    with console.status("Looking…"):
        found = checks(settings)
        gpus = {gpu.memory_bytes: gpu.name for gpu in find_gpus()}
    console.print(_rendered(found))
    for memory_bytes, name in gpus.items():
        console.print(memory_report.table(memory_plan.plan(memory_bytes, settings.engines.text_encoder_bits), name))
    if not gpus:
        console.print(NO_CARD)
    return all(check.ok for check in found)


def token(settings: Settings) -> Check:
    """The bot's token, and the server that has to know it."""
    try:
        secret = settings.bot_token().get_secret_value()
    except SettingsError as error:
        text, _, fix = str(error).partition("\n")
        return Check("Token", False, text, fix)
    server = settings.telegram.api_server or TELEGRAM
    try:
        with urllib.request.urlopen(f"{server}/bot{secret}/getMe", timeout=ANSWER_WITHIN_S) as answer:
            username = json.load(answer)["result"]["username"]
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 404):
            return Check("Token", False, f"{server} does not know this token.", "Ask @BotFather for the right one.")
        return Check("Token", False, f"{server} answers with an error ({error.code}).", "Try again in a minute.")
    except (OSError, ValueError, LookupError, TypeError) as error:
        fix = "Check the network, a proxy, or api_server in bot.toml, under [telegram]."
        return Check("Token", False, f"{server} cannot be reached ({type(error).__name__}).", fix)
    return Check("Token", True, f"{server} knows the bot as @{username}.")


def devices(settings: Settings, find_gpus: Callable[[], list[machine.Gpu]] = machine.gpus) -> Check:
    """The devices that are to paint."""
    wanted, official = settings.engines.devices, settings.engines.profile != "mini"
    gpus = [] if wanted == "cpu" else find_gpus()
    if missing := [name for name in _cuda_names(wanted) if int(name.partition(":")[2] or 0) >= len(gpus)]:
        text = f"{missing[0]} is asked for, but this machine shows {len(gpus)} CUDA devices."
        return Check("GPU", False, text, 'Write in bot.toml, under [engines]:\n    devices = "auto"')
    if not gpus and official:
        fix = (
            "Install the NVIDIA driver and the CUDA build of PyTorch, or write in bot.toml, under [engines]:\n"
            '    profile = "mini"'
        )
        return Check("GPU", False, "The official models need a CUDA device, and none is in use.", fix)
    if not gpus:
        return Check("GPU", True, f"None in use; the small models paint on the CPU ({os.cpu_count()} cores).")
    shown = ", ".join(f"{gpu.name} ({_gib(gpu.memory_bytes)})" for gpu in gpus)
    least = min(gpu.memory_bytes for gpu in gpus)
    plan = memory_plan.plan(least, settings.engines.text_encoder_bits)
    if official and not plan.fits:
        needed = _gib(memory_plan.least_bytes())
        fix = f"Leave the small device out: name the others in devices. {needed} is the least."
        return Check("GPU", False, f"{shown}: too little memory for the official models.", fix)
    if official and plan.takes_turns:
        shown += "; with so little memory the models take turns in it, which is slower (docs/memory.md)"
    return Check("GPU", True, f"{shown}.")


def memory(settings: Settings, measure_bytes: Callable[[], int] = machine.memory_bytes) -> Check:
    """The machine's memory, or what its container may use."""
    has, least = measure_bytes(), MEMORY_LEAST_BYTES[settings.engines.profile]
    text = f"{_gib(has)}; the profile {settings.engines.profile} wants {_gib(least)} or more."
    return Check("Memory", has >= least, text, "" if has >= least else "Use a larger machine or a smaller profile.")


def weights(settings: Settings) -> Check:
    """The weight files of the profile; their insides are verified when they are loaded."""
    folder = settings.engines.weights_dir or MINI_WEIGHTS
    try:
        layout = checkpoints.Layout.at(folder)
        sizes = [layout.find(stem).stat().st_size for stem in WEIGHTS]
        encoder = layout.encoder
    except CheckpointError as error:
        if folder == MINI_WEIGHTS:
            return Check("Weights", False, f"{error}.", "The package is not complete: install it again.")
        fix = (
            f"Run\n    {checkpoints.pull_command((), folder)}\nor write in bot.toml, under [engines]:\n"
            '    weights_dir = "/where/they/are"'
        )
        return Check("Weights", False, f"{error}.", fix)
    total = sum(sizes) + sum(path.stat().st_size for path in encoder.glob("*model*") if path.is_file())
    models = ", ".join(ProfileCatalog.of(settings.engines.profile, folder).models)
    text = f"All there for the profile {settings.engines.profile} ({_gib(total)}); it paints with {models}."
    return Check("Weights", True, text)


def database(settings: Settings) -> Check:
    """The database: reachable, writable, and of a revision that this program knows."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from bot.database import migrate

    url = make_url(settings.storage.url)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and url.database and (check := _sqlite_file(Path(url.database))):
        return check
    try:
        revision, head = migrate.current(settings.storage.url), migrate.head()
    except ImportError as error:
        return Check("Database", False, f"{shown} needs the package {error.name}.", f"pip install {error.name}")
    except (OSError, SQLAlchemyError) as error:
        fix = "Check database_url in bot.toml, under [storage], and that the server runs."
        return Check("Database", False, f"{shown} cannot be opened ({type(error).__name__}).", fix)
    if revision == head:
        return Check("Database", True, f"{shown} is up to date.")
    return Check("Database", True, f"{shown} is at {revision or 'nothing yet'}; the next start brings it to {head}.")


def _sqlite_file(path: Path) -> Check | None:
    """The check of a database file that cannot or need not be opened; None for one that can."""
    fix = "Choose another data_dir in bot.toml, under [storage]"
    target = path if path.exists() else _nearest_folder(path)
    if not os.access(target, os.W_OK):
        return Check("Database", False, f"{target} cannot be written.", f"{fix}, or let this user write there.")
    if not path.exists():
        return Check("Database", True, f"The first start makes {path}.")
    with path.open("rb") as file:
        if file.read(len(SQLITE_HEADER)) not in (b"", SQLITE_HEADER):
            return Check("Database", False, f"{path} is not an SQLite database.", f"{fix}, or move that file away.")
    return None


def disk(settings: Settings) -> Check:
    """Room for pictures."""
    folder = _nearest_folder(settings.storage.data_dir / "any")
    free = shutil.disk_usage(folder).free
    fix = f"Free {_gib(DISK_LEAST_BYTES)}, or lower keep_results_days in bot.toml, under [storage]."
    ok = free >= DISK_LEAST_BYTES
    return Check("Disk", ok, f"{_gib(free)} free for pictures in {settings.storage.data_dir}.", "" if ok else fix)


def _nearest_folder(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / GIB:.1f} GiB" if size_bytes >= GIB / 10 else f"{size_bytes / 2**20:.0f} MiB"


def _cuda_names(wanted: str) -> list[str]:
    return [] if wanted in ("auto", "cpu") else wanted.split(",")


def _rendered(found: Sequence[Check]) -> Group:
    table = Table.grid(padding=(0, 2))
    for check in found:
        mark = Text("✓", "bold green") if check.ok else Text("✗", "bold red")
        table.add_row(mark, Text(check.name, "bold"), Text(check.text))
        if check.fix:
            table.add_row("", "", Text(check.fix, "yellow"))
    wrong = sum(not check.ok for check in found)
    verdict = f"{wrong} of {len(found)} need you." if wrong else "Everything is ready."
    return Group(table, Text(verdict, "bold"))
