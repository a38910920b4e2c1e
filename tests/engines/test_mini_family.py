"""The committed weights do what their kind promises, judged from pixels by the benchmark's own eye.

Shares are measured in `benchmarks/mini_family`; here a few cases of each kind that has weights show that none of them
is broken.
"""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
from PIL import Image

from benchmarks import mini_drawing, mini_family
from engines import tasks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CASES = 4
MORE_CASES = {"fusion": 10, "zoom out without words": 10}  # of what is right in three of four, four cases say little
USUAL_GOAL = 60


@pytest.mark.parametrize("measure", mini_family.MEASURES, ids=lambda measure: measure.name)
def test_a_few_cases_come_half_way_to_the_goal_at_least(measure: mini_family.Measure) -> None:
    cases = measure.cases(MORE_CASES.get(measure.name, CASES))
    pictures = asyncio.run(mini_family.paint(cases, None))
    claims = [case.judge(picture) for case, picture in zip(cases, pictures, strict=True)]
    right_percent = 100 * sum(all(claim.values()) for claim in claims) / len(claims)
    assert right_percent >= (measure.goal or USUAL_GOAL) / 2, claims


def test_a_zoom_out_goes_on_with_the_background_that_is_said() -> None:
    source = mini_drawing.Drawing("green", (mini_drawing.Thing("red", "circle"),))
    task = tasks.Outpaint(image=mini_family.SOURCE, zoom_out=1.5, seed=2, prompt="a red circle on a green background")
    case = mini_family.Case(task, {mini_family.SOURCE: source.png()}, mini_family.nothing_claimed)
    (painted,) = asyncio.run(mini_family.paint([case], None))
    rim = np.concatenate([painted[:4].reshape(-1, 3), painted[-4:].reshape(-1, 3)]).astype(int)
    ground = np.asarray(Image.open(io.BytesIO(source.png())).convert("RGB"))[0, 0].astype(int)
    assert np.abs(np.median(rim, 0) - ground).max() < 40


@pytest.mark.parametrize("name", ["upscale x2", "upscale x4"])
def test_an_enlargement_is_nearer_to_the_large_picture_than_a_bicubic_one(name: str) -> None:
    _, _, gain, *_ = mini_family.enlarged(name, 2, None)
    assert float(str(gain).removesuffix(" dB")) > 2
