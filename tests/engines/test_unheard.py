"""What the table says changes nothing changes no pixel, and what it does not name changes some."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest
import pytest_asyncio

from engines import pool, sizes, tasks, unheard
from engines.kandinsky3.super_resolution import enlargement
from tests import tiny_kandinsky22, tiny_weights

SAID: dict[str, Any] = {"steps": 3, "guidance": 9.0, "negative_prompt": "blue", "refine": True}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def painter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[pool.Pool]:
    root = tmp_path_factory.mktemp("weights")
    tiny_weights.write(root)
    tiny_kandinsky22.write(root)
    running = pool.Pool.from_profile("mini", root, devices="cpu")
    await running.start()
    yield running
    await running.close()


async def painted(painter: pool.Pool, model: tasks.Model, **changes: Any) -> bytes:
    task = tasks.TextToImage.model_validate({"prompt": "a cat", "seed": 7, "steps": 2, "model": model, **changes})
    (picture,) = (await painter.run(task)).pictures
    return picture.png


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("model", list(tasks.Model))
async def test_a_model_is_deaf_to_what_the_table_names_and_hears_the_rest(
    painter: pool.Pool, model: tasks.Model
) -> None:
    plain = await painted(painter, model)
    deaf = {field for field, value in SAID.items() if await painted(painter, model, **{field: value}) == plain}
    assert deaf == set(unheard.by(model))


def test_the_factor_that_is_refined_is_that_of_the_network_whose_results_are() -> None:
    methods = [method for possible in enlargement.METHODS.values() for method in possible]
    assert {method.factor for method in methods if method.refines} == {unheard.REFINED_FACTOR}


def test_every_field_of_the_table_is_one_of_the_task() -> None:
    for model in tasks.Model:
        assert set(unheard.by(model)) <= set(tasks.TextToImage.model_fields)
        assert set(unheard.by(model)) == {field for field in get_args(unheard.Field) if not unheard.hears(model, field)}
    for profile in sizes.Profile:
        for factor in (2, 4):
            task = tasks.Upscale(image="a", seed=1, factor=factor)
            assert set(unheard.of(task, profile)) <= set(tasks.Upscale.model_fields)
