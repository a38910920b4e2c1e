from __future__ import annotations

import itertools
import os
import tomllib
from pathlib import Path

import pytest

from bot import settings
from bot.settings import SettingsError

BOT_TOML = Path(__file__).parents[2] / "bot.toml"
TOKEN = "123456:" + "a" * 35


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("KANDINSKY_", "BOT_TOKEN", "WEBHOOK_SECRET")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written(text: str) -> Path:
    path = Path("bot.toml")
    path.write_text(text, "utf-8")
    return path


def test_bot_toml_lists_every_setting_with_its_default() -> None:
    defaults = settings.load().model_dump(mode="json")
    listed = tomllib.loads(BOT_TOML.read_text("utf-8"))
    not_set = {
        "cpu_threads": 0,
        "text_encoder_bits": 0,
        "port": 0,
    }  # how "not set" is written; other settings write an empty string
    assert listed == {
        section: {name: not_set.get(name, "") if value is None else value for name, value in values.items()}
        for section, values in defaults.items()
    }


def test_bot_toml_as_shipped_gives_the_defaults() -> None:
    assert settings.load(BOT_TOML).model_dump() == settings.load().model_dump()


def test_every_setting_of_bot_toml_has_a_comment() -> None:
    lines = BOT_TOML.read_text("utf-8").splitlines()
    commented_above = {"webhook_host", "webhook_port", "webhook_path"}  # one comment for the three
    for above, line in itertools.pairwise(lines):
        name, equals, _ = line.partition(" = ")
        if equals and not line.startswith("#") and name not in commented_above:
            assert above.startswith("# "), line


def test_the_environment_overrides_the_file_and_options_override_both(monkeypatch: pytest.MonkeyPatch) -> None:
    path = written('[queue]\nlease_s = 40\nheartbeat_s = 5\n[engines]\ndevices = "cpu"')
    monkeypatch.setenv("KANDINSKY_QUEUE__LEASE_S", "60")
    monkeypatch.setenv("KANDINSKY_ENGINES__DEVICES", "cuda:0,cuda:1")
    loaded = settings.load(path, {"engines.devices": "auto", "engines.profile": None})
    assert (loaded.queue.lease_s, loaded.queue.heartbeat_s) == (60, 5)
    assert (loaded.engines.devices, loaded.engines.profile) == ("auto", "mini")


def test_bot_toml_in_the_current_folder_is_read_by_default() -> None:
    written('[log]\nlevel = "debug"')
    assert settings.load().log.level == "debug"


@pytest.mark.parametrize("value", ["1000,1001", "[1000, 1001]", " 1000 , 1001"])
def test_admins_in_the_environment_are_a_comma_list(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KANDINSKY_TELEGRAM__ADMINS", value)
    assert settings.load().telegram.admins == (1000, 1001)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[engines]\nprofil = "mini"', ["did you mean profile?", "under [engines]", 'profile = "mini"']),
        ('[engine]\nprofile = "mini"', ["did you mean [engines]?", "    [engines]"]),
        ("[queue]\nzzzz = 1", ["there is no setting 'zzzz'", "Known: lease_s, heartbeat_s"]),
        ('[engines]\nprofile = "medium"', ["not 'medium'", 'profile = "mini"']),
        ("[queue]\nmax_attempts = 0", ["max_attempts", "greater than or equal to 1", "max_attempts = 3"]),
        ("[queue]\nlease_s = 12\nheartbeat_s = 7", ["at most half of lease_s", "heartbeat_s = 10"]),
        ('[telegram]\napi_server = "localhost"', ['api_server = "http://127.0.0.1:8081"']),
        ('[telegram]\nadmins = ["ann"]', ["admins = [1000, 1001]"]),
        ('[engines]\ndevices = "gpu"', ["cuda:0,cuda:1", 'devices = "auto"']),
        ("queue = 3", ["[queue]", "lease_s = 30"]),
        ("[queue", ["not valid TOML"]),
        (f'[telegram]\ntoken = "{TOKEN}"', ["holds a secret", "BOT_TOKEN=..."]),
        (f'bot_token = "{TOKEN}"', ["holds a secret", "BOT_TOKEN_FILE="]),
        ('[telegram]\nmode = "webhook"', ['webhook_url = "https://']),
        ('[telegram]\nmode = "webhook"\nwebhook_url = "https://bot.example.org"', ["WEBHOOK_SECRET="]),
    ],
)
def test_a_mistake_in_the_file_stops_the_start_with_the_line_to_write(text: str, says: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(written(text))
    for part in says:
        assert part in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_bad_variable_is_answered_with_the_variable_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KANDINSKY_QUEUE__MAX_ATTEMPTS", "many")
    with pytest.raises(SettingsError, match="KANDINSKY_QUEUE__MAX_ATTEMPTS=3"):
        settings.load()


def test_an_unknown_variable_is_refused_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KANDINSKY_QUEUE__LEASE", "40")
    with pytest.raises(SettingsError, match=r"did you mean KANDINSKY_QUEUE__LEASE_S\?"):
        settings.load()


def test_a_file_that_is_named_and_missing_is_an_error() -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.load(Path("other.toml"))


def test_a_missing_token_is_an_error_only_when_it_is_asked_for() -> None:
    loaded = settings.load()
    with pytest.raises(SettingsError, match="BOT_TOKEN="):
        loaded.bot_token()


def test_the_token_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n", "utf-8")
    monkeypatch.setenv("BOT_TOKEN_FILE", str(tmp_path / "token"))
    assert settings.load().bot_token().get_secret_value() == TOKEN


def test_a_token_file_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN_FILE", "nowhere")
    with pytest.raises(SettingsError, match="BOT_TOKEN_FILE"):
        settings.load()


@pytest.mark.parametrize(("name", "value"), [("BOT_TOKEN", "no colon here"), ("WEBHOOK_SECRET", "x" * 257)])
def test_a_malformed_secret_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name}=") as caught:
        settings.load()
    assert value not in str(caught.value)


def test_a_webhook_with_its_secret_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", "s" * 256)
    loaded = settings.load(written('[telegram]\nmode = "webhook"\nwebhook_url = "https://bot.example.org"'))
    assert loaded.secrets.webhook_secret is not None
    assert loaded.secrets.webhook_secret.get_secret_value() == "s" * 256


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    loaded = settings.load()
    assert TOKEN not in f"{loaded!r} {loaded} {loaded.model_dump()} {loaded.secrets!r}"


def test_the_database_stands_in_the_data_folder_unless_a_url_says_otherwise() -> None:
    assert settings.load(None, {"storage.data_dir": "/d"}).storage.url == "sqlite+aiosqlite:////d/bot.sqlite3"
    url = "postgresql+asyncpg://bot@db/bot"
    assert settings.load(None, {"storage.database_url": url}).storage.url == url


def test_official_weights_stand_in_the_data_folder_unless_a_folder_is_named() -> None:
    assert settings.load().engines.weights_dir is None
    big = settings.load(None, {"engines.profile": "kandinsky3", "storage.data_dir": "d"})
    assert big.engines.weights_dir == Path("d/weights")
    assert settings.load(None, {"engines.weights_dir": "w"}).engines.weights_dir == Path("w")


def test_a_token_given_by_the_program_stands_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    assert settings.load(token="1:demo").bot_token().get_secret_value() == "1:demo"
