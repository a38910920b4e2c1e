"""Inpainting and outpainting before the network, and known mistakes far from the golden numbers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from torch import Tensor

from engines import errors, sizes, tasks
from engines.golden import Fixture
from engines.kandinsky3 import golden, inpainting, noise, outpaint, sampler, unet
from engines.kandinsky3.sampler import Variant
from engines.painting import Kept

LIMIT = 1e-4  # of the golden loop


@pytest.fixture(scope="module")
def recorded(fixtures: Path) -> Fixture:
    return Fixture.open(fixtures / "inpainting.safetensors")


@pytest.fixture(scope="module")
def network(recorded: Fixture) -> unet.Network:
    return golden.build_network(recorded.beside("unet"), 9)


def error_of(
    recorded: Fixture,
    network: unet.Network,
    *,
    channels: Tensor | None = None,
    change: Callable[[sampler.Guided], sampler.Guided] = lambda step: step,
) -> float:
    """How far the golden loop's end is missed with other channels or other steps."""
    if channels is None:
        channels = torch.cat([recorded["latent.mask"][0], recorded["latent.masked"][0]])
    plan = tuple(change(step) for step in sampler.base_plan(4, 4.0, 0.95, variant=Variant.INPAINTING))
    (prompt,) = golden.read_prompts(recorded, negative=False)
    tape = noise.Tape(tuple(draw[0] for draw in recorded.numbered("s4.noise")))
    shape = (4, *channels.shape[-2:])
    seen = unet.Condition(channels=channels)
    state = sampler.begin(plan, {Variant.INPAINTING: prompt}, tape, shape, condition=seen)
    while not state.done:
        (state,) = sampler.advance([state], network)
    return float((state.latents - recorded["s4.out"][0]).abs().max())


def test_a_mask_the_wrong_way_round_is_far_over_the_limit(recorded: Fixture, network: unet.Network) -> None:
    inverted = torch.cat([1 - recorded["latent.mask"][0], recorded["latent.masked"][0]])
    assert error_of(recorded, network, channels=inverted) > 0.5 > LIMIT > error_of(recorded, network)


def test_the_latents_before_the_mask_are_far_over_the_limit(recorded: Fixture, network: unet.Network) -> None:
    reordered = torch.cat([recorded["latent.masked"][0], recorded["latent.mask"][0]])
    assert error_of(recorded, network, channels=reordered) > 0.5 > LIMIT


@pytest.mark.parametrize("change", [{"quantile": 0.99}, {"guidance": 3.0}], ids=["quantile of the base", "guidance"])
def test_the_base_networks_figures_are_far_over_the_limit(
    recorded: Fixture, network: unet.Network, change: dict[str, float]
) -> None:
    assert error_of(recorded, network, change=lambda step: dataclasses.replace(step, **change)) > 100 * LIMIT


def test_a_missing_null_embedding_is_far_over_the_limit(recorded: Fixture) -> None:
    weights = recorded.beside("unet")
    deaf = golden.build_network(weights, 9, torch.zeros_like(weights["null_embedding"]))
    assert error_of(recorded, deaf) > 0.1 > LIMIT


def test_the_network_is_told_to_keep_what_the_user_does_not_mark() -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[:, 32:] = 1
    marked = inpainting.Marked.of(Image.new("RGB", (64, 64), "white"), mask, 64, 64)
    assert marked.latent_keep[0, 0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert marked.masked[:, 0, 0].tolist() == [1, 1, 1]
    assert marked.masked[:, 0, 63].tolist() == [0, 0, 0]  # mid grey
    seen = inpainting.condition(marked, torch.full((4, 8, 8), 7.0))
    assert seen.channels is not None
    assert seen.channels[:, 0, 0].tolist() == [1, 7, 7, 7, 7]


def test_a_mask_that_the_network_would_not_see_is_refused() -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[3, 3] = 1
    marked = inpainting.Marked.of(Image.new("RGB", (64, 64)), mask, 64, 64)
    with pytest.raises(errors.InvalidTask, match="too small"):
        inpainting.condition(marked, torch.zeros(4, 8, 8))


masks = arrays.arrays(
    np.float32, st.tuples(st.integers(2, 40), st.integers(2, 40)), elements=st.sampled_from([0.0, 0.25, 1.0])
)


@given(masks, st.integers(1, 50), st.integers(1, 50))
def test_a_resized_mask_stays_within_its_values(mask: np.ndarray, width: int, height: int) -> None:
    smaller = inpainting.resized(mask, width, height)
    assert smaller.shape == (height, width)
    assert mask.min() - 1e-6 <= smaller.min() <= smaller.max() <= mask.max() + 1e-6
    assert np.array_equal(inpainting.resized(mask, mask.shape[1], mask.shape[0]), mask)


@given(masks, st.booleans())
def test_kept_pixels_stay_exactly_whatever_was_painted(mask: np.ndarray, same_size: bool) -> None:
    height, width = mask.shape
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    painted = np.full((height, width, 3) if same_size else (64, 128, 3), 99, np.uint8)
    result = Kept(pixels, inpainting.seam(mask)).over(painted)
    assert np.array_equal(result[mask == 0], pixels[mask == 0])


def test_inside_the_seam_all_is_painted() -> None:
    mask = np.zeros((512, 512), np.float32)
    mask[100:300, 100:300] = 1
    share = inpainting.seam(mask)
    assert (share[104:296, 104:296] == 1).all()
    assert 0 < share[100, 200] < 1


ratios = st.sampled_from(list(tasks.AspectRatio))
side = st.integers(1, 3000)


def asked(**canvas: object) -> tasks.Outpaint:
    return tasks.Outpaint(**{"image": "a", "seed": 1, **canvas})


@given(side, side, st.one_of(ratios, st.floats(1.1, 4.0)))
def test_a_frame_holds_the_whole_picture_in_its_middle(width: int, height: int, wish: object) -> None:
    named = {"aspect_ratio": wish} if isinstance(wish, tasks.AspectRatio) else {"zoom_out": wish}
    frame = outpaint.frame(width, height, asked(**named))
    assert (frame.picture_width, frame.picture_height) == (width, height)
    assert 0 <= frame.width - 2 * frame.left - width <= 1
    assert 0 <= frame.height - 2 * frame.top - height <= 1
    if isinstance(wish, tasks.AspectRatio):
        assert width == frame.width or height == frame.height
        assert abs(frame.width - frame.height * wish.value_float) <= 0.5 + wish.value_float


@given(side, side, st.tuples(*[st.integers(0, 4096)] * 4))
def test_margins_are_where_they_were_asked_for(width: int, height: int, margins: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = margins
    task = asked(margins={"left": left, "top": top, "right": right, "bottom": bottom})
    frame = outpaint.frame(width, height, task)
    assert frame == outpaint.Frame(width + left + right, height + top + bottom, left, top, width, height)
    shrunk = frame.within(10_000)
    assert shrunk.width * shrunk.height <= 10_000 or min(shrunk.width, shrunk.height) == 1
    assert 0 <= shrunk.left <= shrunk.width - shrunk.picture_width < shrunk.width
    assert 0 <= shrunk.top <= shrunk.height - shrunk.picture_height < shrunk.height


def test_a_thread_of_pixels_at_the_edge_of_a_canvas_that_is_shrunk_stays_on_it() -> None:
    task = asked(margins={"left": 4096, "top": 4096, "bottom": 1})
    frame = outpaint.frame(1, 10_961, task).within(outpaint.AREA_LIMIT_PX)
    image, mask = outpaint.laid_out(Image.new("RGB", (1, 10_961)), frame)
    assert image.size == mask.shape[::-1] == (frame.width, frame.height)
    assert not mask[-1, -1]


def test_what_is_new_is_marked_and_takes_the_colours_of_the_edge() -> None:
    image, mask = outpaint.laid_out(Image.new("RGB", (4, 2), "red"), outpaint.Frame(8, 4, 2, 1, 4, 2))
    assert image.size == (8, 4)
    assert set(image.get_flattened_data()) == {(255, 0, 0)}
    assert mask.sum() == 8 * 4 - 4 * 2
    assert not mask[1:3, 2:6].any()


@given(st.integers(1, 300), st.integers(1, 300), st.tuples(*[st.integers(0, 40)] * 4), st.sampled_from(sizes.Profile))
def test_a_canvas_is_seen_where_the_mask_of_the_network_has_something_new(
    width: int, height: int, margins: tuple[int, int, int, int], profile: sizes.Profile
) -> None:
    left, top, right, bottom = margins
    frame = outpaint.Frame(width + left + right, height + top + bottom, left, top, width, height)
    image, mask = outpaint.laid_out(Image.new("RGB", (width, height)), frame)
    marked = inpainting.Marked.of(image, mask, *sizes.fitting(profile, *image.size))
    assert outpaint.is_seen(frame, profile) == bool((marked.latent_keep != 1).any())


@pytest.mark.parametrize(
    ("profile", "side_px", "canvas", "says"),
    [
        (sizes.Profile.MINI, 128, {"margins": {"right": 3}}, "ask for at least 8 pixels at the right"),
        (
            sizes.Profile.MINI,
            128,
            {"margins": {"right": 3, "bottom": 4}},
            "ask for at least 8 pixels at the right or at least 8 pixels at the bottom",
        ),
        (sizes.Profile.MINI, 128, {"margins": {}}, "ask for at least 8 pixels at the right"),
        (sizes.Profile.MINI, 20, {"zoom_out": 1.001}, "zoom out by 1.03 or more"),
        (sizes.Profile.MINI, 1280, {"zoom_out": 1.001}, "zoom out by 1.01 or more"),
        (sizes.Profile.KANDINSKY3, 1024, {"margins": {"bottom": 3}}, "ask for at least 8 pixels at the bottom"),
        (sizes.Profile.KANDINSKY3, 40, {"zoom_out": 1.02}, "zoom out by 1.04 or more"),
    ],
)
def test_a_margin_that_the_network_would_not_see_is_refused_with_one_that_is_enough(
    profile: sizes.Profile, side_px: int, canvas: dict[str, object], says: str
) -> None:
    with pytest.raises(errors.CanvasTooSmall) as caught:
        outpaint.seen_frame(side_px, side_px, asked(**canvas), profile)
    assert str(caught.value) == f"the network would see nothing new: {says}"


def test_a_canvas_of_nearly_the_same_ratio_is_refused_with_another_way() -> None:
    with pytest.raises(errors.CanvasTooSmall, match=r"another ratio, or ask for at least \d+ pixels at the right"):
        outpaint.seen_frame(300, 301, asked(aspect_ratio="1:1"), sizes.Profile.KANDINSKY3)


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 200), st.sampled_from(sizes.Profile))
def test_what_a_refused_margin_is_told_is_enough_and_a_pixel_less_is_not(
    width: int, height: int, right: int, profile: sizes.Profile
) -> None:
    def seen(pixels: int) -> bool:
        return outpaint.is_seen(outpaint.frame(width, height, asked(margins={"right": pixels})), profile)

    try:
        outpaint.seen_frame(width, height, asked(margins={"right": right}), profile)
        return
    except errors.CanvasTooSmall as refusal:
        needed = int(re.findall(r"\d+", str(refusal))[-1])
    assert seen(needed)
    assert not seen(needed - 1)


def test_a_picture_that_has_the_ratio_already_is_refused() -> None:
    with pytest.raises(errors.CanvasTooSmall, match="choose another ratio"):
        outpaint.seen_frame(300, 200, asked(aspect_ratio="3:2"), sizes.Profile.MINI)
