"""What stands on the screens of the menu: the greeting, help, settings and credits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot import costs
from bot.database.users import Preferences
from bot.queue.jobs import Credits
from bot.texts import Html, Translator
from bot.wording.basics import clock_time, duration, shortened, utc_offset
from engines import tasks, unheard

EXAMPLES: Final = 3
NEGATIVE_SHOWN: Final = 200  # characters of a negative prompt on the settings screen


def start(t: Translator, name: str, profile: str) -> str:
    """The answer to /start; the example buttons stand below it."""
    about = [t("start-mini")] if profile == "mini" else []
    return "\n\n".join([t("start", name=name), *about, t("start-invitation")])


def help_text(
    t: Translator, profile: str, *, parameters: str, daily_credits: int, models: Sequence[tasks.Model] = ()
) -> str:
    """The answer to /help; `parameters` is HTML, `models` are those that paint here."""
    text = t(
        "help",
        limit=tasks.PROMPT_LIMIT,
        parameters=Html(parameters),
        base_credits=cost_of(tasks.Model.KANDINSKY_3),
        flash_credits=cost_of(tasks.Model.KANDINSKY_3_FLASH),
        daily_credits=daily_credits,
    )
    text += _older_costs(t, models)
    return f"{text}\n\n{t('help-mini')}" if profile == "mini" else text


def example_prompt(t: Translator, profile: str, number: int) -> str:
    """The prompt of example `number` (1 to EXAMPLES), in the language of the user."""
    return t.plain(f"example-{_examples(profile)}-{number}-prompt")


def example_label(t: Translator, profile: str, number: int) -> str:
    """The button label of example `number` (1 to EXAMPLES)."""
    return t.plain(f"example-{_examples(profile)}-{number}-label")


def model_name(t: Translator, model: tasks.Model, *, refined: bool) -> str:
    """A model as people call it; "refined" is said where the refiner works on what it paints."""
    name = t.plain(_model_key(model))
    return t.plain("model-refined", model=name) if refined and unheard.hears(model, "refine") else name


def short_model_name(t: Translator, model: tasks.Model) -> str:
    """A model in as few letters as a button has room for."""
    return t.plain(f"{_model_key(model)}-short")


def style_name(t: Translator, style: str) -> str:
    """A drawing style as people call it; "" is none."""
    key = f"style-{style or 'none'}"
    return t.plain(key) if t.has(key) else style


def settings(t: Translator, chosen: Preferences, models: Sequence[tasks.Model]) -> str:
    """The settings message with what is to be known of the models; its buttons stand below it."""
    lines = [
        t(
            "settings",
            model=model_name(t, chosen.model, refined=chosen.refine),
            ratio=chosen.aspect_ratio.value,
            count=chosen.count,
        )
    ]
    if chosen.style:
        lines.append(t("settings-style", style=style_name(t, chosen.style)))
    if chosen.negative_prompt:
        lines.append(t("settings-negative", words=shortened(chosen.negative_prompt, NEGATIVE_SHOWN)))
    if chosen.seed is not None:
        lines.append(t("settings-seed", seed=str(chosen.seed)))
    about = [t("settings-models"), *([t("settings-models-22")] if tasks.Model.KANDINSKY_22 in models else [])]
    return "\n".join([*lines, "", *about])


def settings_closed(t: Translator, chosen: Preferences) -> str:
    """What is left of the settings message when its owner is done."""
    return t(
        "settings-closed",
        model=model_name(t, chosen.model, refined=chosen.refine),
        ratio=chosen.aspect_ratio.value,
    )


def zone(t: Translator, utc_offset_min: int, now: datetime) -> str:
    """The question for the time zone, and what holds now."""
    return t("zone", zone=utc_offset(utc_offset_min), time=clock_time(now, utc_offset_min))


def zone_label(t: Translator, now: datetime, utc_offset_min: int) -> str:
    """A time zone by its clock, such as "14:05 (+3)"; UTC itself is "11:05 (UTC)"."""
    offset = utc_offset(utc_offset_min)
    return t.plain(
        "button-zone-choice", time=clock_time(now, utc_offset_min), offset=offset.removeprefix("UTC") or offset
    )


def ask_negative(t: Translator, words: str) -> str:
    """The question what pictures should not show, and what was answered before."""
    question = t("ask-negative", limit=tasks.PROMPT_LIMIT)
    return f"{question}\n\n{t('ask-negative-now', words=words)}" if words else question


def ask_seed(t: Translator, seed: int | None) -> str:
    """The question for a seed."""
    question = t("ask-seed", largest=str(tasks.SEED_LIMIT - 1))
    return question if seed is None else f"{question}\n\n{t('ask-seed-now', seed=str(seed))}"


def quota(
    t: Translator,
    credits: Credits,
    chosen: Preferences,
    utc_offset_min: int,
    now: datetime,
    models: Sequence[tasks.Model] = (),
) -> str:
    """What is left of the user's day, when the next begins, and what a message costs; `models` paint here."""
    task = tasks.TextToImage(
        prompt="a", seed=0, model=chosen.model, count=chosen.count, refine=chosen.refine, style=chosen.style
    )
    facts = t(
        "quota",
        left=max(0, credits.left),
        daily=credits.daily,
        time=clock_time(credits.resets_at, utc_offset_min),
        zone=utc_offset(utc_offset_min),
        wait=Html(duration(t, max(0.0, (credits.resets_at - now).total_seconds()))),
        base_credits=cost_of(tasks.Model.KANDINSKY_3),
        refine_credits=costs.REFINE_CREDITS,
        flash_credits=cost_of(tasks.Model.KANDINSKY_3_FLASH),
    )
    facts += _older_costs(t, models)
    return f"{facts}\n\n{t('quota-mine', mine=costs.credits(task), count=chosen.count)}"


def cost_of(model: tasks.Model) -> int:
    """Credits of one picture of a model."""
    return costs.credits(tasks.TextToImage(prompt="a", model=model, seed=0))


def _older_costs(t: Translator, models: Sequence[tasks.Model]) -> str:
    """What a picture of Kandinsky 2.2 costs, where it paints."""
    if tasks.Model.KANDINSKY_22 not in models:
        return ""
    return f" {t('costs-22', credits=cost_of(tasks.Model.KANDINSKY_22))}"


def _model_key(model: tasks.Model) -> str:
    """The key of a model's name: Fluent takes no full stop in one."""
    return f"model-{model.value.replace('.', '')}"


def _examples(profile: str) -> str:
    return "mini" if profile == "mini" else "full"
