from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import costs, settings
from engines import guidance, tasks
from engines.kandinsky3 import sampler

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

MODELS = st.sampled_from([tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_22])
RATIOS = st.sampled_from(tasks.AspectRatio)
SAMPLED = {
    "seed": st.just(7),
    "count": st.integers(1, 4),
    "steps": st.integers(2, 200),
    "negative_prompt": st.sampled_from(["", "snow"]),
}
ONE = {"image": st.just("a")}
TWO = {"images": st.just((tasks.WeightedImage(image="a"), tasks.WeightedImage(image="b")))}
STRENGTHS = st.floats(0.01, 1.0)
any_image_task = st.one_of(
    st.builds(
        tasks.ImageToImage, prompt=st.just("a fox"), model=MODELS, strength=STRENGTHS,
        style=st.sampled_from(["", "oil"]), **ONE, **SAMPLED,
    ),
    st.builds(tasks.Inpaint, mask=st.just("m"), model=MODELS, **ONE, **SAMPLED),
    st.builds(tasks.Outpaint, zoom_out=st.just(2.0), **ONE, **SAMPLED),
    st.builds(tasks.ImageVariation, model=MODELS, aspect_ratio=RATIOS, **ONE, **SAMPLED),
    st.builds(tasks.ImageFusion, model=MODELS, aspect_ratio=RATIOS, **TWO, **SAMPLED),
    st.builds(
        tasks.ImageTextFusion, prompt=st.just("a fox"), model=MODELS, aspect_ratio=RATIOS, **TWO, **SAMPLED
    ),
    st.builds(
        tasks.StyleTransfer, prompt=st.just("a fox"), control=st.sampled_from(tasks.Control), strength=STRENGTHS,
        style_image=st.sampled_from([None, "s"]), **ONE, **SAMPLED,
    ),
    st.builds(
        tasks.StyleTransfer, prompt=st.just("a fox"), control=st.just(tasks.Control.DEPTH), strength=STRENGTHS,
        model=st.just(tasks.Model.KANDINSKY_22), **ONE, **SAMPLED,
    ),
)  # fmt: skip
any_upscale = st.builds(
    tasks.Upscale, factor=st.sampled_from([2, 4]), refine=st.booleans(), seed=st.just(7), image=st.just("a")
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


@given(any_image_task)
def test_a_picture_from_a_picture_costs_what_one_from_words_costs_in_as_many_steps(task: guidance.Guided) -> None:
    taken, model = costs.steps(task), costs.model_of(task)
    assert taken == len(sampler.ddpm_plan(task.steps, 3.0, sampler.Variant.BASE, getattr(task, "strength", 1.0)))
    assert costs.credits(task) == task.count * -(-costs.credits(a_picture(model)) * taken // 50)


def a_picture(model: tasks.Model) -> tasks.TextToImage:
    return BASE.model_copy(update={"model": model})


def test_half_the_strength_of_image_to_image_costs_half() -> None:
    task = tasks.ImageToImage(prompt="a fox", image="a", strength=0.5, seed=7, count=2)
    assert costs.credits(task) == 2 * 4
    assert costs.credits(task.model_copy(update={"strength": 1.0})) == 2 * 7


def test_an_enlarged_picture_costs_its_work_beside_a_base_picture() -> None:
    double = tasks.Upscale(image="a", seed=7)
    plain, fourfold = double.model_copy(update={"refine": False}), double.model_copy(update={"factor": 4})
    assert [round(costs.tflop(one)) for one in (plain, double, fourfold)] == [254, 550, 1986]
    assert [costs.credits(one) for one in (plain, double, fourfold)] == [5, 11, 39]
    assert (
        costs.credits(fourfold.model_copy(update={"refine": False})) == 39
    )  # what is four times as large is not refined
    assert costs.gpu_ms(plain, "mini") == costs.gpu_ms(double, "mini") < costs.gpu_ms(fourfold, "mini")


@given(any_image_task)
def test_credits_of_pictures_from_pictures_follow_the_work(task: guidance.Guided) -> None:
    """Within a credit and a half a picture; a side network does a quarter more for nothing."""
    flash_pictures = costs.tflop(task) / costs.tflop(FLASH)
    assert abs(costs.credits(task) - flash_pictures) <= 1.5 * task.count + 0.4 + 0.3 * flash_pictures


@given(st.one_of(any_task, any_image_task, any_upscale), st.sampled_from(PROFILES))
def test_every_kind_has_a_price_a_time_and_a_class_of_work_that_fit_the_database(
    task: tasks.Task, profile: str
) -> None:
    assert costs.credits(task) >= 1
    assert costs.gpu_ms(task, profile) >= 1
    assert 1 <= len(costs.size_key(task)) <= 64
    assert task.kind == "text_to_image" or costs.size_key(task).startswith(f"{task.kind} ")


def test_what_takes_another_time_has_another_size_key_in_every_kind() -> None:
    depth = tasks.StyleTransfer(image="a", prompt="a fox", control=tasks.Control.DEPTH, seed=7)
    double = tasks.Upscale(image="a", seed=7)
    for task, changes in (
        (tasks.ImageToImage(prompt="a fox", image="a", seed=7), ({"strength": 0.5}, {"count": 2}, {"steps": 20})),
        (depth, ({"control": tasks.Control.EDGES}, {"style_image": "s"}, {"strength": 0.5})),
        (double, ({"factor": 4}, {"refine": False})),
    ):
        keys = [costs.size_key(task), *(costs.size_key(task.model_copy(update=change)) for change in changes)]
        assert len(set(keys)) == len(keys)


def test_the_prior_has_work_in_a_variation_only_where_something_is_not_wanted() -> None:
    plain = tasks.ImageVariation(image="a", seed=7, model=tasks.Model.KANDINSKY_22)
    without_prior = costs.TEXT_22_TFLOP + 100 * costs.UNET_22_TFLOP + costs.MOVQ_22_DECODE_TFLOP
    assert costs.tflop(plain) == pytest.approx(without_prior)
    unwanted = costs.tflop(plain.model_copy(update={"negative_prompt": "snow"})) - costs.tflop(plain)
    assert unwanted == pytest.approx(costs.TEXT_22_TFLOP + 2 * costs.PRIOR_22_STEPS * costs.PRIOR_22_TFLOP)
