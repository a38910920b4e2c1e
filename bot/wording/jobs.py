"""What is said about a job: its place, its progress, its end, and the caption of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.progress_bar import progress_bar
from bot.texts import Html, Translator
from bot.wording.basics import duration, one_line, shortened, took, utf16
from bot.wording.menus import model_name, style_name
from engines import tasks

CAPTION_LIMIT: Final = 1024  # UTF-16 units after the markup is taken out (Bot API)
LINE_PROMPT_LIMIT: Final = 60  # characters of a prompt in a list
LIST_LIMIT: Final = 20  # lines of a list; 20 of them fit a message


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A job as /queue shows it: `ahead` jobs are served before it, None while it runs."""

    job_id: int
    prompt: str
    ahead: int | None
    wait_s: float | None = None


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
        case tasks.Stage.IMAGINING | tasks.Stage.SAMPLING | tasks.Stage.REFINING:
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
    ratio = task.aspect_ratio.value
    details = t(
        "result-details",
        model=model_name(t, task.model, refined=task.refine),
        ratio=f"{ratio} · {style_name(t, task.style)}" if task.style else ratio,
        seed=str(task.seed),
        time=took(t, seconds),
    )
    frame = utf16(t.plain("result-quote", prompt="")) + utf16(details) + 1  # the markup in details is a safe surplus
    return f"{t('result-quote', prompt=shortened(task.prompt, CAPTION_LIMIT - frame))}\n{details}"


def queue(t: Translator, lines: Sequence[QueueLine]) -> str:
    """The answer to /queue."""
    if not lines:
        return t("queue-empty")
    texts = [t("queue-title", count=len(lines)), ""]
    for number, line in enumerate(lines[:LIST_LIMIT], 1):
        state = t("queue-state-running") if line.ahead is None else queued(t, line.ahead, line.wait_s)
        prompt = one_line(line.prompt, LINE_PROMPT_LIMIT)
        texts.append(t("queue-line", number=number, prompt=prompt, state=Html(state)))
    if len(lines) > LIST_LIMIT:
        texts.append(t("queue-more", count=len(lines) - LIST_LIMIT))
    return "\n".join(texts)
