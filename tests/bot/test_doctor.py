from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from bot import doctor, machine, settings
from bot.database import migrate
from bot.settings import Settings

TOKEN = "4200000001:" + "a" * 35
SMALL, LARGE = machine.Gpu("Small", 6 * doctor.GIB), machine.Gpu("Large", 140 * doctor.GIB)
MEDIUM = machine.Gpu("Medium", 24 * doctor.GIB)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("BOT_TOKEN", "BOT_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configured(token: str | None = None, **overrides: object) -> Settings:
    return settings.load(None, {name.replace("__", "."): value for name, value in overrides.items()}, token=token)


@pytest.fixture
def server() -> Iterator[str]:
    """A Bot API server that knows one bot."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == f"/bot{TOKEN}/getMe"
            answer = json.dumps({"ok": known, "result": {"username": "painter_bot"}}).encode()
            self.send_response(200 if known else 401)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_a_missing_token_is_told_with_the_line_to_write(folder: Path) -> None:
    check = doctor.token(configured())
    assert not check.ok
    assert "BOT_TOKEN=" in check.fix


def test_a_token_that_the_server_knows_is_well(folder: Path, server: str) -> None:
    check = doctor.token(configured(TOKEN, telegram__api_server=server))
    assert check.ok
    assert "@painter_bot" in check.text


def test_a_token_that_the_server_does_not_know_is_not(folder: Path, server: str) -> None:
    check = doctor.token(configured("1:other", telegram__api_server=server))
    assert not check.ok
    assert "BotFather" in check.fix


def test_a_server_that_is_not_there_is_told_without_the_token(folder: Path) -> None:
    check = doctor.token(configured(TOKEN, telegram__api_server="http://127.0.0.1:9"))  # discard: nobody listens
    assert not check.ok
    assert "cannot be reached" in check.text
    assert TOKEN not in f"{check}"


@pytest.mark.parametrize(
    ("profile", "wanted", "gpus", "ok", "says"),
    [
        ("mini", "auto", [], True, "paint on the CPU"),
        ("mini", "cpu", [LARGE], True, "paint on the CPU"),
        ("mini", "auto", [SMALL], True, "Small (6.0 GiB)"),
        ("kandinsky3", "auto", [], False, "need a CUDA device"),
        ("kandinsky3", "cpu", [LARGE], False, "need a CUDA device"),
        ("kandinsky3", "auto", [LARGE], True, "Large (140.0 GiB)."),
        ("kandinsky3", "auto", [LARGE, MEDIUM], True, "take turns"),
        ("kandinsky3", "auto", [LARGE, SMALL], False, "too little memory"),
        ("kandinsky3", "cuda:0,cuda:1", [LARGE], False, "cuda:1 is asked for"),
        ("mini", "cuda", [LARGE], True, "Large"),
    ],
)
def test_devices_fit_the_profile(
    folder: Path, profile: str, wanted: str, gpus: list[machine.Gpu], ok: bool, says: str
) -> None:
    check = doctor.devices(configured(engines__profile=profile, engines__devices=wanted), lambda: gpus)
    assert (check.ok, bool(check.fix)) == (ok, not ok)
    assert says in check.text


def test_memory_is_measured_against_the_profile(folder: Path) -> None:
    assert doctor.memory(configured(), lambda: 4 * doctor.GIB).ok
    assert not doctor.memory(configured(engines__profile="kandinsky3"), lambda: 4 * doctor.GIB).ok


def test_a_container_limit_counts_where_it_is_smaller(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    physical = machine.memory_bytes(limit)
    limit.write_text("1048576\n", "ascii")
    assert machine.memory_bytes(limit) == 1048576 < physical
    limit.write_text("max\n", "ascii")
    assert machine.memory_bytes(limit) == physical


def test_weights_are_found_by_name_and_the_first_missing_one_is_named(folder: Path) -> None:
    encoder = folder / "w" / "flan_ul2_encoder"
    encoder.mkdir(parents=True)
    for name in ("kandinsky3.pt", "movq.pt", "flan_ul2_encoder/config.json", "flan_ul2_encoder/projection.pt"):
        (folder / "w" / name).write_bytes(b"x")
    big = configured(engines__profile="kandinsky3", engines__weights_dir=folder / "w")
    check = doctor.weights(big)
    assert not check.ok
    assert "kandinsky3_flash" in check.text
    assert "weights_dir" in check.fix
    assert f"kandinsky-bot weights pull --dir {folder / 'w'}\n" in check.fix
    for name in ("kandinsky3_flash.pt", "flan_ul2_encoder/projection_flash.pt"):
        (folder / "w" / name).write_bytes(b"x")
    assert doctor.weights(big).ok


def test_a_database_that_is_not_there_yet_is_well_and_not_made(folder: Path) -> None:
    check = doctor.database(configured(storage__data_dir=folder / "d"))
    assert check.ok
    assert not (folder / "d").exists()


def test_a_database_says_whether_it_is_up_to_date(folder: Path) -> None:
    kept = configured(storage__data_dir=folder)
    migrate.migrate(kept.storage.url)
    assert doctor.database(kept).text.endswith("is up to date.")
    migrate.migrate(kept.storage.url, "base")
    assert "the next start brings it to" in doctor.database(kept).text


def test_a_database_driver_that_is_missing_is_named_and_the_password_is_not(folder: Path) -> None:
    check = doctor.database(configured(storage__database_url="postgresql+asyncpg://bot:secret@127.0.0.1:9/bot"))
    assert not check.ok
    assert check.fix
    assert "secret" not in f"{check}"


def test_a_file_that_is_no_database_is_told(folder: Path) -> None:
    (folder / "bot.sqlite3").write_bytes(b"this is not a database" * 100)
    assert not doctor.database(configured(storage__data_dir=folder)).ok


def test_the_report_shows_every_check_and_says_whether_all_are_well(folder: Path) -> None:
    out = io.StringIO()
    well = doctor.report(configured(engines__devices="cpu"), Console(file=out, width=100))
    assert not well  # there is no token
    for name in ("Token", "GPU", "Memory", "Weights", "Database", "Disk"):
        assert name in out.getvalue()
    assert "need you." in out.getvalue()


def test_the_report_says_what_fits_the_cards_that_it_finds(folder: Path) -> None:
    out = io.StringIO()
    doctor.report(configured(), Console(file=out, width=160), lambda: [MEDIUM, LARGE, LARGE])
    assert out.getvalue().count("Official models on Large") == 1
    assert "Official models on Medium: 19.3 GB for weights, text encoder in 16 bits" in out.getvalue()
    four = io.StringIO()
    doctor.report(configured(engines__text_encoder_bits=4), Console(file=four, width=160), lambda: [MEDIUM])
    assert "text encoder in 4 bits" in four.getvalue()


def test_without_a_card_the_report_says_so_and_where_the_tables_are(folder: Path) -> None:
    out = io.StringIO()
    doctor.report(configured(), Console(file=out, width=160), list)
    assert out.getvalue().splitlines()[-1] == doctor.NO_CARD
    assert "docs/memory.md" in doctor.NO_CARD
    with_card = io.StringIO()
    doctor.report(configured(), Console(file=with_card, width=160), lambda: [LARGE])
    assert doctor.NO_CARD not in with_card.getvalue()
