"""Step for step what diffusers' own pipelines compute, given the same noise."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engines import sizes, styles, tasks
from engines.kandinsky3 import canvas
from engines.kandinsky22 import inpainting, recipes, sampler
from engines.kandinsky22.meanings import Meaning, Meanings
from engines.kandinsky22.parts import Parts
from engines.kandinsky22.sampler import Network
from engines.kandinsky22.words import Words
from tests import tiny_kandinsky22 as tiny

STEPS, SIDE, SEED = 4, 64, 5
PRIOR_GUIDANCE = recipes.PRIOR_GUIDANCE[sizes.Profile.KANDINSKY3]
LOOP = 5e-4  # over a loop; single forwards agree to 1e-4
SIZE = sizes.Size(SIDE, SIDE, SIDE, SIDE)
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Numbered:
    """Draws by number, from the order in which a stock pipeline makes them."""

    draws: dict[int, Tensor]

    def draw(self, index: int, shape: Sequence[int]) -> Tensor:
        assert tuple(self.draws[index].shape) == tuple(shape)
        return self.draws[index]


def in_order(shape: Sequence[int], number: int) -> list[Tensor]:
    """What randn gives one after the other under the tests' seed."""
    generator = torch.Generator().manual_seed(SEED)
    return [torch.randn(tuple(shape), generator=generator) for _ in range(number)]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(SEED)


def decoder_noise() -> Numbered:
    draws = in_order((1, 4, SIDE // 8, SIDE // 8), STEPS + 1)
    return Numbered({sampler.DECODER_DRAWS + i: draw[0] for i, draw in enumerate(draws)})


@pytest.fixture(scope="module")
def words(parts: Parts) -> Words:
    return Words(parts.tokenizer, parts.text_encoder, parts.shelf, styles.STYLES[sizes.Profile.MINI])


@pytest.fixture(scope="module")
def setting(parts: Parts, words: Words) -> recipes.Setting:
    return recipes.Setting(parts, Meanings(parts, words), sizes.Profile.MINI)


@pytest.fixture(scope="module")
def embeddings() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(tiny.WIDTH), torch.randn(tiny.WIDTH)


@pytest.fixture(scope="module")
def stock_movq(weights_22: Path) -> Any:
    import diffusers

    return diffusers.VQModel.from_pretrained(weights_22 / tiny.DECODER / "movq").eval()


@contextlib.contextmanager
def stock_prior(parts: Parts) -> Iterator[Any]:
    from diffusers import KandinskyV22PriorPipeline, UnCLIPScheduler

    with contextlib.ExitStack() as leases:
        prior, encoder, text = (
            leases.enter_context(parts.shelf.lease(one))
            for one in (parts.prior, parts.image_encoder, parts.text_encoder)
        )
        pipe = KandinskyV22PriorPipeline(
            prior.model,
            encoder.model,
            text.model,
            parts.tokenizer._stock,
            UnCLIPScheduler.from_config(parts.prior_schedule.stock.config),
            encoder._processor,
        )
        pipe.set_progress_bar_config(disable=True)
        yield pipe


@contextlib.contextmanager
def stock_decoder(parts: Parts, name: str, movq: Any, network: Network = Network.DECODER) -> Iterator[Any]:
    import diffusers

    with parts.shelf.lease(parts.decoder(network)) as decoder:
        scheduler = diffusers.DDPMScheduler.from_config(parts.schedule.stock.config)
        pipe = getattr(diffusers, name)(unet=decoder.model, scheduler=scheduler, movq=movq)
        pipe.set_progress_bar_config(disable=True)
        yield pipe


class Recorder:
    """Keeps the latents after every step of a stock pipeline, under either form of its callback."""

    def __init__(self) -> None:
        self.steps: list[Tensor] = []

    def at_step_end(self, pipe: Any, step: int, t: Any, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        self.steps.append(kept["latents"].clone())
        return {}

    def __call__(self, step: int, t: Any, latents: Tensor) -> None:
        self.steps.append(latents.clone())


def advanced(parts: Parts, state: sampler.State) -> list[sampler.State]:
    """The state after each step of its decoder."""
    states = []
    with parts.shelf.lease(parts.decoder(state.next_step.network)) as decoder:
        while not state.done:
            [state] = sampler.paint([state], decoder, parts.schedule)
            states.append(state)
    return states


def assert_alike(states: list[sampler.State], recorder: Recorder) -> None:
    assert len(states) == len(recorder.steps) > 0
    for state, stock in zip(states, recorder.steps, strict=True):
        torch.testing.assert_close(state.latents, stock[0], atol=LOOP, rtol=LOOP)


def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


@pytest.mark.parametrize("negative", ["", "blue"], ids=["silence", "negative"])
def test_the_prior_imagines_what_the_stock_prior_does(parts: Parts, words: Words, negative: str) -> None:
    draws = in_order((2 if negative else 1, tiny.WIDTH), STEPS + 1)
    rows = {sampler.WANTED_DRAWS + i: draw[0] for i, draw in enumerate(draws)}
    if negative:
        rows |= {sampler.UNWANTED_DRAWS + i: draw[1] for i, draw in enumerate(draws)}
    recorder = Recorder()
    with stock_prior(parts) as pipe:
        stock = pipe(
            "a red cat",
            negative_prompt=negative or None,
            num_inference_steps=STEPS,
            generator=generator(),
            guidance_scale=4.0,
            callback_on_step_end=recorder.at_step_end,
        )
    noise = Numbered(rows)
    meaning = Meanings(parts, words).of_words("a red cat", negative, "", noise)
    plan = sampler.plan(parts.prior_schedule, Network.PRIOR, STEPS, PRIOR_GUIDANCE)
    state = sampler.State(plan, noise, torch.zeros(4, 8, 8), meaning.ideas, meaning.wanted, meaning.unwanted)
    with parts.shelf.lease(parts.prior) as prior:
        for stock_latents in recorder.steps:
            [state] = sampler.imagine([state], prior, parts.prior_schedule)
            for idea, row in zip(state.ideas, stock_latents, strict=False):
                torch.testing.assert_close(idea.embedding, row, atol=LOOP, rtol=LOOP)
    assert state.done
    assert not state.ideas
    torch.testing.assert_close(state.wanted, stock.image_embeds[0], atol=LOOP, rtol=LOOP)
    torch.testing.assert_close(state.unwanted, stock.negative_image_embeds[0], atol=LOOP, rtol=LOOP)


def test_mixed_pictures_are_the_stock_interpolation(parts: Parts, words: Words) -> None:
    shown = [picture(), picture().rotate(90)]
    with stock_prior(parts) as pipe:
        stock = pipe.interpolate(shown, [0.3, 0.9], num_inference_steps=2, generator=generator())
    media = {f"{i}.png": png(one) for i, one in enumerate(shown)}
    images = [tasks.WeightedImage(image=name, weight=w) for name, w in zip(media, (0.3, 0.9), strict=True)]
    meaning = Meanings(parts, words).of_images(images, "", media, Numbered({}))
    torch.testing.assert_close(meaning.wanted, stock.image_embeds[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(meaning.unwanted, stock.negative_image_embeds[0], atol=1e-4, rtol=1e-4)
    assert not meaning.ideas


def test_a_mixture_without_something_is_the_stock_one(parts: Parts, words: Words) -> None:
    """The last draws of the stock interpolation are those of the negative prompt."""
    with stock_prior(parts) as pipe:
        stock = pipe.interpolate(
            [picture()], [1.0], num_inference_steps=STEPS, generator=generator(), negative_prompt="blue"
        )
    noise = Numbered({sampler.UNWANTED_DRAWS + i: d[0] for i, d in enumerate(in_order((1, tiny.WIDTH), STEPS))})
    images = [tasks.WeightedImage(image="one.png", weight=1.0)]
    meaning = Meanings(parts, words).of_images(images, "blue", {"one.png": png(picture())}, noise)
    plan = sampler.plan(parts.prior_schedule, Network.PRIOR, STEPS, PRIOR_GUIDANCE)
    state = sampler.State(plan, noise, torch.zeros(4, 8, 8), meaning.ideas, meaning.wanted, meaning.unwanted)
    with parts.shelf.lease(parts.prior) as prior:
        while not state.done:
            [state] = sampler.imagine([state], prior, parts.prior_schedule)
    torch.testing.assert_close(state.wanted, stock.image_embeds[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(state.unwanted, stock.negative_image_embeds[0], atol=LOOP, rtol=LOOP)


def test_words_and_pictures_mix_as_in_the_stock_interpolation(parts: Parts, words: Words) -> None:
    """The first draws of the stock interpolation are those of the prompt."""
    with stock_prior(parts) as pipe:
        stock = pipe.interpolate(
            ["a red cat", picture()], [1 / 1.6, 0.5 * 0.6 / 1.6], num_inference_steps=STEPS, generator=generator()
        )
    noise = Numbered({sampler.WANTED_DRAWS + i: draw[0] for i, draw in enumerate(in_order((1, tiny.WIDTH), STEPS + 1))})
    images = (tasks.WeightedImage(image="one.png", weight=0.5),)
    task = tasks.ImageTextFusion(prompt="a red cat", images=images, image_weight=0.6, seed=1)
    meaning = Meanings(parts, words).of_both(task, {"one.png": png(picture())}, noise)
    plan = sampler.plan(parts.prior_schedule, Network.PRIOR, STEPS, PRIOR_GUIDANCE)
    state = sampler.State(plan, noise, torch.zeros(4, 8, 8), meaning.ideas, meaning.wanted, meaning.unwanted)
    with parts.shelf.lease(parts.prior) as prior:
        while not state.done:
            [state] = sampler.imagine([state], prior, parts.prior_schedule)
    torch.testing.assert_close(state.wanted, stock.image_embeds[0], atol=LOOP, rtol=LOOP)
    torch.testing.assert_close(state.unwanted, stock.negative_image_embeds[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("guidance", [3.0, 0.0], ids=["guided", "unguided"])
def test_the_decoder_paints_what_the_stock_decoder_does(
    setting: recipes.Setting, embeddings: tuple[Tensor, Tensor], stock_movq: Any, guidance: float
) -> None:
    wanted, unwanted = embeddings
    recorder = Recorder()
    with stock_decoder(setting.parts, "KandinskyV22Pipeline", stock_movq) as pipe:
        stock = pipe(
            wanted[None],
            unwanted[None],
            height=SIDE,
            width=SIDE,
            num_inference_steps=STEPS,
            guidance_scale=guidance + 1,
            generator=generator(),
            output_type="pt",
            callback_on_step_end=recorder.at_step_end,
        ).images
    plan = setting.decoder(STEPS, guidance)
    state = setting.begun(plan, Meaning(wanted=wanted, unwanted=unwanted), decoder_noise(), SIZE)
    states = advanced(setting.parts, state)
    assert_alike(states, recorder)
    with setting.parts.shelf.lease(setting.parts.movq) as movq:
        torch.testing.assert_close(movq.decode(states[-1].latents[None]), stock, atol=LOOP, rtol=LOOP)


def test_image_to_image_is_the_stock_one(
    setting: recipes.Setting, embeddings: tuple[Tensor, Tensor], stock_movq: Any
) -> None:
    wanted, unwanted = embeddings
    recorder = Recorder()
    with stock_decoder(setting.parts, "KandinskyV22Img2ImgPipeline", stock_movq) as pipe:
        pipe(
            wanted[None],
            picture(),
            unwanted[None],
            height=SIDE,
            width=SIDE,
            num_inference_steps=STEPS,
            strength=0.75,
            generator=generator(),
            output_type="latent",
            callback_on_step_end=recorder.at_step_end,
        )
    plan = setting.decoder(STEPS, 3.0, 0.75)
    start = setting.encode(canvas.tensor(picture()))
    state = setting.begun(plan, Meaning(wanted=wanted, unwanted=unwanted), decoder_noise(), SIZE, start=start)
    assert len(plan) == 3
    assert_alike(advanced(setting.parts, state), recorder)


def test_inpainting_is_the_stock_one(
    setting: recipes.Setting, embeddings: tuple[Tensor, Tensor], stock_movq: Any
) -> None:
    wanted, unwanted = embeddings
    mask = np.zeros((SIDE, SIDE), dtype=np.float32)
    mask[10:30, 20:47] = 1
    mask[50:, :9] = 1
    recorder = Recorder()
    with stock_decoder(setting.parts, "KandinskyV22InpaintPipeline", stock_movq, Network.INPAINTING) as pipe:
        pipe(
            wanted[None],
            picture(),
            Image.fromarray((mask * 255).astype(np.uint8)),
            unwanted[None],
            height=SIDE,
            width=SIDE,
            num_inference_steps=STEPS,
            generator=generator(),
            output_type="latent",
            callback_on_step_end=recorder.at_step_end,
        )
    known = setting.encode(canvas.tensor(picture()))
    condition = sampler.Condition(known=known, keep=inpainting.keep(mask, SIDE, SIDE))
    plan = setting.decoder(STEPS, 3.0, network=Network.INPAINTING)
    meaning = Meaning(wanted=wanted, unwanted=unwanted)
    state = setting.begun(plan, meaning, decoder_noise(), SIZE, condition=condition)
    assert_alike(advanced(setting.parts, state), recorder)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_control_by_depth_is_the_stock_one(
    setting: recipes.Setting, embeddings: tuple[Tensor, Tensor], stock_movq: Any, strength: float
) -> None:
    wanted, unwanted = embeddings
    hint = (canvas.tensor(picture()) + 1) / 2
    names = {1.0: "KandinskyV22ControlnetPipeline", 0.5: "KandinskyV22ControlnetImg2ImgPipeline"}
    own: dict[str, Any] = {} if strength == 1.0 else {"image": picture(), "strength": strength}
    recorder = Recorder()
    with stock_decoder(setting.parts, names[strength], stock_movq, Network.DEPTH) as pipe:
        pipe(
            image_embeds=wanted[None],
            negative_image_embeds=unwanted[None],
            hint=hint[None],
            height=SIDE,
            width=SIDE,
            num_inference_steps=STEPS,
            generator=generator(),
            output_type="pt",
            callback=recorder,
            **own,
        )
    start = None if strength == 1.0 else setting.encode(canvas.tensor(picture()))
    plan = setting.decoder(STEPS, 3.0, strength, Network.DEPTH)
    meaning, condition = Meaning(wanted=wanted, unwanted=unwanted), sampler.Condition(hint=hint)
    state = setting.begun(plan, meaning, decoder_noise(), SIZE, start=start, condition=condition)
    assert_alike(advanced(setting.parts, state), recorder)


def painted(setting: recipes.Setting, state: sampler.State) -> Tensor:
    return advanced(setting.parts, state)[-1].latents


def shows(mistaken: Tensor, right: Tensor) -> bool:
    """Whether a mistake is far over the limits of this file."""
    return bool((mistaken - right).abs().max() > 20 * LOOP)


def test_guidance_in_the_convention_of_kandinsky_3_shows(
    setting: recipes.Setting, embeddings: tuple[Tensor, Tensor]
) -> None:
    meaning = Meaning(wanted=embeddings[0], unwanted=embeddings[1])
    right = setting.begun(setting.decoder(STEPS, 3.0), meaning, decoder_noise(), SIZE)
    off_by_one = setting.begun(setting.decoder(STEPS, 2.0), meaning, decoder_noise(), SIZE)
    swapped = dataclasses.replace(right, wanted=right.unwanted, unwanted=right.wanted)
    assert shows(painted(setting, off_by_one), painted(setting, right))
    assert shows(painted(setting, swapped), painted(setting, right))


def test_a_mask_the_other_way_round_and_other_channels_show(
    setting: recipes.Setting, embeddings: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = np.zeros((SIDE, SIDE), dtype=np.float32)
    mask[10:40, 20:47] = 1
    known, keep = setting.encode(canvas.tensor(picture())), inpainting.keep(mask, SIDE, SIDE)
    meaning = Meaning(wanted=embeddings[0], unwanted=embeddings[1])
    plan = setting.decoder(STEPS, 3.0, network=Network.INPAINTING)

    def begun(keep: Tensor) -> sampler.State:
        condition = sampler.Condition(known=known, keep=keep)
        return setting.begun(plan, meaning, decoder_noise(), SIZE, condition=condition)

    right = painted(setting, begun(keep))
    assert shows(painted(setting, begun(1 - keep)), right)
    monkeypatch.setattr(sampler, "_seen", lambda state: torch.cat([state.latents, keep, known * keep]))  # Kandinsky 3's
    assert shows(painted(setting, begun(keep)), right)


def test_a_depth_map_in_the_range_of_pictures_shows(
    setting: recipes.Setting, embeddings: tuple[Tensor, Tensor]
) -> None:
    hint, plan = canvas.tensor(picture()), setting.decoder(STEPS, 3.0, network=Network.DEPTH)
    meaning = Meaning(wanted=embeddings[0], unwanted=embeddings[1])
    right, mistaken = (
        setting.begun(plan, meaning, decoder_noise(), SIZE, condition=sampler.Condition(hint=one))
        for one in ((hint + 1) / 2, hint)
    )
    assert shows(painted(setting, mistaken), painted(setting, right))


def test_nothing_is_the_embedding_of_an_empty_picture_and_weights_are_not_shared_out(
    parts: Parts, words: Words
) -> None:
    images = [tasks.WeightedImage(image="one.png", weight=weight) for weight in (0.3, 0.9)]
    meaning = Meanings(parts, words).of_images(images, "", {"one.png": png(picture())}, Numbered({}))
    whole = [tasks.WeightedImage(image="one.png", weight=1.0)]
    alone = Meanings(parts, words).of_images(whole, "", {"one.png": png(picture())}, Numbered({}))
    assert meaning.wanted is not None
    assert alone.wanted is not None
    assert meaning.unwanted is not None
    torch.testing.assert_close(meaning.wanted, 1.2 * alone.wanted)
    assert meaning.unwanted.abs().max() > 0.01
