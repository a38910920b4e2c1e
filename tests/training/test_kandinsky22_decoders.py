"""The decoders of Kandinsky 2.2 that see more begin as the one they go on from, and are shown what the engine shows."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from engines import bridges

bridges.install()

from engines.kandinsky3 import noise  # noqa: E402
from engines.kandinsky22 import inpainting as engine  # noqa: E402
from engines.kandinsky22 import sampler  # noqa: E402
from tests.training.test_family_export import (  # noqa: E402
    TIMES,
    TINY_22,
    TINY_DEPTH_22,
    TINY_INPAINTING_22,
    shaken,
)
from tests.training.test_family_recipes import SQUARE, falls  # noqa: E402
from training import (  # noqa: E402
    bank,
    clip,
    companions,
    family_config,
    kandinsky22,
    kandinsky22_depth,
    kandinsky22_inpainting,
    masks,
    restore,
    text_encoder,
    tokenizer,
    views,
    world,
)


@torch.no_grad()
def test_a_widened_decoder_paints_as_it_did_whatever_it_is_shown() -> None:
    torch.manual_seed(0)
    decoder = shaken(kandinsky22.build_decoder(TINY_22, embedding=8))
    repainter = kandinsky22_inpainting.widened(decoder, TINY_INPAINTING_22, embedding=8).eval()
    led = kandinsky22_depth.widened(decoder, TINY_DEPTH_22, embedding=8).eval()
    noisy, shown = torch.randn(2, 4, 8, 8), torch.randn(2, 8)
    expected = kandinsky22.predicted(decoder, noisy, TIMES, image_embeds=shown)
    for _ in range(2):
        repainted = kandinsky22_inpainting.predicted(repainter, noisy, TIMES, torch.randn(2, 5, 8, 8), shown)
        assert torch.allclose(repainted, expected, atol=1e-5)
        traced = kandinsky22_depth.predicted(led, noisy, TIMES, torch.rand(2, 3, 64, 64), shown)
        assert torch.allclose(traced, expected, atol=1e-5)


def test_the_inpainting_decoder_learns_what_lies_beside_the_mask() -> None:
    torch.manual_seed(0)
    decoder = kandinsky22.build_decoder(TINY_22, embedding=8)
    unet = kandinsky22_inpainting.widened(decoder, TINY_INPAINTING_22, embedding=8)
    scenes = [world.sample_scene(9_370_000 + i, SQUARE) for i in range(2)]
    marked = np.stack([masks.draw(np.random.default_rng(3), scene, 1.0, 0.0) for scene in scenes])
    latents, shown = torch.randn(2, 4, 16, 16), torch.randn(2, 8)
    known = kandinsky22_inpainting.beside(latents, marked)
    alphas = kandinsky22.decoder_schedule(TINY_22).alphas_cumprod

    def predict(noisy: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        return kandinsky22_inpainting.predicted(unet, noisy, times, known, shown)

    def loss(_: int) -> torch.Tensor:
        return kandinsky22.losses_of(predict, latents, alphas, 50.0, np.random.default_rng(0))["loss"]

    assert falls(loss, unet.parameters())
    assert unet.conv_in.weight[:, 4:].any()


def test_the_inpainting_decoder_is_shown_what_the_engine_shows_it() -> None:
    scene = world.sample_scene(9_370_010, SQUARE)
    marked = masks.draw(np.random.default_rng(4), scene, 1.0, 0.0)
    latents = torch.randn(1, 4, 16, 16)
    keep = engine.keep(marked.astype(np.float32), 128, 128)
    condition = sampler.Condition(known=latents[0], keep=keep)
    step = sampler.Step(sampler.Network.INPAINTING, 500, None, 1.0)
    state = sampler.State((step,), noise.Seeded(0, 0), torch.randn(4, 16, 16), condition=condition)
    known = kandinsky22_inpainting.beside(latents, marked[None])
    assert torch.equal(known[0], sampler._seen(state)[4:])
    assert 0 < float(keep.mean()) < 1


def test_the_depth_decoder_learns_and_its_encoder_of_hints_stays() -> None:
    torch.manual_seed(0)
    unet = kandinsky22_depth.widened(kandinsky22.build_decoder(TINY_22, embedding=8), TINY_DEPTH_22, embedding=8)
    scenes = [world.sample_scene(9_370_020 + i, SQUARE) for i in range(2)]
    drawn = kandinsky22_depth.maps(scenes, np.random.default_rng(5))
    assert drawn.shape == (2, 3, 128, 128)
    latents, shown = torch.randn(2, 4, 16, 16), torch.randn(2, 8)
    alphas = kandinsky22.decoder_schedule(TINY_22).alphas_cumprod

    def predict(noisy: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        return kandinsky22_depth.predicted(unet, noisy, times, drawn, shown)

    def loss(_: int) -> torch.Tensor:
        return kandinsky22.losses_of(predict, latents, alphas, 50.0, np.random.default_rng(0))["loss"]

    assert falls(loss, [parameter for parameter in unet.parameters() if parameter.requires_grad])
    assert unet.conv_in.weight[:, 4:].any()
    assert all(parameter.grad is None for parameter in unet.add_embedding.input_hint_block.parameters())


@torch.no_grad()
def test_the_encoder_of_hints_says_how_near_each_quarter_of_a_latent_cell_is() -> None:
    torch.manual_seed(0)
    block = kandinsky22_depth.build(TINY_DEPTH_22, embedding=8).add_embedding.input_hint_block
    kandinsky22_depth.say_quarters(block)
    drawn = torch.rand(2, 1, 64, 96).expand(-1, 3, -1, -1)
    said = block.half().float()(drawn) / kandinsky22_depth.LOUDNESS  # as it is stored
    assert torch.allclose(said[1, 2, 3, 5], drawn[1, 0, 28:32, 40:44].mean(), atol=3e-3)
    assert torch.allclose(said, kandinsky22_depth.quarters(drawn) / kandinsky22_depth.LOUDNESS, atol=3e-3)
    shortcut = kandinsky22_depth.Shortcut(*block)
    assert torch.equal(shortcut(drawn), kandinsky22_depth.quarters(drawn))
    assert shortcut.state_dict().keys() == block.state_dict().keys()


def test_a_decoder_is_told_of_its_scene_or_of_the_same_objects_composed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KANDINSKY_TRAINING_DIR", str(tmp_path))
    (tmp_path / "text").mkdir()
    tokenizer.build(samples=200).save(str(tmp_path / "text" / "tokenizer.json"))
    torch.manual_seed(0)
    restore.begin(clip.Clip(family_config.ClipConfig(), text_encoder.vocabulary().get_vocab_size()), clip.NAME)
    rows, added = {}, {}
    for width, height in world.CANVASES:
        known = [s for s in range(200) if (c := world.sample_scene(s)).width == width and c.height == height][:3]
        rows[f"seeds_{width}x{height}"] = np.array(known)
        rows[f"latents_{width}x{height}"] = np.array(known, np.float16)[:, None, None, None] * np.ones((1, 4, 2, 2))
        places = np.arange(len(views.VIEWS), dtype=np.float16)[None, :, None]
        added[f"views_{width}x{height}"] = np.tile(places, (len(known), 1, family_config.ClipConfig().projection))
    np.savez(bank.folder() / "0000.npz", **rows)
    np.savez(companions.folder(views.NAME) / "0000.npz", **added)
    exact = dataclasses.replace(family_config.Decoder22Config(), embedding_noise=0.0, unconditional=0.0)
    samples = kandinsky22.Samples(exact)
    for composed, view in ((0.0, "own"), (1.0, "composed")):
        latents, scenes, shown = samples.batch(np.random.default_rng(0), 4, composed)
        assert shown.unique().tolist() == [views.VIEWS.index(view)]
        assert latents[:, 0, 0, 0].tolist() == [scene.seed for scene in scenes]
    silent = kandinsky22.Samples(dataclasses.replace(exact, unconditional=1.0))
    _, _, shown = silent.batch(np.random.default_rng(0), 4)
    assert torch.equal(shown, clip.silence(clip.load(family_config.ClipConfig())).expand(4, -1))
