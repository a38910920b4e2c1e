"""What is said about parameters: their lines in /help and the hints about what a user wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.parameters import parsing, table, values
from bot.texts import Translator

_HINTS_LIMIT: Final = 5  # of one message; somebody who pastes a foreign command needs no more


def help_text(t: Translator, choices: values.Choices) -> str:
    """All parameters, one a line, with what they do and what they take."""
    lines = []
    for parameter in table.PARAMETERS:
        options = _listed(parameter.kind.write(option) for option in parameter.kind.options(choices))
        usage = f"--{parameter.name} {parameter.example}".rstrip()
        arguments = {"usage": usage, "options": options}
        lines.append(t(parameter.text_key, **arguments))
    return "\n".join((t("parameters-title"), *lines))


def hints(t: Translator, found: Iterable[parsing.Hint]) -> str:
    """What to tell about a prompt's parameters, refusals first; "" where there is nothing to tell."""
    ordered = sorted(found, key=lambda hint: not hint.refused)
    return "\n".join(_hint(t, hint) for hint in ordered[:_HINTS_LIMIT])


def _hint(t: Translator, hint: parsing.Hint) -> str:
    arguments = {"parameter": f"--{hint.parameter}", "said": _short(hint.said), "nearest": hint.nearest}
    text = t(f"hint-{hint.code}", **arguments)
    if hint.refused and hint.nearest:
        text = f"{text} {t('hint-try', nearest=hint.nearest)}"
    if hint.refused and hint.options:
        text = f"{text} {t('hint-options', options=_listed(hint.options))}"
    return text


def _listed(options: Iterable[str]) -> str:
    return ", ".join(option for option in options if option)


def _short(said: str, limit: int = 40) -> str:
    return said if len(said) <= limit else f"{said[:limit]}…"
