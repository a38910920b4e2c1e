"""What is said about pictures that are done: the list, one of them, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.texts import Translator
from bot.wording.basics import date, one_line, shortened, took
from bot.wording.menus import model_name, style_name
from engines import tasks

HISTORY_PAGE: Final = 5  # pictures of a page: one row of buttons
HISTORY_PROMPT_LIMIT: Final = 120  # characters of a prompt in the list
TEXT_LIMIT: Final = 3500  # UTF-16 units of a prompt with its parameters; the rest of a message is ours


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A finished job as /history shows it: `number` counts from the newest."""

    number: int
    job_id: int
    task: tasks.TextToImage
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """How many favourites there are, and how many there may be."""

    count: int
    limit: int


def history(t: Translator, lines: Sequence[HistoryLine], utc_offset_min: int, kept: Kept | None = None) -> str:
    """A page of /history: of all pictures, or of those that are kept."""
    if not lines:
        return t("history-empty" if kept is None else "history-no-favourites")
    title = t("history-title") if kept is None else _favourites_title(t, kept)
    texts = [
        t(
            "history-line",
            number=str(line.number),
            prompt=one_line(line.task.prompt, HISTORY_PROMPT_LIMIT),
            model=model_name(t, line.task.model, refined=line.task.refine),
            ratio=line.task.aspect_ratio.value,
            date=date(t, line.finished_at, utc_offset_min),
        )
        for line in lines
    ]
    return "\n\n".join([title, *texts, t("history-hint")])


def _favourites_title(t: Translator, kept: Kept) -> str:
    return t("history-title-favourites", count=kept.count, limit=kept.limit)


def card(t: Translator, line: HistoryLine, utc_offset_min: int) -> str:
    """One picture of the list."""
    return t(
        "history-card",
        prompt=shortened(line.task.prompt, TEXT_LIMIT),
        model=model_name(t, line.task.model, refined=line.task.refine),
        ratio=line.task.aspect_ratio.value,
        seed=str(line.task.seed),
        count=line.task.count,
        date=date(t, line.finished_at, utc_offset_min),
    )


def details(t: Translator, task: tasks.TextToImage, everything: str, credits: int, seconds: float) -> str:
    """How a picture was made; `everything` is the message that paints it again."""
    lines = [
        t("details", model=model_name(t, task.model, refined=task.refine), ratio=task.aspect_ratio.value),
        *([t("details-style", style=style_name(t, task.style))] if task.style else []),
        t("details-seed", seed=str(task.seed)),
        t("details-cost", count=task.count, credits=credits, time=took(t, seconds)),
        "",
        t("details-again", message=shortened(everything, TEXT_LIMIT)),
    ]
    return "\n".join(lines)
