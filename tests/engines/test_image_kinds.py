"""Pictures from pictures on a tiny family: variation, fusion, images with text; real station, real networks."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from engines import catalog, checkpoints, devices, engine, errors, pool, sizes, tasks
from engines.kandinsky3 import family, image_words, painting, station, words
from engines.kandinsky3.sampler import Variant
from tests import tiny_weights

Paint = Callable[..., list[np.ndarray]]


def png(seed: int, width: int = 60, height: int = 40) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


MEDIA = {"one": png(1), "other": png(2, 30, 90), "text": b"not a picture"}


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny families with the extra tensors alone, and with the fork's whole U-Net."""
    made = {name: tmp_path_factory.mktemp(name) for name in ("slim", "complete")}
    for name, root in made.items():
        tiny_weights.write(root)
        tiny_weights.write_image_prompt(root, complete=name == "complete")
    return made


def opened(root: Path) -> station.Kandinsky3Station:
    return station.Kandinsky3Station(checkpoints.Layout.at(root), devices.CPU(), sizes.Profile.MINI)


@pytest.fixture(scope="module")
def slim(roots: dict[str, Path]) -> station.Kandinsky3Station:
    return opened(roots["slim"])


def variation(**changes: object) -> tasks.ImageVariation:
    return tasks.ImageVariation(**{"image": "one", "seed": 3, "steps": 2, "guidance": 3.0, **changes})


def fusion(*weights: float, **changes: object) -> tasks.ImageFusion:
    names = ("one", "other", "one")
    images = [{"image": name, "weight": weight} for name, weight in zip(names, weights, strict=False)]
    return tasks.ImageFusion(**{"images": images, "seed": 3, "steps": 2, "guidance": 3.0, **changes})


def with_text(prompt: str = "a red star", image_weight: float = 1.0, **changes: object) -> tasks.ImageTextFusion:
    said = {"prompt": prompt, "images": [{"image": "one", "weight": 1.0}], "image_weight": image_weight}
    return tasks.ImageTextFusion(**{**said, "seed": 3, "steps": 2, "guidance": 3.0, **changes})


def advanced(there: station.Kandinsky3Station, wanted: Sequence[tasks.Task]) -> list[engine.Unit]:
    """The pictures of some tasks, sampled in one batch."""
    painter = there.engine(wanted[0])
    units = [unit for task in wanted for unit in painter.prepare(task, MEDIA)]
    while not units[0].sampled:
        assert len({unit.lane for unit in units}) == 1
        units = painter.advance(units)
    return units


def latents(there: station.Kandinsky3Station, *wanted: tasks.Task) -> list[torch.Tensor]:
    return [painting.of(unit).state.latents for unit in advanced(there, wanted)]


def differ(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max())


@pytest.mark.parametrize("task", [variation(aspect_ratio="3:2"), fusion(0.5, 0.5), with_text()], ids=lambda t: t.kind)
def test_every_kind_becomes_a_picture_of_its_size(slim: station.Kandinsky3Station, task: tasks.Task) -> None:
    (unit,) = advanced(slim, [task])
    picture = slim.engine(task).finish(unit)
    image = Image.open(io.BytesIO(picture.png))
    size = sizes.SIZES[sizes.Profile.MINI][task.aspect_ratio]
    assert image.size == (picture.width_px, picture.height_px) == (size.width_px, size.height_px)
    assert picture.seed == task.seed


def test_kinds_share_a_batch_and_each_picture_is_what_it_is_alone(slim: station.Kandinsky3Station) -> None:
    wanted = [variation(), fusion(0.3, 0.7, seed=4), with_text(negative_prompt="a blue ring", image_weight=0.6)]
    together = latents(slim, *wanted)
    for task, among in zip(wanted, together, strict=True):
        (alone,) = latents(slim, task)
        assert differ(alone, among) < 1e-3
    assert differ(together[0], together[2]) > 0.1


def test_equal_seeds_give_equal_pictures_and_others_do_not(
    slim: station.Kandinsky3Station, roots: dict[str, Path]
) -> None:
    first, second = latents(slim, variation(count=2))
    (again,) = latents(opened(roots["slim"]), variation())
    assert torch.equal(again, latents(slim, variation())[0])
    assert differ(first, again) < 1e-3
    assert differ(first, second) > 0.1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (variation(), variation(image="other")),
        (fusion(0.3, 0.7), fusion(0.7, 0.3)),
        (fusion(0.5, 0.5), fusion(1.0, 1.0)),  # weights are used as they are, not as shares of a whole
        (with_text(), with_text("two blue squares")),
        (with_text(), with_text(image_weight=0.5)),
        (with_text(), with_text(negative_prompt="blue")),
    ],
    ids=["image", "weights", "sum of weights", "text", "image weight", "negative prompt"],
)
def test_what_is_asked_for_changes_the_picture(
    slim: station.Kandinsky3Station, one: tasks.Task, other: tasks.Task
) -> None:
    assert differ(*latents(slim, one, other)) > 0.01


def test_without_weight_the_image_says_nothing(slim: station.Kandinsky3Station) -> None:
    images = {"images": [{"image": "other", "weight": 1.0}]}
    assert differ(*latents(slim, with_text(image_weight=0.0), with_text(image_weight=0.0, **images))) < 1e-4


def test_an_image_and_its_whole_weight_are_a_variation(slim: station.Kandinsky3Station) -> None:
    assert differ(*latents(slim, variation(), fusion(0.25, 0.0, 0.75))) < 1e-3


def test_the_extra_tensors_alone_paint_what_the_whole_network_paints(
    slim: station.Kandinsky3Station, roots: dict[str, Path]
) -> None:
    complete = opened(roots["complete"])
    task = with_text(negative_prompt="blue")
    assert torch.equal(latents(slim, task)[0], latents(complete, task)[0])
    held = {resident.name: resident.bytes for resident in complete.residents()}
    assert {"kandinsky3_ip u-net", "image prompt", "image prompt projection"} <= held.keys()
    whole = checkpoints.loaded_bytes(roots["complete"] / "kandinsky3_ip.safetensors", 4)
    assert held["kandinsky3_ip u-net"] + held["image prompt"] == whole


def test_the_extra_tensors_share_the_base_which_is_in_memory_once(
    slim: station.Kandinsky3Station, roots: dict[str, Path]
) -> None:
    latents(slim, variation())
    held = {resident.name: resident.bytes for resident in slim.residents()}
    assert [name for name in held if name.endswith("u-net")] == ["kandinsky3 u-net"]
    assert held["image prompt"] == checkpoints.loaded_bytes(roots["slim"] / "kandinsky3_ip.safetensors", 4)
    (painted,) = advanced(slim, [tasks.TextToImage(prompt="a red circle", seed=3, steps=2)])
    assert painting.of(painted).state.plan[0].variant is Variant.BASE
    assert {resident.name for resident in slim.residents()} == held.keys() | {"base projection"}


def test_a_picture_is_looked_at_once(roots: dict[str, Path]) -> None:
    there = opened(roots["slim"])
    encoder, leases = "image encoder", []
    for task in (variation(), variation(seed=9), fusion(0.5, 0.5)):
        latents(there, task)
        leases.append(next(resident.used_at for resident in there.residents() if resident.name == encoder))
    assert leases[0] == leases[1] < leases[2]


@pytest.mark.parametrize(
    ("task", "told"),
    [
        (variation(image="gone"), "gone was not given"),
        (fusion(1, 1, images=[{"image": "one"}, {"image": "text"}]), "text cannot be read"),
    ],
    ids=["missing", "broken"],
)
def test_a_file_that_is_no_picture_is_an_invalid_task(
    slim: station.Kandinsky3Station, task: tasks.Task, told: str
) -> None:
    with pytest.raises(errors.InvalidTask, match=told):
        slim.engine(task).prepare(task, MEDIA)


def test_an_encoder_of_another_image_prompt_is_refused(roots: dict[str, Path], tmp_path: Path) -> None:
    root = shutil.copytree(roots["slim"], tmp_path / "weights")
    path = root / "kandinsky3_ip.safetensors"
    tensors = safetensors.torch.load_file(path)
    tensors["ip.image_proj.weight"] = tensors["ip.image_proj.weight"][:, :8].contiguous()
    safetensors.torch.save_file(tensors, path)
    with pytest.raises(errors.CheckpointInvalid, match=r"embeddings of 20 numbers, kandinsky3_ip takes 8"):
        opened(root).engine(variation()).prepare(variation(), MEDIA)


def test_missing_weights_are_named_with_the_command_that_fetches_them(tiny_weights: Path) -> None:
    there = opened(tiny_weights)
    with pytest.raises(errors.CheckpointMissing, match="kandinsky3_ip") as told:
        there.engine(variation()).prepare(variation(), MEDIA)
    assert "kandinsky-bot weights pull image_variation" in str(told.value)


def test_a_whole_network_without_its_projection_does_not_get_that_of_the_base(roots: dict[str, Path]) -> None:
    tensors = safetensors.torch.load_file(roots["complete"] / "kandinsky3_ip.safetensors")
    with safetensors.safe_open(roots["complete"] / "kandinsky3_ip.safetensors", "pt") as file:
        sizes_of_it = file.metadata()
    parts = family.Family(checkpoints.Layout.at(roots["complete"]), devices.CPU())
    assert parts.projection(Variant.IMAGE_PROMPT) is not parts.projection(Variant.BASE)
    lost = roots["slim"].parent / "lost"
    shutil.copytree(roots["complete"], lost)
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith("unet.projection_")}
    safetensors.torch.save_file(kept, lost / "kandinsky3_ip.safetensors", metadata=sizes_of_it)
    parts = family.Family(checkpoints.Layout.at(lost), devices.CPU())
    with pytest.raises(errors.CheckpointMissing, match=r"projection_ip(?s:.*)weights pull image_variation"):
        parts.projection(Variant.IMAGE_PROMPT)
    parts = family.Family(checkpoints.Layout.at(roots["slim"]), devices.CPU())
    assert parts.projection(Variant.IMAGE_PROMPT) is parts.projection(Variant.BASE)


def test_what_the_miniature_does_not_have_is_fetched_for_the_other_profile() -> None:
    error = checkpoints.missing("style_transfer", ["kandinsky3_depth"], catalog.MINI_WEIGHTS)
    assert "`--profile kandinsky3` `kandinsky-bot weights pull kandinsky3_depth`" in str(error)


@pytest.mark.parametrize("profile", list(sizes.Profile))
def test_what_is_heard_where_nothing_is_said_belongs_to_the_profile(
    roots: dict[str, Path], profile: sizes.Profile
) -> None:
    parts = family.Family(checkpoints.Layout.at(roots["slim"]), devices.CPU())
    shown = image_words.ImageWords(parts, words.Words(parts, ()), image_words.MANNERS[profile])
    sight = shown.sight([tasks.WeightedImage(image="one", weight=1.0)], 0.7, MEDIA)
    prompt = shown.prompt(shown.manner.stock_text, "", sight)
    assert prompt.negative is not None
    assert [half.image.weight for half in (prompt.positive, prompt.negative) if half.image] == [0.7, 0.7]
    assert len(prompt.positive.rows) == len(prompt.negative.rows)
    heard = (int(prompt.positive.mask.sum()), int(prompt.negative.mask.sum()))
    if profile is sizes.Profile.MINI:
        assert heard == (0, 0)
        assert not prompt.positive.rows.any()
    else:
        assert heard == (len("4k photo") + 1, 1)  # the tiny tokenizer's letters and the end mark; the end mark alone


@pytest.mark.asyncio
async def test_a_pool_hands_the_files_to_the_engine(roots: dict[str, Path]) -> None:
    running = pool.Pool.from_profile("mini", roots["slim"], devices="cpu")
    await running.start()
    try:
        result = await running.run(variation(count=2), media=MEDIA)
    finally:
        await running.close()
    assert len(result.pictures) == 2
