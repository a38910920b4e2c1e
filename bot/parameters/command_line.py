"""Options of the command line: the same parameters, one value each, refused in a sentence where it is not possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.parameters import table, values
from bot.parameters.changes import Changes
from engines import checkpoints, tasks


class BadOption(ValueError):
    """The value of an option is not possible; the text says what is."""


def changes_of(said: Mapping[str, str], choices: values.Choices) -> Changes:
    """The changes in options by the names of their parameters. Raises BadOption."""
    found: dict[str, Any] = {}
    for name, value in said.items():
        parameter = table.BY_WORD[name]
        reading = parameter.kind.read(value.strip(), choices)
        if reading is None or reading.value is None or value.strip()[reading.taken :].strip():
            raise BadOption(_refusal(parameter, value, reading.nearest if reading is not None else "", choices))
        found[parameter.field] = reading.value
    return Changes(**found)


def _refusal(parameter: table.Parameter, said: str, nearest: str, choices: values.Choices) -> str:
    if isinstance(parameter.kind, values.Words) and said.strip():
        return f"--{parameter.name} takes up to {tasks.PROMPT_LIMIT} characters."
    options = _possible(parameter.kind, choices)
    parts = [f"--{parameter.name} cannot be {said[:40]!r}."]
    absent = parameter.kind.read(said.strip(), replace(choices, models=tuple(tasks.Model)))
    if absent is not None and isinstance(absent.value, tasks.Model):
        command = checkpoints.pull_command((values.ModelName.SHORT[absent.value],), choices.weights_dir)
        parts.append(f"It is not installed: `{command}` fetches it.")
    elif nearest:
        parts.append(f"The nearest is {nearest}.")
    if options:
        parts.append(f"Possible: {', '.join(options)}.")
    return " ".join(parts)


def _possible(kind: values.Kind, choices: values.Choices) -> list[str]:
    """The possible values in a few words; none where they are free."""
    few = [kind.write(option) for option in kind.options(choices)]
    if few or not isinstance(kind, values.Number):
        return few
    return [f"{kind.least} to {kind.most}", *dict.fromkeys(str(value) for value in kind.words.values())]
