from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import costs, settings
from engines import tasks

BASE = tasks.TextToImage(prompt="a fox", seed=7)
FLASH = BASE.model_copy(update={"model": tasks.Model.KANDINSKY_3_FLASH})
PROFILES = ["mini", "kandinsky3"]

any_task = st.builds(
    tasks.TextToImage,
    prompt=st.just("a fox"),
    negative_prompt=st.sampled_from(["", "snow"]),
    model=st.sampled_from(tasks.Model),
    aspect_ratio=st.sampled_from(tasks.AspectRatio),
    seed=st.integers(0, tasks.SEED_LIMIT - 1),
    count=st.integers(1, 4),
    refine=st.booleans(),
    style=st.sampled_from(["", "oil"]),
    steps=st.integers(2, 200),
)


def test_a_base_picture_costs_seven_times_a_flash_picture() -> None:
    assert (costs.credits(BASE), costs.credits(FLASH)) == (7, 1)
    assert costs.tflop(BASE) / costs.tflop(FLASH) == pytest.approx(7.3, abs=0.05)


def test_the_work_of_the_published_pictures_is_the_counted_one() -> None:
    assert costs.tflop(BASE) == pytest.approx(361, abs=1)
    assert costs.tflop(BASE.model_copy(update={"steps": 25})) == pytest.approx(199, abs=1)
    assert costs.tflop(FLASH) == pytest.approx(49.3, abs=0.1)


def test_a_picture_of_kandinsky_22_costs_what_its_work_is_beside_a_base_picture() -> None:
    older = BASE.model_copy(update={"model": tasks.Model.KANDINSKY_22})
    assert costs.tflop(older) == pytest.approx(389, abs=1)
    assert costs.credits(older) == 8 == -(-7 * costs.tflop(older) // costs.tflop(BASE))
    assert costs.credits(older.model_copy(update={"refine": True})) == 8  # the refiner has no part in it


def test_a_day_of_credits_is_a_hundred_base_pictures() -> None:
    assert costs.DAILY_CREDITS == 100 * costs.credits(BASE) == settings.QueueSettings().daily_credits


@given(any_task)
def test_pictures_of_one_task_cost_as_much_as_alone(task: tasks.TextToImage) -> None:
    alone = task.model_copy(update={"count": 1})
    assert costs.credits(task) == task.count * costs.credits(alone) >= 1


@given(any_task, st.sampled_from(PROFILES))
def test_more_steps_refinement_or_pictures_never_cost_less(task: tasks.TextToImage, profile: str) -> None:
    for more in ({"steps": min(task.steps + 10, 200)}, {"refine": True}, {"count": min(task.count + 1, 4)}):
        dearer = task.model_copy(update=more)
        assert costs.credits(dearer) >= costs.credits(task)
        assert costs.gpu_ms(dearer, profile) >= costs.gpu_ms(task, profile) >= 1


@given(any_task)
def test_credits_follow_the_work_within_a_credit_a_picture(task: tasks.TextToImage) -> None:
    flash_pictures = costs.tflop(task) / costs.tflop(FLASH)
    assert abs(costs.credits(task) - flash_pictures) <= 1.5 * task.count + 0.08 * flash_pictures


@given(any_task)
def test_a_second_text_is_counted_where_the_network_hears_it(task: tasks.TextToImage) -> None:
    silent = task.model_copy(update={"negative_prompt": "", "style": ""})
    text_tflop = {
        tasks.Model.KANDINSKY_3: costs.TEXT_TFLOP,
        tasks.Model.KANDINSKY_3_FLASH: 0,
        tasks.Model.KANDINSKY_22: costs.TEXT_22_TFLOP + costs.PRIOR_22_STEPS * costs.PRIOR_22_TFLOP * task.count,
    }[task.model]
    says_more = bool(task.negative_prompt or task.style)
    assert costs.tflop(task) - costs.tflop(silent) == pytest.approx(text_tflop if says_more else 0)


@given(any_task)
def test_steps_and_refinement_do_not_change_a_flash_picture(task: tasks.TextToImage) -> None:
    flash = task.model_copy(update={"model": tasks.Model.KANDINSKY_3_FLASH})
    plain = flash.model_copy(update={"steps": 50, "refine": False})
    assert costs.credits(flash) == costs.credits(plain)
    assert costs.gpu_ms(flash, "mini") == costs.gpu_ms(plain, "mini")
    assert costs.size_key(flash) == costs.size_key(plain)


@given(any_task)
def test_a_size_key_tells_apart_what_takes_another_time_and_nothing_else(task: tasks.TextToImage) -> None:
    reseeded = task.model_copy(update={"prompt": "a bear", "seed": 1})
    assert costs.size_key(reseeded) == costs.size_key(task)
    base = task.model_copy(update={"model": tasks.Model.KANDINSKY_3})
    for change in ({"steps": base.steps % 200 + 2}, {"refine": not base.refine}, {"count": base.count % 4 + 1}):
        assert costs.size_key(base.model_copy(update=change)) != costs.size_key(base)
