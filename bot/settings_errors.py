"""What is wrong with the settings, told with the line to write."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from bot import crash

ENV_PREFIX = "KANDINSKY_"
SECRET_NAMES = {"bot_token", "token", "webhook_secret", "secret", "secrets"}


class SettingsError(Exception):
    """The settings cannot be used; the text is for the operator and ready to print."""

    code = "settings"


def token_missing() -> SettingsError:
    """The error of a start without a token."""
    return SettingsError(
        "The bot has no token. BotFather (https://t.me/BotFather) gives one.\n"
        "Write in the environment:\n    BOT_TOKEN=123456:the-letters-that-BotFather-gave\n"
        "or name a file that holds it:\n    BOT_TOKEN_FILE=/run/secrets/bot_token"
    )


def refuse_secrets(values: Mapping[str, object], path: Path) -> None:
    """Raise SettingsError where a secret stands in bot.toml, which is made to be shared."""
    names = set(values) | {name for section in values.values() if isinstance(section, dict) for name in section}
    for name in sorted(names & SECRET_NAMES):
        variable = "WEBHOOK_SECRET" if "secret" in name else "BOT_TOKEN"
        raise SettingsError(
            f"{path} holds a secret ({name}); secrets are never read from that file.\n"
            f"Remove the line and write in the environment:\n    {variable}=...\n"
            f"or name a file that holds it:\n    {variable}_FILE=/run/secrets/{variable.lower()}"
        )


def refuse_open_webhook(mode: str, url: str | None, secret: SecretStr | None) -> None:
    """Raise SettingsError for a webhook without an address or without the secret that proves a call is Telegram's."""
    if mode != "webhook":
        return
    if url is None:
        raise SettingsError(
            'mode = "webhook" needs the public address of this machine.\n'
            'Write in bot.toml, under [telegram]:\n    webhook_url = "https://bot.example.org"'
        )
    if secret is None:
        raise SettingsError(
            "A webhook without a secret would accept updates from anybody.\n"
            "Write in the environment (1-256 letters, digits, _ or -):\n    WEBHOOK_SECRET=choose-a-long-random-one"
        )


def refuse_unknown_variables(settings: type[BaseSettings]) -> None:
    """Raise SettingsError for a `KANDINSKY_...` variable that overrides nothing."""
    known = [_variable(section, name) for section, name, _ in _fields(settings)]
    for variable in sorted(os.environ):
        if variable == crash.VARIABLE:  # not a setting: tests use it to kill the process at a named point
            continue
        if variable.upper().startswith(ENV_PREFIX) and variable.upper() not in known:
            raise SettingsError(
                f"The environment variable {variable} names no setting{_did_you_mean(variable.upper(), known)}\n"
                f"Take it out of the environment:\n    unset {variable}"
            )


def explained(
    error: ValidationError, settings: type[BaseSettings], path: Path, overrides: Mapping[str, object]
) -> SettingsError:
    """The SettingsError of a failed check: per mistake what is wrong, where, and the line to write."""
    fields = {(section, name): field for section, name, field in _fields(settings)}
    texts = []
    for mistake in error.errors(include_url=False, include_context=False):
        section, *rest = (str(part) for part in mistake["loc"])
        name = rest[0] if rest else ""
        if mistake["type"] == "extra_forbidden" or not any(known == section for known, _ in fields):
            texts.append(_unknown(section, name, fields, path))
            continue
        reason = mistake["msg"].removeprefix("Value error, ")
        shown = f", not {mistake['input']!r}" if name else ""
        texts.append(
            f"[{section}] {name or 'settings'}: {reason}{shown}.\n{_line(section, name, fields, path, overrides)}"
        )
    return SettingsError("\n\n".join(texts))


def _unknown(section: str, name: str, fields: Mapping[tuple[str, str], FieldInfo], path: Path) -> str:
    sections = sorted({known for known, _ in fields})
    if section not in sections:
        text = f"{path} has an unknown section [{section}]{_did_you_mean(section, sections, '[{}]')}"
        return text + "".join(f"\nWrite in {path}:\n    [{match}]" for match in _closest(section, sections))
    names = [known for in_section, known in fields if in_section == section]
    text = f"{path}, [{section}]: there is no setting {name!r}{_did_you_mean(name, names)}"
    for match in _closest(name, names):
        text += f"\nWrite in {path}, under [{section}]:\n    {match} = {_toml(_example(fields[section, match]))}"
    return text


def _line(
    section: str, name: str, fields: Mapping[tuple[str, str], FieldInfo], path: Path, overrides: Mapping[str, object]
) -> str:
    names = [name] if name else [known for in_section, known in fields if in_section == section]
    lines = [f"    {known} = {_toml(_example(fields[section, known]))}" for known in names]
    if f"{section}.{name}" in overrides:
        return f"It was given on the command line; in {path}, under [{section}], it would be:\n" + "\n".join(lines)
    variable = _variable(section, name)
    if variable in {known.upper() for known in os.environ}:
        value = _toml(_example(fields[section, name])).strip('[]"')
        return f"It comes from the environment; write there:\n    {variable}={value}"
    return f"Write in {path}, under [{section}]:\n" + "\n".join(lines)


def _fields(settings: type[BaseSettings]) -> Iterator[tuple[str, str, FieldInfo]]:
    for section, field in settings.model_fields.items():
        if not field.exclude and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for name, inner in field.annotation.model_fields.items():
                yield section, name, inner


def _variable(section: str, name: str) -> str:
    return f"{ENV_PREFIX}{section}__{name}".upper()


def _example(field: FieldInfo) -> object:
    return field.examples[0] if field.examples else field.default


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return json.dumps(list(value))
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps("" if value is None else str(value), ensure_ascii=False)


def _closest(name: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=1, cutoff=0.5)


def _did_you_mean(name: str, known: list[str], form: str = "{}") -> str:
    if matches := _closest(name, known):
        return f"; did you mean {form.format(matches[0])}?"
    return f". Known: {', '.join(form.format(one) for one in known)}."
