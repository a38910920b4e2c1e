from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import wording
from bot.database.users import Preferences
from bot.queue.jobs import Credits
from bot.texts import Texts, Translator
from engines import errors, styles, tasks

TEXTS = Texts()
EN = TEXTS.translator("en")
RU = TEXTS.translator("ru")
LANGUAGES = pytest.mark.parametrize("t", [EN, RU], ids=["en", "ru"])


def task(prompt: str, **other: object) -> tasks.TextToImage:
    return tasks.TextToImage.model_validate({"prompt": prompt, "seed": 4294967295, **other})


def visible(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("seconds", "en", "ru"),
    [
        (0, "a few seconds", "пару секунд"),
        (11, "15 s", "15 с"),
        (90, "90 s", "90 с"),
        (91, "2 min", "2 мин"),
        (3540, "59 min", "59 мин"),
        (3541, "1 h", "1 ч"),
        (3660, "1 h 5 min", "1 ч 5 мин"),
    ],
)
def test_waiting_times_are_rounded_up_as_people_say_them(seconds: float, en: str, ru: str) -> None:
    assert (wording.duration(EN, seconds), wording.duration(RU, seconds)) == (en, ru)


def test_a_waiting_job_shows_its_place_and_an_estimate() -> None:
    assert wording.queued(EN, 2, 38) == "3rd in line, about 40 s"
    assert wording.queued(RU, 2, 38) == "Место в очереди: 3, ждать примерно 40 с"


def test_the_first_in_line_is_next() -> None:
    assert wording.queued(EN, 0, 12) == "Next in line, about 15 s"
    assert wording.queued(RU, 0) == "Вы следующие"


@LANGUAGES
@pytest.mark.parametrize("stage", tasks.Stage)
def test_every_stage_has_a_status_text(t: Translator, stage: tasks.Stage) -> None:
    text = wording.progress(t, tasks.Progress(stage, 15, 50))
    assert text
    assert ("▰▰▰▱▱▱▱▱▱▱ 30 %" in text) == (stage.value in ("imagining", "sampling", "refining", "decoding"))


def engine_error_codes() -> list[str]:
    kinds = [errors.OutOfMemory, errors.EngineFailed, errors.CheckpointMissing, errors.CheckpointInvalid]
    return [kind.code for kind in kinds] + [errors.InvalidTask.code, errors.CanvasTooSmall.code, "too_many_attempts"]


@LANGUAGES
def test_every_reason_of_failure_has_a_text_of_its_own(t: Translator) -> None:
    texts = {wording.failure(t, code) for code in [*engine_error_codes(), "never heard of"]}
    assert len(texts) == len(engine_error_codes()) + 1


def test_a_failure_says_which_credits_came_back() -> None:
    assert wording.failure(EN, "engine_failed", 7).endswith("\n7 credits are back on your account.")
    assert "credits" not in wording.failure(EN, "engine_failed", 0)


@LANGUAGES
@given(prompt=st.text(min_size=1, max_size=tasks.PROMPT_LIMIT).filter(str.strip))
def test_a_caption_fits_and_shows_the_prompt_as_it_was_written(t: Translator, prompt: str) -> None:
    shown = visible(wording.caption(t, task(prompt), 12))
    assert units(shown) <= wording.CAPTION_LIMIT
    if units(prompt) < 900:
        assert prompt in shown


@LANGUAGES
def test_the_longest_prompts_are_cut_to_the_caption_limit(t: Translator) -> None:
    for prompt in ("x" * 1000, "слово " * 166, "🦊" * 1000, "<&>" * 333):
        shown = visible(wording.caption(t, task(prompt, aspect_ratio="16:9", model="kandinsky-3-flash"), 7200))
        assert units(shown) <= wording.CAPTION_LIMIT
        assert "4294967295" in shown


@given(st.text(max_size=80), st.integers(1, 60))
def test_a_shortened_text_fits_and_begins_like_the_original(text: str, limit: int) -> None:
    short = wording.shortened(text, limit)
    assert units(short) <= limit
    assert short == text or text.startswith(short.removesuffix("…"))


def test_a_text_is_cut_between_words() -> None:
    assert wording.shortened("a big red circle on blue", 20) == "a big red circle…"


@LANGUAGES
def test_a_full_queue_list_fits_a_message(t: Translator) -> None:
    lines = [wording.QueueLine(n, "<" * 1000, n or None, 99_999) for n in range(40)]
    text = wording.queue(t, lines)
    assert units(visible(text)) <= 4096
    assert "20" in text.splitlines()[-1]


def test_the_queue_list_names_each_picture_and_where_it_stands() -> None:
    lines = [wording.QueueLine(7, "a fox\nin snow", None), wording.QueueLine(8, "a <b>cat</b>", 1, 60)]
    assert wording.queue(EN, lines) == (
        "<b>2 pictures in line</b>\n\n1. a fox in snow: painting now\n"
        "2. a &lt;b&gt;cat&lt;/b&gt;: 2nd in line, about 60 s"
    )
    assert wording.queue(EN, []) == EN("queue-empty")


@LANGUAGES
def test_the_demo_model_is_introduced_only_where_it_paints(t: Translator) -> None:
    assert wording.start(t, "Ann", "mini") != wording.start(t, "Ann", "kandinsky3")
    facts = {"parameters": "", "daily_credits": 700}
    assert len(wording.help_text(t, "mini", **facts)) > len(wording.help_text(t, "kandinsky3", **facts))


def test_a_name_cannot_bring_markup() -> None:
    assert "<a" not in wording.start(EN, "<a href='x'>Ann</a>", "mini")


@LANGUAGES
@pytest.mark.parametrize("profile", ["mini", "kandinsky3"])
def test_example_prompts_can_be_painted(t: Translator, profile: str) -> None:
    prompts = {wording.example_prompt(t, profile, number) for number in (1, 2, 3)}
    assert len({task(prompt).prompt for prompt in prompts}) == 3


def test_missing_credits_point_to_the_cheaper_model_unless_it_was_chosen() -> None:
    base = wording.out_of_credits(EN, needed=7, left=3, wait_s=3600, model=tasks.Model.KANDINSKY_3)
    flash = wording.out_of_credits(EN, needed=1, left=0, wait_s=3600, model=tasks.Model.KANDINSKY_3_FLASH)
    assert base.endswith(
        "7 credits, and you have 3 left today. New credits come in 1 h. Flash in /settings costs less."
    )
    assert flash.endswith("1 credit, and you have 0 left today. New credits come in 1 h.")


def test_settings_name_everything_that_differs_from_the_usual() -> None:
    chosen = Preferences(
        model=tasks.Model.KANDINSKY_3,
        aspect_ratio=tasks.AspectRatio.PORTRAIT_9_16,
        refine=True,
        style="watercolour",
        negative_prompt="<blur>",
        count=2,
        seed=7,
    )
    text = wording.settings(RU, chosen, list(tasks.Model))
    for part in ("Kandinsky 3 с доработкой", "9:16", "Акварель", "&lt;blur&gt;", "<code>7</code>"):
        assert part in text
    assert "Сид" not in wording.settings(RU, Preferences(), list(tasks.Model))


@LANGUAGES
@pytest.mark.parametrize("profile", ["mini", "kandinsky3"])
def test_every_style_has_a_name_of_its_own(t: Translator, profile: str) -> None:
    names = [style.name for style in styles.of(profile)]
    assert len({wording.style_name(t, name) for name in ["", *names]}) == len(names) + 1
    assert all(t.has(f"style-{name}") for name in names)


@pytest.mark.parametrize(
    ("offset_min", "zone", "clock"), [(0, "UTC", "22:00"), (180, "UTC+3", "01:00"), (-210, "UTC-3:30", "18:30")]
)
def test_credits_come_back_at_a_time_on_the_wall_of_the_user(offset_min: int, zone: str, clock: str) -> None:
    resets_at = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
    now = resets_at - timedelta(hours=5)
    text = wording.quota(EN, Credits(left=93, daily=700, resets_at=resets_at), Preferences(count=2), offset_min, now)
    assert f"at {clock} {zone}" in text
    assert "93 of 700 left" in text
    assert "in 5 h" in text
    assert "<b>14</b> credits for 2 pictures" in text


@LANGUAGES
def test_the_price_of_the_older_model_is_told_where_it_paints(t: Translator) -> None:
    now, credits = (
        datetime(2026, 3, 1, tzinfo=UTC),
        Credits(left=9, daily=700, resets_at=datetime(2026, 3, 2, tzinfo=UTC)),
    )
    facts = {"parameters": "", "daily_credits": 700}
    price = t("costs-22", credits=8)
    for models in ([tasks.Model.KANDINSKY_3], list(tasks.Model)):
        texts = (
            wording.quota(t, credits, Preferences(), 0, now, models),
            wording.help_text(t, "mini", **facts, models=models),
        )
        assert all((price in text) == (tasks.Model.KANDINSKY_22 in models) for text in texts)


def test_an_overdrawn_account_shows_nothing_left() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    text = wording.quota(EN, Credits(left=-7, daily=0, resets_at=now), Preferences(), 0, now)
    assert "0 of 0 left" in text


@LANGUAGES
def test_a_list_of_the_longest_prompts_fits_a_message(t: Translator) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    lines = [wording.HistoryLine(n, n, task("🦊" * 1000), now) for n in range(1, wording.HISTORY_PAGE + 1)]
    assert units(visible(wording.history(t, lines, 0))) <= 4096
    assert units(visible(wording.card(t, lines[0], 0))) <= 4096


@LANGUAGES
def test_details_of_the_longest_task_fit_a_message(t: Translator) -> None:
    everything = f"{'🦊' * 1000} --no {'🦊' * 1000}"
    text = wording.details(t, task("🦊" * 1000, negative_prompt="🦊" * 1000), everything, 7, 12)
    assert units(visible(text)) <= 4096


def test_days_are_called_as_people_call_them() -> None:
    late = datetime(2026, 3, 14, 22, 30, tzinfo=UTC)
    assert (wording.date(EN, late, 0), wording.date(RU, late, 0)) == ("14 March", "14 марта")
    assert wording.date(RU, late, 180) == "15 марта"
