"""A refused message put right, for a button that copies it."""

from __future__ import annotations

from bot.parameters import table
from bot.parameters.parsing import Parsed


def corrected(parsed: Parsed) -> str:
    """The message with the nearest possible value of everything that was refused; "" where one of them has none."""
    fixes = [hint.nearest for hint in parsed.hints if hint.refused]
    if not all(_is_whole(fix) for fix in fixes):
        return ""
    fixed = {fix.split(" ")[0] for fix in fixes}
    said = {}
    for parameter in table.PARAMETERS:
        value = getattr(parsed.changes, parameter.field)
        if value is not None and f"--{parameter.name}" not in fixed:
            said[parameter.name] = f"--{parameter.name} {parameter.kind.write(value)}".rstrip()
    words_last = said.pop(table.NO.name, "")  # it takes all words that follow
    return " ".join(part for part in (parsed.prompt, *said.values(), *fixes, words_last) if part)


def _is_whole(fix: str) -> bool:
    """The fix can be sent as it is: a parameter with its value, or one that needs none."""
    return " " in fix or fix == f"--{table.REFINE.name}"
