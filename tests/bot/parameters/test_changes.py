"""Settings, changes and tasks: each way there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot import parameters
from bot.database.users import Preferences
from bot.parameters import Changes
from engines import styles, tasks

BIG = styles.of("kandinsky3")
MODELS = (tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_3_FLASH, tasks.Model.KANDINSKY_22)
CHOSEN = Preferences(
    model=tasks.Model.KANDINSKY_3_FLASH,
    aspect_ratio=tasks.AspectRatio.PORTRAIT_4_5,
    refine=True,
    style="oil",
    negative_prompt="blur",
    count=3,
    seed=5,
)
words = st.text(min_size=1, max_size=60).map(str.strip).filter(bool)
tasks_of_users = st.builds(
    tasks.TextToImage,
    prompt=st.just("a cat"),
    negative_prompt=st.just("") | st.just("--ar 3:2, «text» --n 9") | words.filter(lambda said: '"' not in said),
    model=st.sampled_from(tasks.Model),
    aspect_ratio=st.sampled_from(tasks.AspectRatio),
    style=st.sampled_from(["", *(style.name for style in BIG)]),
    seed=st.integers(0, tasks.SEED_LIMIT - 1),
    count=st.integers(1, tasks.COUNT_LIMIT),
    refine=st.booleans(),
)


def read(text: str) -> parameters.Parsed:
    return parameters.parse(text, models=tasks.Model, styles=BIG)


def painted(text: str, preferences: Preferences) -> tasks.TextToImage:
    parsed = read(text)
    return parameters.task_of(parsed.prompt, parsed.changes.over(preferences), models=MODELS, styles=BIG, fresh_seed=99)


@given(tasks_of_users)
def test_a_task_written_as_parameters_is_the_same_task_again(task: tasks.TextToImage) -> None:
    text = f"{task.prompt} {parameters.render(task)}"
    assert read(text).hints == ()
    assert painted(text, Preferences()) == task


def test_nothing_said_leaves_the_settings_alone() -> None:
    assert Changes().over(CHOSEN) == CHOSEN
    task = painted("a cat", CHOSEN)
    assert (task.style, task.negative_prompt, task.count, task.seed, task.refine) == ("oil", "blur", 3, 5, True)


def test_what_is_said_wins_over_the_settings() -> None:
    task = painted("a cat --style none --no '' --n 1 --seed random --no-refine --ar 1:1 --model 3", CHOSEN)
    assert task == tasks.TextToImage(prompt="a cat", seed=99)


def test_a_random_seed_is_the_fresh_one_and_a_fixed_one_is_not() -> None:
    assert painted("a cat", Preferences()).seed == 99
    assert painted("a cat --seed 3", Preferences()).seed == 3


def test_a_style_of_another_profile_is_left_out() -> None:
    mosaic = Preferences(style="mosaic")
    assert parameters.task_of("a cat", mosaic, models=MODELS, styles=BIG, fresh_seed=1).style == ""
    assert parameters.task_of("a cat", mosaic, models=MODELS, styles=styles.of("mini"), fresh_seed=1).style == "mosaic"


@pytest.mark.parametrize("prompt", ["", "x" * (tasks.PROMPT_LIMIT + 1)])
def test_a_prompt_that_cannot_be_painted_makes_no_task(prompt: str) -> None:
    with pytest.raises(ValidationError):
        parameters.task_of(prompt, Preferences(), models=MODELS, styles=BIG, fresh_seed=1)


def test_a_model_whose_weights_are_gone_gives_way_to_the_usual_one() -> None:
    older = Preferences(model=tasks.Model.KANDINSKY_22)
    assert painted("a cat", older).model is tasks.Model.KANDINSKY_22
    task = parameters.task_of("a cat", older, models=MODELS[:2], styles=BIG, fresh_seed=1)
    assert task.model is tasks.Model.KANDINSKY_3
