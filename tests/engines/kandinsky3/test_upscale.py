"""Upscale through a real pool on a tiny family: exact sizes, steps that are told, and errors that say what to do."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import safetensors.torch
import torch
from numpy.typing import NDArray
from PIL import Image

from engines import checkpoints, devices, errors, pool, previewing, sizes, tasks
from engines.kandinsky3 import station, text, unet, upscale
from engines.kandinsky3.super_resolution import enlargement
from tests import tiny_weights as tiny

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOWING = previewing.Rate(interval_s=0.0, share=1.0)


@pytest.fixture(scope="module")
def weights(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny family with both super-resolution networks."""
    root = tmp_path_factory.mktemp("enlarging") / "weights"
    shutil.copytree(tiny_weights, root)
    tiny.write_super_resolution(root)
    return root


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def painter(weights: Path) -> AsyncIterator[pool.Pool]:
    running = pool.Pool.from_profile("kandinsky3", weights, devices="cpu", previews=SHOWING)
    await running.start()
    yield running
    await running.close()


def task(**changes: object) -> tasks.Upscale:
    return tasks.Upscale(**{"image": "small.png", "seed": 7, **changes})


def file(width: int, height: int, mode: str = "RGB", form: str = "PNG", seed: int = 0) -> bytes:
    """A picture of random pixels."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    held = io.BytesIO()
    Image.fromarray(pixels.squeeze(-1) if channels == 1 else pixels, mode).save(held, format=form)
    return held.getvalue()


async def enlarge(running: pool.Pool, wanted: tasks.Upscale, small: bytes) -> tasks.Picture:
    (picture,) = (await running.run(wanted, media={"small.png": small})).pictures
    return picture


def pixels(picture: tasks.Picture) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(picture.png))).astype(int)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (37, 21), (8, 40)])
@pytest.mark.parametrize("asked", [{}, {"refine": False}, {"factor": 4}], ids=["refined x2", "x2", "x4"])
async def test_any_size_comes_out_exactly_as_many_times_as_large(
    painter: pool.Pool, width: int, height: int, asked: dict[str, object]
) -> None:
    wanted = task(**asked)
    picture = await enlarge(painter, wanted, file(width, height))
    image = Image.open(io.BytesIO(picture.png))
    assert image.size == (width * wanted.factor, height * wanted.factor)
    assert (image.mode, image.info) == ("RGB", {})
    assert (picture.width_px, picture.height_px, picture.seed) == (*image.size, 7)


async def test_the_seed_repeats_a_picture_and_another_seed_does_not(painter: pool.Pool) -> None:
    for wanted in (task(), task(factor=4)):
        first, second = [await enlarge(painter, wanted, file(20, 16)) for _ in range(2)]
        assert first == second
        other = await enlarge(painter, wanted.model_copy(update={"seed": 8}), file(20, 16))
        assert not np.array_equal(pixels(first), pixels(other))


async def test_a_picture_is_the_same_alone_and_in_company(painter: pool.Pool) -> None:
    sources = [file(20, 16, seed=1), file(20, 16, seed=2)]
    alone = [pixels(await enlarge(painter, task(), source)) for source in sources]
    together = await asyncio.gather(*(enlarge(painter, task(), source) for source in sources))
    for one, other in zip(alone, together, strict=True):
        difference = np.abs(one - pixels(other))
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.01


@pytest.mark.parametrize(
    ("asked", "stages"),
    [
        ({}, ["encoding", *["sampling"] * 3, "refining", "decoding"]),
        ({"refine": False}, ["encoding", *["sampling"] * 3, "decoding"]),
        ({"factor": 4}, ["encoding", *["sampling"] * 4, "decoding"]),
    ],
    ids=["refined x2", "x2", "x4"],
)
async def test_steps_are_told_one_by_one_with_previews_of_the_picture(
    painter: pool.Pool, asked: dict[str, object], stages: list[str]
) -> None:
    told: list[tasks.Progress] = []
    await painter.run(task(**asked), media={"small.png": file(130, 65)}, on_progress=told.append)
    steps = [progress for progress in told if progress.stage is not tasks.Stage.LOADING]
    assert [progress.stage for progress in steps] == stages
    assert [progress.step for progress in steps] == list(range(len(stages)))
    assert {progress.steps for progress in steps} == {len(stages) - 1}
    previews = [progress.preview for progress in steps if progress.preview is not None]
    assert len(previews) == len(stages) - 2
    for preview in previews:
        image = Image.open(io.BytesIO(preview))
        assert (image.format, image.size) == ("JPEG", (256, 128))


def heard(weights: Path) -> unet.Context:
    """What the refine pass of a family hears."""
    layout = checkpoints.Layout.at(weights)
    running = station.Kandinsky3Station(layout, devices.CPU(), sizes.Profile.KANDINSKY3)
    (unit,) = running.engine(task()).prepare(task(), {"small.png": file(4, 4)})
    context = enlargement.of(unit).context
    assert context is not None
    return context


def empty_prompt(weights: Path) -> unet.Context:
    """The end mark and 127 rows of padding, zeroed before the projection."""
    folder = weights / "flan_ul2_encoder"
    encoder = text.load_encoder(folder, torch.device("cpu"), torch.float32)
    projection = text.load_projection(folder / "projection_flash.safetensors", torch.device("cpu"), torch.float32)
    hidden = encoder.encode((text.EOS,))
    rows = projection(torch.cat([hidden, torch.zeros(127, hidden.shape[-1])]))
    assert torch.equal(rows[1], projection.projection_norm.bias)
    return unet.Context(rows, torch.arange(128) < 1)


async def test_refining_changes_the_picture(painter: pool.Pool) -> None:
    plain, refined = [pixels(await enlarge(painter, task(refine=wish), file(20, 16))) for wish in (False, True)]
    assert not np.array_equal(plain, refined)


async def test_refining_hears_the_context_of_the_file_and_without_one_the_empty_prompt(
    weights: Path, tmp_path: Path
) -> None:
    empty = empty_prompt(weights)
    torch.testing.assert_close(heard(weights).rows, empty.rows)
    assert torch.equal(heard(weights).mask, empty.mask)
    root = tmp_path / "weights"
    shutil.copytree(weights, root)
    rows, mask = torch.randn(1, 8, empty.rows.shape[-1]), torch.arange(8)[None] < 2
    published = {"context": rows.half(), "context_mask": mask.long()}
    safetensors.torch.save_file(published, root / f"{upscale.CONTEXT}.safetensors")
    assert torch.equal(heard(root).rows, rows[0].half().float())
    assert torch.equal(heard(root).mask, mask[0])


async def test_the_miniature_family_does_not_refine(weights: Path) -> None:
    running = pool.Pool.from_profile("mini", weights, devices="cpu")
    await running.start()
    told: list[tasks.Progress] = []
    try:
        for wanted in (task(), task(refine=False)):
            await running.run(wanted, media={"small.png": file(6, 5)}, on_progress=told.append)
    finally:
        await running.close()
    assert {progress.steps for progress in told} == {4}


async def test_a_grey_and_a_transparent_picture_are_enlarged_in_colour(painter: pool.Pool) -> None:
    for mode in ("L", "RGBA"):
        picture = await enlarge(painter, task(refine=False), file(12, 8, mode))
        assert pixels(picture).shape == (16, 24, 3)


async def test_a_picture_that_would_be_too_large_is_refused_before_it_is_decoded(painter: pool.Pool) -> None:
    held = io.BytesIO()
    Image.new("1", (2000, 1100)).save(held, format="PNG")
    with pytest.raises(errors.InvalidTask, match="too many pixels"):
        await enlarge(painter, task(factor=4), held.getvalue())


async def test_what_is_no_picture_is_refused(painter: pool.Pool) -> None:
    with pytest.raises(errors.InvalidTask, match=r"small\.png"):
        await enlarge(painter, task(), b"not a picture")
    with pytest.raises(errors.InvalidTask, match=r"small\.png"):
        await painter.run(task())


async def test_the_slower_x2_takes_the_place_of_flash_where_only_it_is_there(weights: Path, tmp_path: Path) -> None:
    root = tmp_path / "weights"
    shutil.copytree(weights, root)
    (root / "kandi_super_res_x2_flash.safetensors").rename(root / "kandi_super_res_x2.safetensors")
    running = pool.Pool.from_profile("kandinsky3", root, devices="cpu")
    await running.start()
    told: list[tasks.Progress] = []
    try:
        result = await running.run(task(), media={"small.png": file(9, 7)}, on_progress=told.append)
    finally:
        await running.close()
    assert (result.pictures[0].width_px, result.pictures[0].height_px) == (18, 14)
    assert {progress.steps for progress in told} == {5}
    assert tasks.Stage.REFINING not in {progress.stage for progress in told}


async def test_missing_weights_name_the_command_that_fetches_them(tiny_weights: Path) -> None:
    running = pool.Pool.from_profile("kandinsky3", tiny_weights, devices="cpu")
    await running.start()
    try:
        for factor, stem in ((2, "kandi_super_res_x2_flash"), (4, "kandi_super_res_x4")):
            with pytest.raises(errors.CheckpointMissing, match=rf"{stem}.*kandinsky-bot weights pull upscale"):
                await enlarge(running, task(factor=factor), file(8, 8))
    finally:
        await running.close()
