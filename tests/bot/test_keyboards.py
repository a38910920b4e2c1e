from __future__ import annotations

import pytest
from aiogram.types import InlineKeyboardMarkup

from bot import keyboards, wording
from bot.texts import Texts, Translator
from engines import tasks

TEXTS = Texts()
LANGUAGES = pytest.mark.parametrize("t", [TEXTS.translator("en"), TEXTS.translator("ru")], ids=["en", "ru"])
EN = TEXTS.translator("en")
BIGGEST_JOB = 2**63 - 1
BIGGEST_USER = 2**52  # Telegram ids have at most 52 significant bits


def data_of(markup: InlineKeyboardMarkup) -> list[str]:
    return [button.callback_data or "" for row in markup.inline_keyboard for button in row]


def labels_of(markup: InlineKeyboardMarkup) -> list[str]:
    return [button.text for row in markup.inline_keyboard for button in row]


@LANGUAGES
def test_callback_data_fits_for_the_biggest_ids(t: Translator) -> None:
    lines = [wording.QueueLine(BIGGEST_JOB, "x", 1)] * 30
    listed = keyboards.queue(t, lines)
    assert listed is not None
    all_data = data_of(listed)
    for markup in (
        keyboards.examples(t, "mini"),
        keyboards.status(t, BIGGEST_JOB),
        keyboards.result(t, BIGGEST_JOB, BIGGEST_USER),
        keyboards.failed(t, BIGGEST_JOB, BIGGEST_USER),
        keyboards.settings(t, BIGGEST_USER, tasks.Model.KANDINSKY_3, tasks.AspectRatio.SQUARE),
    ):
        all_data += data_of(markup)
    assert all(1 <= len(data.encode()) <= 64 for data in all_data)


def test_every_choice_of_the_settings_comes_back_from_its_button() -> None:
    data = data_of(keyboards.settings(EN, 1001, tasks.Model.KANDINSKY_3, tasks.AspectRatio.SQUARE))
    models = [keyboards.ChooseModel.unpack(one) for one in data if one.startswith("model|")]
    ratios = [keyboards.ChooseRatio.unpack(one) for one in data if one.startswith("ratio|")]
    assert [choice.model for choice in models] == list(tasks.Model)
    assert [choice.ratio for choice in ratios] == list(tasks.AspectRatio)
    assert {choice.owner_id for choice in [*models, *ratios]} == {1001}


@LANGUAGES
def test_settings_mark_exactly_the_chosen_model_and_ratio(t: Translator) -> None:
    markup = keyboards.settings(t, 1001, tasks.Model.KANDINSKY_3_FLASH, tasks.AspectRatio.LANDSCAPE_16_9)
    assert [label for label in labels_of(markup) if "✓" in label] == ["✓ Kandinsky 3 Flash", "✓ 16:9"]


@pytest.mark.parametrize(
    "forged", ["model|kandinsky-9|1001", "model|kandinsky-3", "ratio|7:7|1", "menu|sell|1", "x|one"]
)
def test_forged_data_is_refused(forged: str) -> None:
    kinds = {
        "model": keyboards.ChooseModel,
        "ratio": keyboards.ChooseRatio,
        "menu": keyboards.Menu,
        "x": keyboards.Cancel,
    }
    with pytest.raises((ValueError, TypeError)):
        kinds[forged.split("|")[0]].unpack(forged)


def test_cancel_is_red_and_knows_its_job() -> None:
    button = keyboards.status(EN, 42).inline_keyboard[0][0]
    assert button.style == "danger"
    assert keyboards.Cancel.unpack(button.callback_data or "").job_id == 42


def test_a_result_offers_again_the_file_and_settings() -> None:
    again, file, settings = data_of(keyboards.result(EN, 42, 1001))
    assert keyboards.Again.unpack(again).job_id == 42
    assert keyboards.AsFile.unpack(file) == keyboards.AsFile(job_id=42, index=0)
    assert keyboards.Menu.unpack(settings).owner_id == 1001


def test_the_queue_list_has_a_button_for_each_of_its_first_lines() -> None:
    markup = keyboards.queue(EN, [wording.QueueLine(number, "x", number) for number in range(20)])
    assert markup is not None
    jobs = [keyboards.CancelInList.unpack(data).job_id for data in data_of(markup)]
    assert jobs == list(range(keyboards.CANCEL_BUTTONS_LIMIT))
    assert keyboards.queue(EN, []) is None


def test_prefixes_are_unique_among_all_buttons() -> None:
    kinds = [kind for kind in vars(keyboards).values() if isinstance(kind, type) and "__prefix__" in vars(kind)]
    assert len({kind.__prefix__ for kind in kinds}) == len(kinds) == 8
