"""The `kandinsky-bot` command: quick help, and mistakes answered with what to write instead."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import structlog
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from bot import cli_basics, cli_commands, doctor
from bot.database import migrate

COMMANDS = ("run", "demo", "sandbox", "generate", "migrate", "doctor", "conformance", "weights")
TOKEN = "4200000001:" + "a" * 35


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty current folder, no settings in the environment, and logging as it was afterwards."""
    for name in list(os.environ):
        if name.startswith(("KANDINSKY_", "BOT_TOKEN", "WEBHOOK_SECRET")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield tmp_path
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def called(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli_commands.app, [str(argument) for argument in arguments])


def told(result: Result) -> str:
    """What the command said, on one line: terminals break lines where they like."""
    return " ".join(result.output.split())


HELP = """
import sys
from typer.testing import CliRunner
from bot import cli_commands
for command in sys.argv[1:]:
    result = CliRunner().invoke(cli_commands.app, [command, "--help"])
    assert result.exit_code == 0 and "Usage" in result.output, result.output
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_help_of_every_command_imports_nothing_heavy() -> None:
    listed = {
        command.name or getattr(command.callback, "__name__", "") for command in cli_commands.app.registered_commands
    }
    listed |= {group.typer_instance.info.name for group in cli_commands.app.registered_groups if group.typer_instance}
    assert listed == set(COMMANDS)
    ran = subprocess.run(
        [sys.executable, "-c", HELP, *COMMANDS],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    heavy = {"torch", "torchvision", "transformers", "diffusers", "numpy", "cv2", "aiogram", "sqlalchemy", "alembic"}
    assert heavy.isdisjoint(ran.stdout.split())


def test_a_missing_token_shows_the_line_to_write(folder: Path) -> None:
    result = called("run", "--data", folder / "data")
    assert result.exit_code == 2
    assert "BOT_TOKEN=" in told(result)


def test_an_unknown_key_in_bot_toml_is_named(folder: Path) -> None:
    (folder / "bot.toml").write_text("[queue]\nleas_s = 10\n", "utf-8")
    result = called("run")
    assert result.exit_code == 2
    assert "leas_s" in told(result)
    assert "lease_s" in told(result)


def test_an_unknown_variable_is_named_and_the_one_that_kills_is_known(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("KANDINSKY_CRASH_AT", "mid-step")
    assert "BOT_TOKEN=" in told(called("run", "--data", folder / "data"))
    monkeypatch.setenv("KANDINSKY_QUEUE__LEAS_S", "10")
    result = called("run")
    assert result.exit_code == 2
    assert "KANDINSKY_QUEUE__LEAS_S" in told(result)


def test_a_profile_that_does_not_exist_is_refused_with_those_that_do(folder: Path) -> None:
    result = called("run", "--profile", "huge")
    assert result.exit_code == 2
    assert "kandinsky3" in told(result)


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_a_port_that_is_taken_is_told_with_another_one(folder: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = called(command, "--port", str(port), "--data", folder / "data")
    assert result.exit_code == 2
    assert f"Port {port} is taken" in told(result)
    assert str(port + 1) in told(result)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("",), "1 to 1000 characters"),
        (("   ",), "1 to 1000 characters"),
        (("a" * 1001,), "1 to 1000 characters"),
        (("a star", "-o", "star.jpg"), "write -o star.png"),
        (("a star", "-o", "nowhere/star.png"), "no folder nowhere"),
        (("a star", "-o", "."), "write -o picture.png"),
        (("a star", "--ar", "4:3"), "The nearest is 5:4"),
        (("a star", "--count", "9"), "The nearest is 4. Possible: 1, 2, 3, 4"),
        (("a star", "--seed", "-1"), "The nearest is 0"),
        (("a star", "--style", "anime"), "none, flat, outline, watercolour, mosaic"),
        (("a star", "--style", "mosaic please"), "cannot be 'mosaic please'"),
        (("a star", "--model", "flesh"), "The nearest is flash"),
    ],
    ids=[
        "empty",
        "blank",
        "too long",
        "no png",
        "no folder",
        "a folder",
        "ratio",
        "count",
        "seed",
        "style",
        "two words",
        "model",
    ],
)
def test_generate_says_what_is_wrong_before_anything_is_loaded(arguments: tuple[str, ...], says: str) -> None:
    result = called("generate", *arguments)
    assert result.exit_code == 2
    assert says in told(result)


def test_generate_names_the_file_that_is_no_picture_before_anything_is_loaded(folder: Path) -> None:
    Image.new("RGB", (8, 8)).save(folder / "star.png")
    Image.new("RGB", (8, 8)).save(folder / "moving.gif")
    (folder / "notes.png").write_text("a shopping list", "utf-8")
    for name in ("notes.png", "moving.gif"):
        result = called("generate", "--kind", "image_fusion", "--image", "star.png", "--image", name)
        assert result.exit_code == 2
        assert told(result) == f"Cannot go on: {name} cannot be read as a PNG, JPEG or WebP picture."
    assert not (folder / "picture.png").exists()


def hear_ctrl_c() -> None:
    """What starts the tests in the background may have the signal ignored, and the ignoring is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    "started", [["-m", "bot"], ["-c", "from bot.cli import main; main()"]], ids=["module", "script"]
)
def test_ctrl_c_while_the_commands_are_imported_ends_quietly(folder: Path, started: list[str]) -> None:
    (folder / "typer.py").write_text("print('importing', flush=True)\ninput()\n", "utf-8")
    with subprocess.Popen(
        [sys.executable, *started, "doctor"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(Path(__file__).parents[2])])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "importing\n"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=100)
    assert (running.returncode, out, err) == (130, "", "")


@pytest.mark.slow
def test_ctrl_c_while_a_picture_is_made_is_a_failure_that_leaves_nothing(folder: Path) -> None:
    os.mkfifo(folder / "slow.png")
    Image.new("RGB", (8, 8)).save(folder / "star.png")
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "generate", "a star", "--kind", "img2img", "--image", "slow.png"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
    ) as running:
        with (folder / "slow.png").open("wb") as pipe:  # returns when the command reads
            running.send_signal(signal.SIGINT)
            pipe.write((folder / "star.png").read_bytes())
        out, err = running.communicate(timeout=100)
    assert (running.returncode, out, err.strip()) == (130, "", "Stopped before the end.")
    assert sorted(path.name for path in folder.iterdir()) == ["slow.png", "star.png"]


def test_a_service_is_stopped_by_ctrl_c_as_it_should_be() -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    cli_basics.serve(interrupted())
    with pytest.raises(typer.Exit) as ended:
        cli_basics.serve(interrupted(), has_an_end=True)
    assert ended.value.exit_code == 130


def test_generate_without_weights_says_which_file_is_missing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("KANDINSKY_ENGINES__WEIGHTS_DIR", str(folder / "nothing"))
    result = called("generate", "a star")
    assert result.exit_code == 2
    assert "nothing" in told(result)
    assert not (folder / "picture.png").exists()


def test_migrate_goes_up_and_down_and_knows_no_other_revision(folder: Path) -> None:
    assert migrate.head() in told(called("migrate", "--data", folder))
    assert "at base" in told(called("migrate", "base", "--data", folder))
    wrong = called("migrate", "yesterday", "--data", folder)
    assert wrong.exit_code == 2
    assert "yesterday" in told(wrong)


def test_conformance_of_an_empty_folder_fails(folder: Path) -> None:
    result = called("conformance", folder)
    assert result.exit_code == 1
    assert "no fixture" in told(result)


def test_conformance_of_no_folder_is_a_mistake_of_the_caller(folder: Path) -> None:
    assert called("conformance", folder / "nowhere").exit_code == 2


class KnowsTheBot(BaseHTTPRequestHandler):
    """A Bot API server that knows every token."""

    def do_GET(self) -> None:
        answer = json.dumps({"ok": True, "result": {"username": "painter_bot"}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), KnowsTheBot) as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_doctor_fails_until_nothing_is_missing(monkeypatch: pytest.MonkeyPatch, folder: Path, server: str) -> None:
    weights = folder / "weights"
    (weights / "flan_ul2_encoder").mkdir(parents=True)
    (weights / "flan_ul2_encoder" / "config.json").write_text("{}", "utf-8")
    for stem in doctor.WEIGHTS:
        (weights / f"{stem}.safetensors").write_bytes(b"x")
    for name, value in {
        "KANDINSKY_ENGINES__WEIGHTS_DIR": str(weights),
        "KANDINSKY_ENGINES__DEVICES": "cpu",
        "KANDINSKY_TELEGRAM__API_SERVER": server,
    }.items():
        monkeypatch.setenv(name, value)
    ill = called("doctor", "--data", folder / "data")
    assert ill.exit_code == 1
    assert "1 of" in told(ill)
    assert "BOT_TOKEN=" in told(ill)
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    well = called("doctor", "--data", folder / "data")
    assert (well.exit_code, "Everything is ready" in told(well)) == (0, True)
    assert TOKEN not in well.output
