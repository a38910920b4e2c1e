"""What the bot says, put together from the texts: pure functions from facts to messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.progress_bar import progress_bar
from bot.texts import Html, Translator
from engines import tasks

CAPTION_LIMIT: Final = 1024  # UTF-16 units after the markup is taken out (Bot API)
LINE_PROMPT_LIMIT: Final = 60  # characters of a prompt in a list
LIST_LIMIT: Final = 20  # lines of a list; 20 of them fit a message
EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A job as /queue shows it: `ahead` jobs are served before it, None while it runs."""

    job_id: int
    prompt: str
    ahead: int | None
    wait_s: float | None = None


def start(t: Translator, name: str, profile: str) -> str:
    """The answer to /start; the example buttons stand below it."""
    text = t("start", name=name)
    return f"{text}\n\n{t('start-mini')}" if profile == "mini" else text


def help_text(t: Translator, profile: str, *, base_credits: int, flash_credits: int, daily_credits: int) -> str:
    """The answer to /help."""
    text = t(
        "help",
        limit=tasks.PROMPT_LIMIT,
        base_credits=base_credits,
        flash_credits=flash_credits,
        daily_credits=daily_credits,
    )
    return f"{text}\n\n{t('help-mini')}" if profile == "mini" else text


def example_prompt(t: Translator, profile: str, number: int) -> str:
    """The prompt of example `number` (1 to EXAMPLES), in the language of the user."""
    return t.plain(f"example-{_examples(profile)}-{number}-prompt")


def example_label(t: Translator, profile: str, number: int) -> str:
    """The button label of example `number` (1 to EXAMPLES)."""
    return t.plain(f"example-{_examples(profile)}-{number}-label")


def duration(t: Translator, seconds: float) -> str:
    """A time to wait, rounded as people say it: up, and the coarser the longer."""
    if seconds < 5:
        return t("duration-moment")
    if seconds <= 90:
        return t("duration-seconds", seconds=5 * math.ceil(seconds / 5))
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return t("duration-minutes", minutes=minutes)
    hours, minutes = divmod(5 * math.ceil(minutes / 5), 60)
    return t("duration-hours-minutes", hours=hours, minutes=minutes) if minutes else t("duration-hours", hours=hours)


def queued(t: Translator, ahead: int, wait_s: float | None = None) -> str:
    """The place in line of a job with `ahead` jobs before it."""
    place = ahead + 1
    if wait_s is None:
        return t("status-queued-no-estimate", place=place) if ahead else t("status-queued-next-no-estimate")
    wait = Html(duration(t, wait_s))
    return t("status-queued", place=place, wait=wait) if ahead else t("status-queued-next", wait=wait)


def progress(t: Translator, now: tasks.Progress) -> str:
    """The status message of a job that is being painted."""
    bar = progress_bar(now.step, now.steps)
    match now.stage:
        case tasks.Stage.SAMPLING | tasks.Stage.REFINING:
            return t(f"status-{now.stage}", bar=bar, step=now.step, steps=now.steps)
        case tasks.Stage.DECODING:
            return t("status-decoding", bar=bar)
        case _:
            return t(f"status-{now.stage}")


def failure(t: Translator, code: str, refunded_credits: int = 0) -> str:
    """What happened to a failed job, what to do next, and the credits that came back."""
    key = f"failed-{code.replace('_', '-')}"
    text = t(key if t.has(key) else "failed-unknown")
    return f"{text}\n{t('failed-refunded', credits=refunded_credits)}" if refunded_credits else text


def out_of_credits(t: Translator, *, needed: int, left: int, wait_s: float, model: tasks.Model) -> str:
    """The answer to a task that costs more than the user has left today; `wait_s` until new credits come."""
    text = t("limit-credits", needed=needed, left=left, wait=Html(duration(t, wait_s)))
    return text if model is tasks.Model.KANDINSKY_3_FLASH else f"{text} {t('limit-credits-flash')}"


def caption(t: Translator, task: tasks.TextToImage, seconds: float) -> str:
    """The caption of a result: the prompt, shortened to what Telegram takes, and how to repeat the picture."""
    took = t("duration-seconds", seconds=max(1, round(seconds))) if seconds < 60 else duration(t, seconds)
    details = t(
        "result-details",
        model=t.plain(f"model-{task.model}"),
        ratio=task.aspect_ratio.value,
        seed=str(task.seed),
        time=Html(took),
    )
    frame = _utf16(t.plain("result-quote", prompt="")) + _utf16(details) + 1  # the markup in details is a safe surplus
    return f"{t('result-quote', prompt=shortened(task.prompt, CAPTION_LIMIT - frame))}\n{details}"


def queue(t: Translator, lines: Sequence[QueueLine]) -> str:
    """The answer to /queue."""
    if not lines:
        return t("queue-empty")
    texts = [t("queue-title", count=len(lines)), ""]
    for number, line in enumerate(lines[:LIST_LIMIT], 1):
        state = t("queue-state-running") if line.ahead is None else queued(t, line.ahead, line.wait_s)
        prompt = " ".join(shortened(line.prompt, LINE_PROMPT_LIMIT).split())
        texts.append(t("queue-line", number=number, prompt=prompt, state=Html(state)))
    if len(lines) > LIST_LIMIT:
        texts.append(t("queue-more", count=len(lines) - LIST_LIMIT))
    return "\n".join(texts)


def settings(t: Translator, model: tasks.Model, ratio: tasks.AspectRatio) -> str:
    """The settings message; its buttons stand below it."""
    return t("settings", model=t.plain(f"model-{model}"), ratio=ratio.value)


def shortened(text: str, limit: int) -> str:
    """`text` in at most `limit` UTF-16 units, cut at the end of a word where there is one, with an ellipsis."""
    if _utf16(text) <= limit:
        return text
    kept, used = "", 1  # the ellipsis
    for character in text:
        used += _utf16(character)
        if used > limit:
            break
        kept += character
    head, space, _ = kept.rpartition(" ")
    return f"{(head if space and len(head) > len(kept) // 2 else kept).rstrip()}…"


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _examples(profile: str) -> str:
    return "mini" if profile == "mini" else "full"
