"""Buttons of the menu, the settings and the questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from aiogram.enums import ButtonStyle
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot import wording
from bot import zones as time_zones
from bot.database.users import Preferences
from bot.keyboards import data, making
from bot.texts import Translator
from engines import tasks, unheard

RATIOS_A_ROW: Final = 4
STYLES_A_ROW: Final = 2
ZONES_A_ROW: Final = 3
COUNTS: Final = (1, 2, 3, 4)


def examples(t: Translator, profile: str, owner_id: int) -> InlineKeyboardMarkup:
    """The example prompts under /start, and the way to everything else."""
    rows = [
        [making.button(wording.example_label(t, profile, number), data.Example(number=number))]
        for number in range(1, wording.EXAMPLES + 1)
    ]
    return making.keyboard([*rows, [_to(t, "button-menu", "home", owner_id)]])


def home(t: Translator, owner_id: int) -> InlineKeyboardMarkup:
    """The menu."""
    return making.keyboard(
        [
            [_to(t, "button-settings", "settings", owner_id), _to(t, "button-history", "history", owner_id)],
            [_to(t, "button-queue", "queue", owner_id), _to(t, "button-quota", "quota", owner_id)],
            [_to(t, "button-language", "language", owner_id), _to(t, "button-help", "help", owner_id)],
            [_to(t, "button-examples", "start", owner_id)],
        ]
    )


def back_home(t: Translator, owner_id: int) -> InlineKeyboardMarkup:
    """The way back to the menu."""
    return making.keyboard([[_to(t, "button-menu", "home", owner_id)]])


def quota(t: Translator, owner_id: int, utc_offset_min: int) -> InlineKeyboardMarkup:
    """Under the credits: when the day begins, and the way back to the menu."""
    return making.keyboard([[_zone(t, owner_id, utc_offset_min)], [_to(t, "button-menu", "home", owner_id)]])


def settings(
    t: Translator,
    owner_id: int,
    chosen: Preferences,
    *,
    models: Sequence[tasks.Model],
    has_styles: bool,
    utc_offset_min: int,
) -> InlineKeyboardMarkup:
    """The settings: what has few values is chosen here, the rest on a page of its own; the chosen ones are marked."""
    networks = [
        making.button(
            making.marked(t, wording.model_name(t, one, refined=False), chosen=one is chosen.model),
            data.ChooseModel(model=one, owner_id=owner_id),
        )
        for one in models
    ]
    ratios = [
        making.button(
            making.marked(t, one.value, chosen=one is chosen.aspect_ratio),
            data.ChooseRatio(aspect_ratio=one, owner_id=owner_id),
        )
        for one in tasks.AspectRatio
    ]
    counts = [
        making.button(
            making.marked(t, t.plain("button-count", count=count), chosen=count == chosen.count),
            data.ChooseCount(count=count, owner_id=owner_id),
        )
        for count in COUNTS
    ]
    refine = making.button(
        t.plain("button-refine-on" if chosen.refine else "button-refine-off"),
        data.ChooseRefine(refine=not chosen.refine, owner_id=owner_id),
    )
    styles = making.button(
        t.plain("button-style", style=wording.style_name(t, chosen.style)), data.Styles(owner_id=owner_id)
    )
    negative = making.button(
        t.plain("button-negative-set" if chosen.negative_prompt else "button-negative"),
        data.Ask(what="negative_prompt", owner_id=owner_id),
    )
    seed = making.button(
        t.plain("button-seed-random") if chosen.seed is None else t.plain("button-seed-fixed", seed=str(chosen.seed)),
        data.Ask(what="seed", owner_id=owner_id),
    )
    can_refine = unheard.hears(chosen.model, "refine")
    return making.keyboard(
        [
            *making.in_rows(networks, 1),
            *making.in_rows(ratios, RATIOS_A_ROW),
            counts,
            [*([refine] if can_refine else []), *([styles] if has_styles else [])],
            [negative, seed],
            [_to(t, "button-language", "language", owner_id), _zone(t, owner_id, utc_offset_min)],
            [
                _to(t, "button-menu", "home", owner_id),
                _to(t, "button-done", "close", owner_id, ButtonStyle.SUCCESS),
            ],
        ]
    )


def styles(t: Translator, owner_id: int, chosen: str, names: Sequence[str]) -> InlineKeyboardMarkup:
    """The drawing styles, and none at all."""
    buttons = [
        making.button(
            making.marked(t, wording.style_name(t, name), chosen=name == chosen),
            data.ChooseStyle(style=name, owner_id=owner_id),
        )
        for name in ("", *names)
    ]
    back = _to(t, "button-back", "settings", owner_id)
    return making.keyboard([*making.in_rows(buttons, STYLES_A_ROW), [back]])


def ask_negative(t: Translator, owner_id: int, *, has_one: bool) -> InlineKeyboardMarkup:
    """Beside the question what to leave out: forget the words that are there, or go back."""
    clear = making.button(t.plain("button-clear"), data.ClearNegative(owner_id=owner_id), ButtonStyle.DANGER)
    return making.keyboard([[*([clear] if has_one else []), _to(t, "button-back", "settings", owner_id)]])


def ask_seed(t: Translator, owner_id: int, *, has_pictures: bool) -> InlineKeyboardMarkup:
    """Beside the question for a seed: what needs no number."""
    random = making.button(t.plain("button-seed-any"), data.ChooseSeed(how="random", owner_id=owner_id))
    last = making.button(t.plain("button-seed-last"), data.ChooseSeed(how="last", owner_id=owner_id))
    return making.keyboard([[random], [last] if has_pictures else [], [_to(t, "button-back", "settings", owner_id)]])


def languages(t: Translator, owner_id: int, codes: Sequence[str]) -> InlineKeyboardMarkup:
    """Every language, called by its own name."""
    buttons = [
        making.button(
            making.marked(t, t.plain(f"language-{code}"), chosen=code == t.language),
            data.ChooseLanguage(language=code, owner_id=owner_id),
        )
        for code in codes
    ]
    return making.keyboard([*making.in_rows(buttons, 2), [_to(t, "button-menu", "home", owner_id)]])


def zones(
    t: Translator, owner_id: int, chosen_min: int, now: datetime, *, between: bool = False
) -> InlineKeyboardMarkup:
    """The time zones by what the clock shows there now: whole hours, or those between."""
    offsets_min = time_zones.BETWEEN_HOURS_MIN if between else time_zones.WHOLE_HOURS_MIN
    buttons = [
        making.button(
            making.marked(t, wording.zone_label(t, now, offset_min), chosen=offset_min == chosen_min),
            data.ChooseZone(utc_offset_min=offset_min, owner_id=owner_id),
        )
        for offset_min in offsets_min
    ]
    others = making.button(
        t.plain("button-zones-whole" if between else "button-zones-between"),
        data.Zones(between=not between, owner_id=owner_id),
    )
    ways = [_to(t, "button-back", "settings", owner_id), _to(t, "button-menu", "home", owner_id)]
    return making.keyboard([*making.in_rows(buttons, ZONES_A_ROW), [others], ways])


def forget(t: Translator, owner_id: int) -> InlineKeyboardMarkup:
    """The question before everything is deleted."""
    yes = making.button(t.plain("button-forget"), data.Forget(sure=True, owner_id=owner_id), ButtonStyle.DANGER)
    return making.keyboard([[yes], [making.button(t.plain("button-keep"), data.Forget(sure=False, owner_id=owner_id))]])


def _zone(t: Translator, owner_id: int, utc_offset_min: int) -> InlineKeyboardButton:
    label = t.plain("button-zone", zone=wording.utc_offset(utc_offset_min))
    return making.button(label, data.Menu(action="zone", owner_id=owner_id))


def _to(
    t: Translator, label: str, place: data.Place, owner_id: int, style: ButtonStyle | None = None
) -> InlineKeyboardButton:
    return making.button(t.plain(label), data.Menu(action=place, owner_id=owner_id), style)
