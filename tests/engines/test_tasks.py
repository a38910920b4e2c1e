"""Tasks refuse what cannot be painted, and their errors do not quote what users wrote."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engines import guidance, sizes, tasks


@pytest.mark.parametrize("prompt", ["", "   ", "a secret wish " * 100])
def test_a_prompt_that_cannot_be_painted_is_refused_without_being_quoted(prompt: str) -> None:
    with pytest.raises(ValidationError) as caught:
        tasks.TextToImage(prompt=prompt, seed=1)
    assert "secret" not in str(caught.value)


def test_a_task_survives_its_way_through_the_database() -> None:
    task = tasks.TextToImage(prompt="жёлтая звезда 🌟", seed=tasks.SEED_LIMIT - 1, count=4, refine=True)
    assert tasks.TASKS.validate_json(task.model_dump_json()) == task


@pytest.mark.parametrize(
    "task",
    [
        {"kind": "text_to_image", "prompt": "a cat"},
        {"kind": "image_fusion", "images": [{"image": "a"}, {"image": "b"}]},
        {"kind": "inpaint", "image": "a", "mask": "b"},
        {"kind": "img2img", "image": "a", "prompt": "a cat"},
        {"kind": "style_transfer", "image": "a", "prompt": "a cat", "control": "depth"},
    ],
    ids=lambda task: task["kind"],
)
def test_kandinsky_22_has_one_guidance_for_all_its_kinds(task: dict[str, object]) -> None:
    older = {**task, "model": "kandinsky-2.2", "seed": 1}
    usual, said = tasks.TASKS.validate_python(older), tasks.TASKS.validate_python({**older, "guidance": 6})
    assert not isinstance(usual, tasks.Upscale)
    assert not isinstance(said, tasks.Upscale)
    for profile in sizes.Profile:
        assert (guidance.of(usual, profile), guidance.of(said, profile)) == (guidance.KANDINSKY_22[profile], 6)


def test_the_miniature_follows_a_picture_less_closely_than_the_big_family() -> None:
    varied = tasks.ImageVariation(image="a", seed=1)
    assert guidance.of(varied, sizes.Profile.KANDINSKY3) == 7.5
    assert guidance.of(varied, sizes.Profile.MINI) < 4
    said = varied.model_copy(update={"guidance": 0.0})
    assert {guidance.of(said, profile) for profile in sizes.Profile} == {0.0}


def test_kandinsky_22_is_controlled_by_depth_and_a_prompt_alone() -> None:
    older = {"image": "a", "prompt": "a cat", "seed": 1, "model": tasks.Model.KANDINSKY_22}
    for wish in ({"control": "edges"}, {"control": "depth", "style_image": "b"}):
        with pytest.raises(ValidationError, match="depth"):
            tasks.StyleTransfer.model_validate(older | wish)
    for unheard in ({"control_scale": 0.3}, {"control_end": 0.5}):
        with pytest.raises(ValidationError, match="no scale"):
            tasks.StyleTransfer.model_validate(older | {"control": "depth"} | unheard)


@pytest.mark.parametrize("kind", ["image_fusion", "image_text_fusion"])
@pytest.mark.parametrize("weights", [(0.0, 0.0), (0.0, -0.0, 0.0)])
def test_pictures_that_all_count_nothing_are_refused(kind: str, weights: tuple[float, ...]) -> None:
    said = {"kind": kind, "seed": 1, **({"prompt": "a cat"} if kind == "image_text_fusion" else {})}
    images = [{"image": str(number), "weight": weight} for number, weight in enumerate(weights)]
    with pytest.raises(ValidationError, match="weight above 0"):
        tasks.TASKS.validate_python({**said, "images": images})
    images[-1]["weight"] = 0.1
    task = tasks.TASKS.validate_python({**said, "images": images})
    assert task.media_names == tuple(str(number) for number in range(len(weights)))
    assert tasks.TASKS.validate_json(task.model_dump_json()) == task
