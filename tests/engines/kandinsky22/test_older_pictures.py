"""Kandinsky 2.2 from task to picture on tiny networks: the pool's own thread, or the engine alone."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines import checkpoints, devices, engine, errors, pool, sizes, tasks
from engines.kandinsky3 import image_encoder
from engines.kandinsky3.family import Family
from engines.kandinsky3.station import Kandinsky3Station
from engines.kandinsky22 import painter, painting, parts, recipes
from tests import tiny_kandinsky22 as tiny
from tests import tiny_weights


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


PHOTO = np.random.default_rng(7).integers(0, 256, (100, 150, 3), dtype=np.uint8)  # 3:2, so the canvas is 192x128
MARKED = np.zeros((100, 150), np.uint8)
MARKED[20:70, 30:90] = 255
MEDIA = {"photo": png(PHOTO), "other": png(PHOTO[::-1]), "mask": png(MARKED), "speck": png(MARKED // 255 * 3)}
MODEL = tasks.Model.KANDINSKY_22
IMAGES = (tasks.WeightedImage(image="photo", weight=0.3), tasks.WeightedImage(image="other", weight=0.7))


def wish(**changes: object) -> tasks.TextToImage:
    return tasks.TextToImage.model_validate({"prompt": "a cat", "seed": 7, "steps": 2, "model": MODEL, **changes})


EVERY_KIND: tuple[tasks.Task, ...] = (
    wish(aspect_ratio="3:2"),
    tasks.ImageFusion(images=IMAGES, seed=3, steps=2, model=MODEL),
    tasks.ImageToImage(image="photo", prompt="a cat", seed=3, steps=4, strength=0.5, model=MODEL),
    tasks.Inpaint(image="photo", mask="mask", prompt="a cat", seed=3, steps=2, model=MODEL),
    tasks.StyleTransfer(image="photo", prompt="a cat", control=tasks.Control.DEPTH, seed=3, steps=2, model=MODEL),
    tasks.ImageVariation(image="photo", seed=3, steps=2, model=MODEL),
    tasks.ImageTextFusion(prompt="a cat", images=IMAGES, seed=3, steps=2, model=MODEL),
)


@pytest.fixture(scope="module")
def older(family_22: Family) -> painter.Kandinsky22Engine:
    return painter.open_engine(family_22, sizes.Profile.MINI)


def opened(root: Path) -> painter.Kandinsky22Engine:
    return painter.open_engine(Family(checkpoints.Layout.at(root), devices.CPU(1)), sizes.Profile.MINI)


def painted(one: engine.Engine, units: Sequence[engine.Unit]) -> list[engine.Unit]:
    """Units after all their steps, advanced in the batches that their lanes allow."""
    done = list(units)
    while waiting := [unit for unit in done if not unit.sampled]:
        batch = [unit for unit in waiting if unit.lane == waiting[0].lane]
        further = iter(one.advance(batch))
        done = [next(further) if unit in batch else unit for unit in done]
    return done


def latents(unit: engine.Unit) -> np.ndarray:
    return painting.of(unit).state.latents.numpy()


def alone(one: engine.Engine, task: tasks.Task) -> list[np.ndarray]:
    return [latents(unit) for unit in painted(one, one.prepare(task, MEDIA))]


async def test_a_prompt_becomes_a_picture_beside_kandinsky_3_in_one_pool(weights_22: Path) -> None:
    told: list[tasks.Progress] = []
    running = pool.Pool.from_profile("mini", weights_22, devices="cpu")
    await running.start()
    try:
        older, newer = await asyncio.gather(
            running.run(wish(aspect_ratio="3:2"), on_progress=told.append),
            running.run(wish(model=tasks.Model.KANDINSKY_3)),
        )
    finally:
        await running.close()
    assert [opened_png(result.pictures[0]).size for result in (older, newer)] == [(156, 104), (128, 128)]
    stages = list(dict.fromkeys(progress.stage for progress in told))
    assert [stage for stage in stages if stage is not tasks.Stage.LOADING] == [
        tasks.Stage.ENCODING,
        tasks.Stage.IMAGINING,
        tasks.Stage.SAMPLING,
        tasks.Stage.DECODING,
    ]
    assert told[-1].steps == recipes.PRIOR_STEPS + 2


@pytest.mark.parametrize(
    ("task", "size"),
    list(
        zip(
            EVERY_KIND,
            [(156, 104), (128, 128), (192, 128), (150, 100), (192, 128), (128, 128), (128, 128)],
            strict=True,
        )
    ),
    ids=lambda value: getattr(value, "kind", ""),
)
def test_every_kind_becomes_a_picture(
    older: painter.Kandinsky22Engine, task: tasks.Task, size: tuple[int, int]
) -> None:
    units = older.prepare(task, MEDIA)
    assert older.steps(task) == units[0].steps
    (unit,) = painted(older, units)
    shown = opened_png(older.finish(unit))
    assert shown.size == size
    if isinstance(task, tasks.Inpaint):
        assert np.array_equal(np.asarray(shown)[MARKED == 0], PHOTO[MARKED == 0])


def opened_png(picture: tasks.Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.png))


def test_a_picture_is_the_same_alone_and_among_strangers(older: painter.Kandinsky22Engine) -> None:
    mine = wish(count=2, negative_prompt="blue")
    strangers = [wish(prompt="two dogs", seed=8, steps=3), EVERY_KIND[1], wish(guidance=0.0)]
    apart = alone(older, mine)
    units = older.prepare(mine, MEDIA) + [unit for one in strangers for unit in older.prepare(one, MEDIA)]
    together = [latents(unit) for unit in painted(older, units)[:2]]
    for here, there in zip(apart, together, strict=True):
        np.testing.assert_allclose(here, there, atol=1e-4)
    assert np.abs(apart[0] - apart[1]).max() > 0.1


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"prompt": "a dog"},
        {"negative_prompt": "blue"},
        {"style": "mosaic"},
        {"guidance": 6.0},
        {"steps": 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_asked_for_shows_in_the_picture(older: painter.Kandinsky22Engine, change: dict[str, object]) -> None:
    assert np.abs(alone(older, wish())[0] - alone(older, wish(**change))[0]).max() > 1e-3


def test_the_prior_takes_pictures_of_any_canvas_and_the_decoder_of_one(older: painter.Kandinsky22Engine) -> None:
    square, wide = (older.prepare(wish(aspect_ratio=ratio), {})[0] for ratio in ("1:1", "16:9"))
    assert square.lane == wide.lane
    assert square.stage is tasks.Stage.IMAGINING
    for _ in range(recipes.PRIOR_STEPS):
        square, wide = older.advance([square, wide])
    assert square.lane != wide.lane
    assert square.stage is tasks.Stage.SAMPLING


def test_an_embedding_is_not_previewed_and_a_picture_is(older: painter.Kandinsky22Engine) -> None:
    (unit,) = older.prepare(wish(), {})
    (unit,) = older.advance([unit])
    assert older.previews([[unit]]) is None
    for _ in range(recipes.PRIOR_STEPS):
        (unit,) = older.advance([unit])
    (sheet,) = older.previews([[unit, unit]]) or [b""]
    assert Image.open(io.BytesIO(sheet)).format == "JPEG"


def test_img2img_of_a_low_strength_still_takes_a_step(older: painter.Kandinsky22Engine) -> None:
    faint = EVERY_KIND[2].model_copy(update={"strength": 0.01})
    assert older.steps(faint) == recipes.PRIOR_STEPS + 1


def test_a_mask_that_marks_next_to_nothing_is_refused(older: painter.Kandinsky22Engine) -> None:
    with pytest.raises(errors.InvalidTask, match="too small"):
        older.prepare(EVERY_KIND[3].model_copy(update={"mask": "speck"}), MEDIA)


def test_a_kind_of_another_model_is_refused(older: painter.Kandinsky22Engine) -> None:
    with pytest.raises(errors.InvalidTask, match="outpaint"):
        older.steps(tasks.Outpaint(image="photo", zoom_out=2, seed=1))


def test_a_variation_is_a_fusion_of_one_picture_and_text_moves_it(older: painter.Kandinsky22Engine) -> None:
    varied = tasks.ImageVariation(image="photo", seed=3, steps=2, model=MODEL)
    whole = (tasks.WeightedImage(image="photo", weight=1.0),)
    told = {
        share: tasks.ImageTextFusion(prompt="a cat", images=whole, image_weight=share, seed=3, steps=2, model=MODEL)
        for share in (0.0, 2.0)
    }
    seen, worded, (said,) = (
        alone(older, varied)[0],
        {s: alone(older, one)[0] for s, one in told.items()},
        alone(older, wish(seed=3)),
    )
    np.testing.assert_allclose(worded[0.0], said, atol=1e-5)
    assert not np.allclose(worded[2.0], said, atol=1e-2)
    assert not np.allclose(worded[2.0], seen, atol=1e-3)


@pytest.fixture
def broken(weights_22: Path, tmp_path: Path) -> Path:
    """A directory of its own with the same weights."""
    return shutil.copytree(weights_22, tmp_path / "weights")


def test_what_is_missing_is_missed_when_it_is_asked_for(broken: Path) -> None:
    shutil.rmtree(broken / tiny.INPAINTING)
    one = opened(broken)
    assert one.prepare(wish(), {})
    with pytest.raises(errors.CheckpointMissing, match=r"weights pull kandinsky-2\.2-inpaint"):
        one.prepare(EVERY_KIND[3], MEDIA)


@pytest.mark.parametrize("folder", ["kandinsky22_prior/prior", "kandinsky22_decoder/unet"])
def test_without_its_files_only_kandinsky_22_is_missing(broken: Path, folder: str) -> None:
    shutil.rmtree(broken / folder)
    station = Kandinsky3Station(checkpoints.Layout.at(broken), devices.CPU(1), sizes.Profile.MINI)
    assert station.engine(wish(model=tasks.Model.KANDINSKY_3)) is not None
    with pytest.raises(errors.CheckpointMissing, match=r"weights pull kandinsky-2\.2"):
        station.engine(wish())


def test_parts_of_two_checkpoints_are_told_apart_by_their_widths(broken: Path) -> None:
    path = broken / "kandinsky22_decoder" / "unet" / "config.json"
    config: dict[str, Any] = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"encoder_hid_dim": 1280}))
    with pytest.raises(errors.CheckpointInvalid, match="widths"):
        opened(broken)


def test_the_miniature_family_stores_shared_parts_once(tmp_path: Path) -> None:
    tiny_weights.write(tmp_path)
    tiny.write(tmp_path, learned=False, shared=True)
    family = Family(checkpoints.Layout.at(tmp_path), devices.CPU(1))
    components = parts.Parts(family)
    assert components.movq is family.movq
    assert components.image_encoder is family.image_encoder()
    one = painter.open_engine(family, sizes.Profile.MINI)
    (unit,) = painted(one, one.prepare(wish(), {}))
    assert one.finish(unit).width_px == 128


def test_a_text_is_encoded_once_and_the_empty_picture_seen_once(
    older: painter.Kandinsky22Engine, family_22: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    older.prepare(wish(prompt="a bird"), {})
    family_22.shelf.release()
    monkeypatch.setattr(image_encoder.ImageEncoder, "embed_pixels", None)
    older.prepare(wish(prompt="a bird", seed=9), {})
    assert not family_22.shelf.holds("kandinsky22_prior/text_encoder")
