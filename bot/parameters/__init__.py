"""Parameters in a prompt, `--ar 16:9 --no text --seed 7`: declared, read, explained and written."""

from bot.parameters.changes import Changes, render, task_of
from bot.parameters.correcting import corrected
from bot.parameters.parsing import Code, Hint, Parsed, parse, without_effect
from bot.parameters.table import PARAMETERS, Parameter

__all__ = [
    "PARAMETERS",
    "Changes",
    "Code",
    "Hint",
    "Parameter",
    "Parsed",
    "corrected",
    "parse",
    "render",
    "task_of",
    "without_effect",
]
