"""Kinds that start from a picture, from task to picture on a tiny family: real pool, real thread, real engine."""

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

from engines import checkpoints, devices, errors, pool, sizes, tasks
from engines.kandinsky3 import station
from tests import tiny_weights

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


RANDOM = np.random.default_rng(7)
PHOTO = RANDOM.integers(0, 256, (100, 150, 3), dtype=np.uint8)  # 3:2, so the canvas is 192x128
MARKED = np.zeros((100, 150), np.uint8)
MARKED[20:70, 30:90] = 255
MEDIA = {"photo": png(PHOTO), "mask": png(MARKED), "nothing": png(MARKED * 0), "square": png(MARKED[:, :100])}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny family that can inpaint."""
    root = tmp_path_factory.mktemp("inpainting")
    tiny_weights.write(root)
    tiny_weights.write_inpainting(root)
    return root


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def painter(weights: Path) -> AsyncIterator[pool.Pool]:
    running = pool.Pool.from_profile("mini", weights, devices="cpu")
    await running.start()
    yield running
    await running.close()


def inpaint(**changes: object) -> tasks.Inpaint:
    return tasks.Inpaint(**{"image": "photo", "mask": "mask", "seed": 3, "steps": 2, **changes})


def outpaint(**changes: object) -> tasks.Outpaint:
    return tasks.Outpaint(**{"image": "photo", "seed": 3, "steps": 2, **changes})


def img2img(**changes: object) -> tasks.ImageToImage:
    return tasks.ImageToImage(
        **{"prompt": "a star", "image": "photo", "seed": 3, "steps": 4, "strength": 0.5, **changes}
    )


async def painted(painter: pool.Pool, task: tasks.Task) -> np.ndarray:
    (picture,) = (await painter.run(task, media=MEDIA)).pictures
    return np.asarray(Image.open(io.BytesIO(picture.png)))


async def test_only_what_is_marked_is_repainted(painter: pool.Pool) -> None:
    result = await painted(painter, inpaint(prompt="a red circle"))
    assert result.shape == PHOTO.shape
    assert np.array_equal(result[MARKED == 0], PHOTO[MARKED == 0])
    assert (result[25:65, 35:85] != PHOTO[25:65, 35:85]).mean() > 0.5


async def test_without_kept_pixels_the_whole_canvas_is_what_the_network_painted(painter: pool.Pool) -> None:
    result = await painted(painter, inpaint(keep_pixels=False))
    assert result.shape == (128, 192, 3)


async def test_a_negative_prompt_is_heard(painter: pool.Pool) -> None:
    plain = await painted(painter, inpaint(prompt="a star"))
    assert not np.array_equal(plain, await painted(painter, inpaint(prompt="a star", negative_prompt="blue lines")))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"mask": "nothing"}, "marks nothing"),
        ({"mask": "square"}, "100x100 and the picture 150x100"),
        ({"mask": "elsewhere"}, "elsewhere was not given"),
    ],
    ids=["empty mask", "another shape", "absent"],
)
async def test_a_mask_that_cannot_be_used_is_refused(painter: pool.Pool, change: dict[str, str], says: str) -> None:
    with pytest.raises(errors.InvalidTask, match=says):
        await painter.run(inpaint(**change), media=MEDIA)


@pytest.mark.parametrize(
    ("canvas", "shape", "corner"),
    [
        ({"zoom_out": 2.0}, (200, 300), (50, 75)),
        ({"margins": {"left": 20, "bottom": 30}}, (130, 170), (0, 20)),
        ({"aspect_ratio": "1:1"}, (150, 150), (25, 0)),
    ],
    ids=["zoomed", "margins", "square"],
)
async def test_a_picture_stays_where_it_lies_on_its_new_canvas(
    painter: pool.Pool, canvas: dict[str, object], shape: tuple[int, int], corner: tuple[int, int]
) -> None:
    result = await painted(painter, outpaint(**canvas))
    top, left = corner
    assert result.shape == (*shape, 3)
    assert np.array_equal(result[top : top + 100, left : left + 150], PHOTO)


async def test_image_to_image_keeps_proportions_and_starts_from_the_picture(painter: pool.Pool) -> None:
    one = await painted(painter, img2img())
    assert one.shape == (128, 192, 3)
    inverted = MEDIA | {"photo": png(255 - PHOTO)}
    (other,) = (await painter.run(img2img(), media=inverted)).pictures
    assert not np.array_equal(one, np.asarray(Image.open(io.BytesIO(other.png))))
    told: list[tasks.Progress] = []
    await painter.run(img2img(strength=0.75), media=MEDIA, on_progress=told.append)
    assert {progress.steps for progress in told} == {3}


async def test_several_pictures_of_one_task_differ(painter: pool.Pool) -> None:
    result = await painter.run(img2img(count=2), media=MEDIA)
    assert len({picture.png for picture in result.pictures}) == 2


async def test_a_kind_without_its_files_says_which_and_how_to_get_them(tiny_weights: Path) -> None:
    running = pool.Pool.from_profile("mini", tiny_weights, devices="cpu")
    await running.start()
    try:
        with pytest.raises(errors.CheckpointMissing, match=r"kandinsky3_inpainting.*weights pull inpaint"):
            await running.run(inpaint(), media=MEDIA)
        flash = tasks.TextToImage(prompt="a star", seed=1, model=tasks.Model.KANDINSKY_3_FLASH)
        assert (await running.run(flash)).pictures
    finally:
        await running.close()


async def test_base_refined_and_img2img_pictures_share_a_batch_and_are_what_they_are_alone(weights: Path) -> None:
    await asyncio.to_thread(_share_a_batch, weights)


def _share_a_batch(weights: Path) -> None:
    opened = station.Kandinsky3Station(checkpoints.Layout.at(weights), devices.CPU(), sizes.Profile.MINI)
    mixed: list[tasks.Task] = [
        tasks.TextToImage(prompt="a star", seed=1, steps=3, aspect_ratio="3:2"),
        tasks.TextToImage(prompt="two circles", seed=2, steps=2, aspect_ratio="3:2", refine=True),
        img2img(negative_prompt="blue"),
    ]
    (maker,) = {id(engine): engine for engine in map(opened.engine, mixed)}.values()
    units = [unit for task in mixed for unit in maker.prepare(task, MEDIA)]
    assert len({unit.lane for unit in units}) == 1
    other_network = maker.prepare(inpaint(), MEDIA)[0]
    assert other_network.lane != units[0].lane
    together = maker.advance(units)
    alone = [maker.advance([unit])[0] for unit in units]
    for one, other in zip(together, alone, strict=True):
        latents, expected = one.payload.state.latents, other.payload.state.latents
        torch.testing.assert_close(latents, expected, atol=2e-5 * float(expected.abs().max()), rtol=0)
