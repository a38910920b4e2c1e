"""The whole path from task to picture on a tiny family: real pool, real thread, real engine."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import torch
from PIL import Image

from engines import errors, pool, previewing, sizes, tasks

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def painter(tiny_weights: Path) -> AsyncIterator[pool.Pool]:
    running = pool.Pool.from_profile("mini", tiny_weights, devices="cpu")
    await running.start()
    yield running
    await running.close()


def task(**changes: object) -> tasks.TextToImage:
    return tasks.TextToImage(**{"prompt": "a red circle", "seed": 7, "steps": 2, **changes})


async def test_a_prompt_becomes_a_png_of_the_size_that_was_asked_for(painter: pool.Pool) -> None:
    told: list[tasks.Progress] = []
    result = await painter.run(task(aspect_ratio="3:2"), on_progress=told.append)
    (picture,) = result.pictures
    image = Image.open(io.BytesIO(picture.png))
    assert (image.size, image.mode, image.info) == ((156, 104), "RGB", {})
    assert (picture.width_px, picture.height_px, picture.seed) == (156, 104, 7)
    assert result.gpu_ms > 0
    assert [progress.step for progress in told if progress.stage is tasks.Stage.DECODING] == [2]


async def paint(weights: Path, *wanted: tasks.TextToImage) -> list[list[np.ndarray]]:
    """The pictures of tasks that are in one pool together, which is then gone."""
    running = pool.Pool.from_profile("mini", weights, devices="cpu")
    await running.start()
    try:
        results = await asyncio.gather(*(running.run(one) for one in wanted))
    finally:
        await running.close()
    return [[pixels(picture) for picture in result.pictures] for result in results]


def pixels(picture: tasks.Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.png))).astype(int)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Up to rounding: a level, in a few values."""
    difference = np.abs(one - other)
    return bool(difference.max() <= 1 and (difference > 0).mean() < 0.01)


@pytest.mark.slow
async def test_a_picture_is_the_same_alone_among_strangers_and_after_a_restart(tiny_weights: Path) -> None:
    mine = task(steps=3, count=2, refine=True, negative_prompt="blue")
    alone, alone_again = [(await paint(tiny_weights, mine))[0] for _ in range(2)]
    strangers = [task(prompt="two green squares on a long long line", seed=8), task(seed=7, model="kandinsky-3-flash")]
    among, *_ = await paint(tiny_weights, mine, *strangers)
    for here, again, there in zip(alone, alone_again, among, strict=True):
        assert np.array_equal(here, again)
        assert same(here, there)
    assert not same(alone[0], alone[1])


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"prompt": "a blue square"},
        {"negative_prompt": "blue"},
        {"style": "mosaic"},
        {"guidance": 6.0},
        {"steps": 3},
        {"refine": True},
        {"model": "kandinsky-3-flash"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_what_a_user_can_change_changes_the_picture(painter: pool.Pool, change: dict[str, object]) -> None:
    one, other = [(await painter.run(asked)).pictures[0] for asked in (task(), task(**change))]
    assert not same(pixels(one), pixels(other))


async def test_flash_ignores_what_only_the_base_network_hears(painter: pool.Pool) -> None:
    flash = task(model="kandinsky-3-flash")
    one = await painter.run(flash)
    told: list[tasks.Progress] = []
    deaf = flash.model_copy(update={"negative_prompt": "blue", "guidance": 9.0, "steps": 50, "refine": True})
    other = await painter.run(deaf, on_progress=told.append)
    assert one.pictures == other.pictures
    assert {progress.steps for progress in told} == {4}


async def test_refining_adds_two_steps_of_its_own_stage(painter: pool.Pool) -> None:
    told: list[tasks.Progress] = []
    await painter.run(task(refine=True), on_progress=told.append)
    assert [(p.stage, p.step) for p in told if p.stage is not tasks.Stage.LOADING] == [
        (tasks.Stage.ENCODING, 0),
        (tasks.Stage.SAMPLING, 1),
        (tasks.Stage.REFINING, 2),
        (tasks.Stage.REFINING, 3),
        (tasks.Stage.DECODING, 4),
    ]


@pytest.mark.parametrize("ratio", list(tasks.AspectRatio))
async def test_every_ratio_gives_its_declared_size(painter: pool.Pool, ratio: tasks.AspectRatio) -> None:
    (picture,) = (await painter.run(task(aspect_ratio=ratio, model="kandinsky-3-flash"))).pictures
    declared = sizes.SIZES[sizes.Profile.MINI][ratio]
    assert pixels(picture).shape == (declared.height_px, declared.width_px, 3)


@pytest.mark.parametrize("prompt", ["🎨" * 200, "круг " * 200, "x" * 1000, "</s> <pad>", "\x00\n\t.", "ﷺ" * 30])
async def test_any_prompt_gives_a_picture(painter: pool.Pool, prompt: str) -> None:
    result = await painter.run(task(prompt=prompt, negative_prompt=prompt[::-1], model="kandinsky-3-flash"))
    assert len(result.pictures) == 1
    await painter.run(task(prompt=prompt, negative_prompt=prompt[::-1]))


async def test_a_style_paints_what_the_same_words_in_the_prompt_paint(painter: pool.Pool) -> None:
    styled = await painter.run(task(style="mosaic"))
    said = await painter.run(task(prompt="a red circle, mosaic"))
    assert styled.pictures == said.pictures


async def test_a_style_of_another_profile_is_refused_with_the_possible_ones(painter: pool.Pool) -> None:
    with pytest.raises(errors.InvalidTask, match=r"no style 'anime'.*outline"):
        await painter.run(task(style="anime"))


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({}, (128, 128)),
        ({"aspect_ratio": "16:9", "refine": True}, (170, 96)),
        ({"aspect_ratio": "2:3", "count": 3}, (104, 156)),
        ({"model": "kandinsky-3-flash", "count": 2}, (128, 64)),
    ],
    ids=["square", "refined 16:9", "three 2:3", "two Flash"],
)
async def test_previews_show_every_picture_and_change_none(
    painter: pool.Pool, tiny_weights: Path, changes: dict[str, object], shape: tuple[int, int]
) -> None:
    wanted, told = task(steps=3, **changes), list[tasks.Progress]()
    always = previewing.Rate(interval_s=0.0, share=1.0)
    showing = pool.Pool.from_profile("mini", tiny_weights, devices="cpu", previews=always)
    await showing.start()
    try:
        shown = await showing.run(wanted, on_progress=told.append)
    finally:
        await showing.close()
    assert shown.pictures == (await painter.run(wanted)).pictures
    previews = [progress.preview for progress in told if progress.preview is not None]
    assert len(previews) == told[-1].steps - 1
    for preview in previews:
        image = Image.open(io.BytesIO(preview))
        assert (image.format, image.size) == ("JPEG", shape)


async def test_missing_weights_stop_the_start(tmp_path: Path) -> None:
    running = pool.Pool.from_profile("mini", tmp_path, devices="cpu")
    with pytest.raises(errors.CheckpointMissing, match="movq"):
        await running.start()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
async def test_a_card_paints_nearly_what_the_processor_paints(tiny_weights: Path, painter: pool.Pool) -> None:
    card = pool.Pool.from_profile("mini", tiny_weights, devices="cuda:0")
    await card.start()
    try:
        there = await card.run(task())
    finally:
        await card.close()
    here = await painter.run(task())
    one, other = pixels(here.pictures[0]), pixels(there.pictures[0])
    assert np.abs(one - other).mean() < 10  # of 255; the card computes in bfloat16
