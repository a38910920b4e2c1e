"""The settings of the bot: bot.toml, environment variables over it, command-line options over both.

A setting `name` of section `[section]` is overridden by the variable `KANDINSKY_SECTION__NAME`. Secrets come from the
environment only (`BOT_TOKEN`, `WEBHOOK_SECRET`) or from a file that it names (`BOT_TOKEN_FILE`, `WEBHOOK_SECRET_FILE`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as SourceError,
)

from bot import costs, settings_errors, settings_secrets
from bot.settings_errors import SettingsError

__all__ = [
    "EngineSettings",
    "LogSettings",
    "MessageSettings",
    "ObservabilitySettings",
    "QueueSettings",
    "Settings",
    "SettingsError",
    "StorageSettings",
    "TelegramSettings",
    "load",
]

DEFAULT_PATH = Path("bot.toml")
DEVICES = re.compile(r"auto|cpu|cuda(:\d+)?(,cuda:\d+)*")


class Section(BaseModel):
    """A section of bot.toml; an empty string there means that the setting is not set."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


class TelegramSettings(Section):
    """How the bot reaches Telegram and who runs it."""

    api_server: str | None = Field(None, pattern=r"^https?://[^\s/]+(/[^\s]*)?$", examples=["http://127.0.0.1:8081"])
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: str | None = Field(None, pattern=r"^https?://[^\s/]+$", examples=["https://bot.example.org"])
    webhook_host: str = "127.0.0.1"
    webhook_port: int = Field(8080, ge=1, le=65535)
    webhook_path: str = Field("/telegram", pattern=r"^/[^\s?#]*$")
    admins: Annotated[tuple[int, ...], NoDecode] = Field((), examples=[(1000, 1001)])

    @field_validator("admins", mode="before")
    @classmethod
    def _admins_from_a_comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.strip("[] ").split(",") if part.strip())
        return value

    _empty = field_validator("api_server", "webhook_url", mode="before")(_empty_is_none)


class StorageSettings(Section):
    """Where the bot keeps its data and for how long."""

    data_dir: Path = Path("data")
    database_url: str | None = Field(
        None, pattern=r"^(sqlite|postgresql)\S*://", examples=["postgresql+asyncpg://bot@db/bot"]
    )
    keep_results_days: float = Field(30, gt=0)
    keep_uploads_hours: float = Field(24, gt=0)
    max_favourites_per_user: int = Field(200, ge=1)

    _empty = field_validator("database_url", mode="before")(_empty_is_none)

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'bot.sqlite3'}"


class QueueSettings(Section):
    """Leases, attempts and what one user may ask for."""

    lease_s: float = Field(30, ge=1)
    heartbeat_s: float = Field(10, gt=0)
    max_attempts: int = Field(3, ge=1)
    max_queued_per_user: int = Field(20, ge=1)
    running_per_user_per_device: int = Field(1, ge=1)
    daily_credits: int = Field(costs.DAILY_CREDITS, ge=0)

    @model_validator(mode="after")
    def _two_heartbeats_fit_a_lease(self) -> Self:
        if self.heartbeat_s * 2 > self.lease_s:
            raise ValueError("heartbeat_s must be at most half of lease_s, or one late heartbeat loses the job")
        return self


class EngineSettings(Section):
    """Which models paint, and on what."""

    profile: Literal["mini", "kandinsky3"] = "mini"
    weights_dir: Path | None = Field(None, examples=["/srv/kandinsky/weights"])
    devices: str = "auto"
    cpu_threads: int | None = Field(None, ge=1, examples=[4])
    text_encoder_bits: Literal[4, 16] | None = Field(None, examples=[4])

    _empty = field_validator("weights_dir", mode="before")(_empty_is_none)

    @field_validator("cpu_threads", "text_encoder_bits", mode="before")
    @classmethod
    def _zero_is_the_default(cls, value: object) -> object:
        if value in ("4", "16"):  # from the environment
            return int(value)
        return None if value in (0, "0") else value

    @field_validator("devices")
    @classmethod
    def _devices_are_known(cls, value: str) -> str:
        devices = value.replace(" ", "")
        if not DEVICES.fullmatch(devices):
            raise ValueError('devices is "auto", "cpu" or a list such as "cuda:0,cuda:1"')
        return devices


class MessageSettings(Section):
    """How the bot speaks."""

    default_language: Literal["en", "ru"] = "en"
    default_utc_offset_min: int = Field(0, ge=-720, le=840, examples=[180])
    progress_interval_s: float = Field(1.0, ge=1.0)  # Telegram accepts about one edit a second in a chat
    previews: bool = True


class ObservabilitySettings(Section):
    """Where the bot tells machines how it is."""

    host: str = "127.0.0.1"
    port: int | None = Field(None, ge=1, le=65535, examples=[9464])

    @field_validator("port", mode="before")
    @classmethod
    def _zero_is_off(cls, value: object) -> object:
        return None if value in (0, "0") else value


class LogSettings(Section):
    """What the log shows."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(BaseSettings):
    """All settings, checked and frozen."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=settings_errors.ENV_PREFIX, env_nested_delimiter="__"
    )

    telegram: TelegramSettings = TelegramSettings()
    storage: StorageSettings = StorageSettings()
    queue: QueueSettings = QueueSettings()
    engines: EngineSettings = EngineSettings()
    messages: MessageSettings = MessageSettings()
    observability: ObservabilitySettings = ObservabilitySettings()
    log: LogSettings = LogSettings()
    secrets: settings_secrets.Secrets = Field(default=settings_secrets.Secrets(), exclude=True, repr=False)

    def bot_token(self) -> SecretStr:
        """The token of the bot; SettingsError where there is none."""
        if self.secrets.bot_token is None:
            raise settings_errors.token_missing()
        return self.secrets.bot_token


def load(
    path: Path | None = None, overrides: Mapping[str, object] | None = None, *, token: str | None = None
) -> Settings:
    """The settings of a bot.toml (`path`, else ./bot.toml if there is one) under environment and `overrides`.

    Keys of `overrides` are dotted ("telegram.api_server"); a value of None overrides nothing. Raises SettingsError,
    whose text is ready to print, for an unknown key, a bad value, a secret in the file or an open webhook.
    A `token` stands before the one of the environment.
    """
    chosen = {name: value for name, value in (overrides or {}).items() if value is not None}
    from_file = _read(path)
    settings_errors.refuse_secrets(from_file, path or DEFAULT_PATH)
    settings_errors.refuse_unknown_variables(Settings)
    secrets = settings_secrets.collected(token)

    class Layered(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, from_file)

    try:
        settings = Layered(**_nested(chosen), secrets=secrets)
    except ValidationError as error:
        raise settings_errors.explained(error, Settings, path or DEFAULT_PATH, chosen) from error
    except SourceError as error:
        raise SettingsError(f"{error}.") from error
    settings_errors.refuse_open_webhook(settings.telegram.mode, settings.telegram.webhook_url, secrets.webhook_secret)
    return _with_weights_dir(settings)


def _with_weights_dir(settings: Settings) -> Settings:
    """The official weights stand in the data folder unless a folder is named; the mini ones inside the package."""
    if settings.engines.profile == "mini" or settings.engines.weights_dir is not None:
        return settings
    engines = settings.engines.model_copy(update={"weights_dir": settings.storage.data_dir / "weights"})
    return settings.model_copy(update={"engines": engines})


def _read(path: Path | None) -> dict[str, Any]:
    if path is None and not DEFAULT_PATH.exists():
        return {}
    path = path or DEFAULT_PATH
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error


def _nested(dotted: Mapping[str, object]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in dotted.items():
        section, _, key = name.partition(".")
        nested.setdefault(section, {})[key] = value
    return nested
