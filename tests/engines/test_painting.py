"""The whole path from task to picture on a tiny family: real pool, real thread, real engine."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from engines import pool, tasks


@pytest.fixture
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
