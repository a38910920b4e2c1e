from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardMarkup

from bot import keyboards, wording
from bot.database.users import Preferences
from bot.texts import Texts, Translator
from engines import styles, tasks, unheard

TEXTS = Texts()
MODELS = (tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_3_FLASH, tasks.Model.KANDINSKY_22)
LANGUAGES = pytest.mark.parametrize("t", [TEXTS.translator("en"), TEXTS.translator("ru")], ids=["en", "ru"])
EN = TEXTS.translator("en")
BIGGEST_JOB = 2**63 - 1
BIGGEST_USER = 2**52  # Telegram ids have at most 52 significant bits


def data_of(markup: InlineKeyboardMarkup) -> list[str]:
    return [button.callback_data or "" for row in markup.inline_keyboard for button in row]


def labels_of(markup: InlineKeyboardMarkup) -> list[str]:
    return [button.text for row in markup.inline_keyboard for button in row]


def task(**changes: object) -> tasks.TextToImage:
    return tasks.TextToImage.model_validate({"prompt": "a fox", "seed": 7, **changes})


def every_keyboard(t: Translator, job_id: int, owner_id: int, page: int) -> list[InlineKeyboardMarkup]:
    """All keyboards, as full as they can be."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    lines = [wording.QueueLine(job_id, "x", 1)] * 30
    finished = [wording.HistoryLine(number, job_id, task(count=4), now) for number in range(1, 6)]
    back = keyboards.HistoryPage(owner_id=owner_id, page=page, favourites=True)
    names = [style.name for style in styles.of("kandinsky3")]
    found = [
        keyboards.examples(t, "mini", owner_id),
        keyboards.home(t, owner_id),
        keyboards.back_home(t, owner_id),
        keyboards.status(t, job_id),
        keyboards.result(t, job_id, owner_id, task(), MODELS),
        keyboards.result(t, job_id, owner_id, task(count=4, model="kandinsky-3-flash"), MODELS),
        keyboards.failed(t, job_id, owner_id),
        keyboards.details(t, task(), "a fox --seed 7"),
        keyboards.corrected(t, "a fox --ar 16:9"),
        keyboards.queue(t, lines, keyboards.Menu(action="home", owner_id=owner_id)),
        keyboards.history(t, owner_id, finished, page, has_older=True, favourites=True),
        keyboards.card(t, owner_id, job_id, 4, back, is_favourite=True),
        keyboards.settings(t, owner_id, Preferences(), models=MODELS, has_styles=True, utc_offset_min=0),
        keyboards.styles(t, owner_id, "", names),
        keyboards.ask_negative(t, owner_id, has_one=True),
        keyboards.ask_seed(t, owner_id, has_pictures=True),
        keyboards.languages(t, owner_id, ["en", "ru"]),
        keyboards.quota(t, owner_id, 825),
        keyboards.zones(t, owner_id, 0, now),
        keyboards.zones(t, owner_id, 825, now, between=True),
        keyboards.forget(t, owner_id),
    ]
    return [markup for markup in found if markup is not None]


@LANGUAGES
def test_every_button_fits_for_the_biggest_ids(t: Translator) -> None:
    for markup in every_keyboard(t, BIGGEST_JOB, BIGGEST_USER, 199):
        for row in markup.inline_keyboard:
            assert 1 <= len(row) <= 8
            for button in row:
                assert button.text.strip()
                if button.copy_text is None:
                    assert 1 <= len((button.callback_data or "").encode()) <= 64
                else:
                    assert 1 <= len(button.copy_text.text) <= keyboards.COPY_LIMIT


def test_every_choice_of_the_settings_comes_back_from_its_button() -> None:
    data = data_of(keyboards.settings(EN, 1001, Preferences(), models=MODELS, has_styles=True, utc_offset_min=0))
    models = [keyboards.ChooseModel.unpack(one) for one in data if one.startswith("model|")]
    ratios = [keyboards.ChooseRatio.unpack(one) for one in data if one.startswith("ratio|")]
    counts = [keyboards.ChooseCount.unpack(one) for one in data if one.startswith("count|")]
    assert [choice.model for choice in models] == list(MODELS)
    assert [choice.aspect_ratio for choice in ratios] == list(tasks.AspectRatio)
    assert [choice.count for choice in counts] == [1, 2, 3, 4]
    assert {choice.owner_id for choice in [*models, *ratios, *counts]} == {1001}


@LANGUAGES
def test_settings_mark_exactly_what_is_chosen(t: Translator) -> None:
    chosen = Preferences(model=tasks.Model.KANDINSKY_3_FLASH, aspect_ratio=tasks.AspectRatio.LANDSCAPE_16_9, count=3)
    markup = keyboards.settings(t, 1001, chosen, models=MODELS, has_styles=True, utc_offset_min=0)
    assert [label for label in labels_of(markup) if "✓" in label] == ["✓ Kandinsky 3 Flash", "✓ 16:9", "✓ ×3"]


@pytest.mark.parametrize("model", list(tasks.Model))
def test_refinement_is_offered_and_named_where_the_model_hears_it(model: tasks.Model) -> None:
    def offers(markup: InlineKeyboardMarkup) -> bool:
        return any("Refine" in label for label in labels_of(markup))

    heard, chosen = unheard.hears(model, "refine"), Preferences(model=model)
    assert offers(keyboards.settings(EN, 1, chosen, models=MODELS, has_styles=True, utc_offset_min=0)) == heard
    assert offers(keyboards.result(EN, 1, 1, task(model=model), MODELS)) == heard
    assert not offers(keyboards.result(EN, 1, 1, task(model=model, refine=True), MODELS))
    assert (wording.model_name(EN, model, refined=True) != wording.model_name(EN, model, refined=False)) == heard


@pytest.mark.parametrize(
    "forged",
    [
        "model|kandinsky-9|1001",
        "model|kandinsky-3",
        "ratio|7:7|1",
        "menu|sell|1",
        "x|one",
        "ask|password|1",
        "seed|stolen|1",
        "hist|1|two|0",
    ],
)
def test_forged_data_is_refused(forged: str) -> None:
    kinds = {kind.__prefix__: kind for kind in all_kinds()}
    with pytest.raises((ValueError, TypeError)):
        kinds[forged.split("|")[0]].unpack(forged)


def test_cancel_is_red_and_knows_its_job() -> None:
    button = keyboards.status(EN, 42).inline_keyboard[0][0]
    assert button.style == "danger"
    assert keyboards.Cancel.unpack(button.callback_data or "").job_id == 42


def test_deleting_everything_is_red_and_keeping_is_not() -> None:
    (delete,), (keep,) = keyboards.forget(EN, 1001).inline_keyboard
    assert delete.style == "danger"
    assert keyboards.Forget.unpack(delete.callback_data or "").sure
    assert keep.style is None
    assert not keyboards.Forget.unpack(keep.callback_data or "").sure


def test_words_and_seed_of_a_result_are_copied_by_buttons() -> None:
    markup = keyboards.result(EN, 42, 1001, task(), MODELS)
    copied = [button.copy_text.text for row in markup.inline_keyboard for button in row if button.copy_text]
    assert copied == ["a fox", "7"]


def test_words_too_long_to_be_copied_get_no_button() -> None:
    markup = keyboards.result(EN, 42, 1001, task(prompt="я" * 257), MODELS)
    copied = [button.copy_text.text for row in markup.inline_keyboard for button in row if button.copy_text]
    assert copied == ["7"]


def test_every_picture_of_an_album_has_its_file() -> None:
    data = data_of(keyboards.result(EN, 42, 1001, task(count=3), MODELS))
    files = [keyboards.AsFile.unpack(one) for one in data if one.startswith("file|")]
    assert [(file.job_id, file.index) for file in files] == [(42, 0), (42, 1), (42, 2)]


def test_a_used_button_stands_where_it_stood_and_does_nothing() -> None:
    before = keyboards.result(EN, 42, 1001, task(), MODELS)
    after = keyboards.replaced(before, keyboards.Refine(job_id=42), keyboards.used("✨ Refine"))
    assert after is not None
    assert labels_of(after) == labels_of(before)
    (used,) = [button for row in after.inline_keyboard for button in row if button.disabled]
    assert used.text == "✨ Refine"
    assert used.callback_data is None
    assert keyboards.replaced(after, keyboards.Refine(job_id=42), keyboards.used("✨ Refine")) is None


def test_the_queue_list_has_a_button_for_each_of_its_first_lines() -> None:
    markup = keyboards.queue(EN, [wording.QueueLine(number, "x", number) for number in range(30)])
    assert markup is not None
    jobs = [keyboards.CancelInList.unpack(data).job_id for data in data_of(markup)]
    assert jobs == list(range(keyboards.CANCEL_BUTTONS_LIMIT))
    assert keyboards.queue(EN, []) is None


def all_kinds() -> list[type[CallbackData]]:
    kinds = [kind for kind in vars(keyboards.data).values() if isinstance(kind, type) and "__prefix__" in vars(kind)]
    assert len(kinds) == 26
    return kinds


def test_prefixes_are_unique_among_all_buttons() -> None:
    assert len({kind.__prefix__ for kind in all_kinds()}) == len(all_kinds())
