"""Style transfer from task to picture on a tiny family: real pool, real thread, real engine."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from engines import checkpoints, devices, errors, pool, sizes, tasks
from engines.kandinsky3 import painting, station
from engines.kandinsky3.sampler import Posterior
from tests import tiny_control, tiny_weights

pytestmark = pytest.mark.asyncio(loop_scope="module")

RANDOM = np.random.default_rng(11)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


DRAWING = np.full((100, 100, 3), 255, np.uint8)
DRAWING[20:24, 20:80] = 0
MEDIA = {
    "photo": png(RANDOM.integers(0, 256, (100, 150, 3), dtype=np.uint8)),  # 3:2, so the canvas is 192x128
    "other": png(RANDOM.integers(0, 256, (100, 150, 3), dtype=np.uint8)),
    "drawing": png(DRAWING),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny family with control networks and an image prompt."""
    root = tmp_path_factory.mktemp("control")
    tiny_weights.write(root)
    tiny_weights.write_image_prompt(root)
    tiny_control.write(root)
    return root


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def painter(weights: Path) -> AsyncIterator[pool.Pool]:
    running = pool.Pool.from_profile("mini", weights, devices="cpu")
    await running.start()
    yield running
    await running.close()


def link(weights: Path, target: Path, without: str) -> None:
    """A layout of the same files but one."""
    for path in weights.rglob("*"):
        if path.is_file() and without not in path.name:
            link = target / path.relative_to(weights)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)


def style(**changes: object) -> tasks.StyleTransfer:
    return tasks.StyleTransfer(**{"prompt": "a star", "image": "photo", "seed": 3, "steps": 2, **changes})


async def painted(painter: pool.Pool, task: tasks.Task) -> np.ndarray:
    (picture,) = (await painter.run(task, media=MEDIA)).pictures
    return np.asarray(Image.open(io.BytesIO(picture.png))).astype(int)


@pytest.mark.parametrize("control", list(tasks.Control))
async def test_the_picture_that_comes_in_decides_size_and_form(painter: pool.Pool, control: tasks.Control) -> None:
    one, again, other = await asyncio.gather(
        painted(painter, style(control=control)),
        painted(painter, style(control=control)),
        painted(painter, style(control=control, image="other")),
    )
    assert one.shape == (128, 192, 3)
    assert np.abs(one - again).max() <= 1
    assert not np.array_equal(one, other)


async def test_prompt_and_negative_prompt_are_heard(painter: pool.Pool) -> None:
    plain, told, unwanted = await asyncio.gather(
        *(painted(painter, style(**change)) for change in ({}, {"prompt": "a ring"}, {"negative_prompt": "lines"}))
    )
    assert not np.array_equal(plain, told)
    assert not np.array_equal(plain, unwanted)


async def test_a_low_strength_keeps_more_of_the_colours(painter: pool.Pool) -> None:
    photo = np.asarray(Image.open(io.BytesIO(MEDIA["photo"])).resize((192, 128))).astype(int)
    low, high = [await painted(painter, style(steps=20, strength=strength)) for strength in (0.1, 1.0)]
    assert low.shape == high.shape == photo.shape
    assert not np.array_equal(low, high)
    assert np.abs(low - high).mean() > 1


async def test_control_that_is_weaker_or_ends_earlier_gives_another_picture(painter: pool.Pool) -> None:
    plain, weaker, shorter, drawing = await asyncio.gather(
        painted(painter, style(control="scribble", steps=4)),
        painted(painter, style(control="scribble", steps=4, control_scale=0.2)),
        painted(painter, style(control="scribble", steps=4, control_end=0.2)),
        painted(painter, style(control="scribble", steps=4, image="drawing")),
    )
    assert drawing.shape == (128, 128, 3)
    assert not np.array_equal(plain, weaker)
    assert not np.array_equal(plain, shorter)


@pytest.mark.parametrize("control", [tasks.Control.EDGES, tasks.Control.DEPTH])
async def test_a_style_image_is_seen_with_a_text_and_without(painter: pool.Pool, control: tasks.Control) -> None:
    told, shown, both, otherwise = await asyncio.gather(
        *(
            painted(painter, style(control=control, **change))
            for change in (
                {},
                {"prompt": "", "style_image": "other"},
                {"style_image": "other"},
                {"style_image": "drawing"},
            )
        )
    )
    pictures = (told, shown, both, otherwise)
    assert all(one.shape == (128, 192, 3) for one in pictures)
    for i, one in enumerate(pictures):
        assert not any(np.array_equal(one, later) for later in pictures[i + 1 :])


@pytest.mark.parametrize("change", [{"control_scale": 0.5}, {"control_end": 0.5}])
async def test_edges_have_no_scale_and_no_end(painter: pool.Pool, change: dict[str, float]) -> None:
    with pytest.raises(errors.InvalidTask, match="only depth and scribble"):
        await painter.run(style(**change), media=MEDIA)


@pytest.mark.parametrize(
    ("change", "file"),
    [
        ({}, "kandinsky3_edges"),
        ({"control": "depth"}, "kandinsky3_depth"),
        ({"control": "scribble"}, "hed"),
        ({"style_image": "other"}, "kandinsky3_ip"),
    ],
)
async def test_what_is_missing_is_named_with_the_command_that_brings_it(
    weights: Path, tmp_path: Path, change: dict[str, str], file: str
) -> None:
    link(weights, tmp_path, without=file)
    opened = station.Kandinsky3Station(checkpoints.Layout(tmp_path), devices.CPU(), sizes.Profile.MINI)
    with pytest.raises(errors.CheckpointMissing, match=rf"{file}(?s:.*)kandinsky-bot weights pull"):
        opened.engine(style(**change)).prepare(style(**change), MEDIA)


async def test_a_drawing_needs_no_detector_and_depth_no_hint_unet(weights: Path, tmp_path: Path) -> None:
    link(weights, tmp_path / "no detector", without="hed")
    link(weights, tmp_path / "no edges", without="kandinsky3_edges")
    for folder, task in (
        ("no detector", style(control="scribble", image="drawing")),
        ("no edges", style(control="depth")),
    ):
        layout = checkpoints.Layout(tmp_path / folder)
        opened = station.Kandinsky3Station(layout, devices.CPU(), sizes.Profile.MINI)
        assert len(opened.engine(task).prepare(task, MEDIA)) == 1


@pytest.mark.parametrize(
    ("profile", "rows", "started"),
    [(sizes.Profile.KANDINSKY3, 8, 128), (sizes.Profile.MINI, 8, 8)],
)
async def test_an_official_hint_unet_that_starts_from_a_picture_hears_uncut_prompts(
    weights: Path, profile: sizes.Profile, rows: int, started: int
) -> None:
    opened = station.Kandinsky3Station(checkpoints.Layout(weights), devices.CPU(), profile)
    heard = {}
    for strength in (1.0, 0.5):
        task = style(strength=strength, prompt="a star")  # six letters and the end mark
        (unit,) = opened.engine(task).prepare(task, MEDIA)
        (prompt,) = painting.of(unit).state.prompts.values()
        assert prompt.negative is not None
        assert not prompt.negative.rows.any()
        assert not prompt.negative.mask.any()
        heard[strength] = (len(prompt.positive.rows), int(prompt.positive.mask.sum()), len(prompt.negative.rows))
    assert heard == {1.0: (rows, 7, rows), 0.5: (started, 7, started)}


async def test_pictures_of_one_control_share_a_lane_whatever_their_text_strength_and_scale(weights: Path) -> None:
    opened = station.Kandinsky3Station(checkpoints.Layout(weights), devices.CPU(), sizes.Profile.MINI)
    engine = opened.engine(style())
    units = [
        unit
        for one in (
            style(control="depth"),
            style(control="depth", prompt="a ring", control_scale=0.3),
            style(control="depth", steps=4, strength=0.5, count=2),
        )
        for unit in engine.prepare(one, MEDIA)
    ]
    assert len({unit.lane for unit in units}) == 1
    advanced = engine.advance(units)
    assert [unit.step for unit in advanced] == [1, 1, 1, 1]
    alone = [engine.advance([unit])[0] for unit in units]
    for together, one in zip(advanced, alone, strict=True):
        difference = painting.of(together).state.latents - painting.of(one).state.latents
        assert difference.abs().max() < 1e-3
    (last,) = engine.prepare(style(control="depth", steps=4, control_end=0.5), MEDIA)
    plan = painting.of(last).state.plan
    assert [step.scale for step in plan if isinstance(step, Posterior)] == [1.0, 1.0, 1.0, 0.0]
    assert engine.prepare(style(), MEDIA)[0].lane != units[0].lane
