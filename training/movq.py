"""MoVQ (paper section 4): the autoencoder whose latents the U-Net paints in.

Differences forced by scale: widths 32/32/64/64 instead of 256/512/512/1024; no codebook and no adversarial or
perceptual loss (flat shapes need sharp edges, which a weighted L1 gives), latents stay continuous as they do in
every official Kandinsky 3 pipeline. The sampler's dynamic thresholding presumes latents inside [-1, 1], so after
training an affine map is folded into the weights: see `fold`.
"""

from typing import Any

import numpy as np
import torch
from diffusers import VQModel as VQModel  # other recipes name the type as `movq.VQModel`
from torch import Tensor, nn
from torch.nn import functional

from training import config, loop, renderer, world


def build(original: dict[str, Any]) -> VQModel:
    """The stock class for a config in the original form (ch, ch_mult, num_res_blocks, z_channels...)."""
    widths = tuple(original["ch"] * factor for factor in original["ch_mult"])
    plain = len(widths) - 1
    return VQModel(
        block_out_channels=widths,
        layers_per_block=original["num_res_blocks"],
        latent_channels=original["z_channels"],
        vq_embed_dim=original["z_channels"],
        num_vq_embeddings=16,  # unused: latents are never quantised
        norm_type="spatial",
        down_block_types=("DownEncoderBlock2D",) * plain + ("AttnDownEncoderBlock2D",),
        up_block_types=("AttnUpDecoderBlock2D",) + ("UpDecoderBlock2D",) * plain,
    )


def encode(movq: VQModel, pictures: Tensor) -> Tensor:
    """Latents [B, 4, H/8, W/8] of pictures [B, 3, H, W] in [-1, 1]."""
    latents: Tensor = movq.encode(pictures, return_dict=False)[0]
    return latents


def decode(movq: VQModel, latents: Tensor) -> Tensor:
    """Pictures [B, 3, 8h, 8w], about [-1, 1], of latents [B, 4, h, w]."""
    pictures: Tensor = movq.decode(latents, force_not_quantize=True, return_dict=False)[0]
    return pictures


def to_tensor(pictures: np.ndarray) -> Tensor:
    """uint8 [B, H, W, 3] -> float32 [B, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def edges(pictures: Tensor) -> Tensor:
    """Where a picture changes: [B, 1, H, W] in [0, 1], one pixel wide on both sides of every edge."""
    dx = (pictures[..., :, 1:] - pictures[..., :, :-1]).abs().mean(1, keepdim=True)
    dy = (pictures[..., 1:, :] - pictures[..., :-1, :]).abs().mean(1, keepdim=True)
    both = functional.pad(dx, (0, 1)) + functional.pad(dx, (1, 0))
    both = both + functional.pad(dy, (0, 0, 0, 1)) + functional.pad(dy, (0, 0, 1, 0))
    return functional.max_pool2d((both * 2).clamp(max=1), 3, 1, 1)


class Pictures:
    """A pool of rendered scenes, and random batches of crops around their objects or of whole pictures.

    With `rare_twice`, styles other than flat are twice as frequent as in the world.
    """

    def __init__(self, count: int, seed: int, *, rare_twice: bool) -> None:
        scenes = [world.sample_scene(seed + i) for i in range(count)]
        if rare_twice:
            more = (world.sample_scene(seed + count + i) for i in range(count))
            scenes += [scene for scene in more if scene.style != "flat"]
        self.scenes = scenes
        self.pictures = [renderer.render(scene) for scene in scenes]
        self.square = [i for i, scene in enumerate(scenes) if scene.width == scene.height]

    def crops(self, rng: np.random.Generator, batch: int, size: int) -> Tensor:
        out = []
        for index in rng.integers(len(self.scenes), size=batch):
            scene, picture = self.scenes[index], self.pictures[index]
            thing = scene.things[rng.integers(len(scene.things))]
            reach = thing.radius + 8
            x = int(np.clip(thing.cx + rng.uniform(-reach, reach) - size / 2, 0, scene.width - size))
            y = int(np.clip(thing.cy + rng.uniform(-reach, reach) - size / 2, 0, scene.height - size))
            out.append(picture[y : y + size, x : x + size])
        return to_tensor(np.stack(out))

    def whole(self, rng: np.random.Generator, batch: int) -> Tensor:
        return to_tensor(np.stack([self.pictures[self.square[i]] for i in rng.integers(len(self.square), size=batch)]))


TRANSFORMS = ("none", "mirror", "turn", "halve")


def transformed(latents: Tensor, pictures: Tensor, kind: int) -> tuple[Tensor, Tensor]:
    """The same plane map on latents and on the pictures that they should decode to.

    A latent space in which mirroring, turning and shrinking mean what they mean in pixels has less in it that the
    U-Net would have to learn by heart.
    """
    if TRANSFORMS[kind] == "mirror":
        return latents.flip(-1), pictures.flip(-1)
    if TRANSFORMS[kind] == "turn":
        return latents.transpose(2, 3).flip(-1), pictures.transpose(2, 3).flip(-1)
    if TRANSFORMS[kind] == "halve":
        return functional.avg_pool2d(latents, 2), functional.avg_pool2d(pictures, 2)
    return latents, pictures


def train(settings: config.MovqConfig, stop_at: float | None = None) -> VQModel:
    """Train (or go on training) the autoencoder; returns it unfolded."""
    torch.manual_seed(0)
    movq = build(settings.original).to(memory_format=torch.channels_last)
    torch.manual_seed(1 + loop.worker())
    pool = Pictures(settings.scenes, seed=10_000_000, rare_twice=True)  # every kind of picture must survive

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 2, loop.worker()))
        if share < settings.whole_from:
            pictures = pool.crops(rng, settings.batch, settings.crop_px)
        else:
            pictures = pool.whole(rng, settings.whole_batch)
        latents = encode(movq, pictures.contiguous(memory_format=torch.channels_last))
        spread = latents.detach().std(dim=(0, 2, 3), keepdim=True)
        shares = torch.rand(len(latents), 1, 1, 1)
        noisy = latents + settings.latent_noise * shares * spread * torch.randn_like(latents)
        noisy, pictures = transformed(noisy, pictures, int(rng.choice(len(TRANSFORMS), p=settings.transform_shares)))
        painted = decode(movq, noisy)
        weight = 1 + settings.edge_weight * edges(pictures)
        error = painted - pictures
        l1 = (weight * error.abs()).mean()
        l2 = (weight * error.square()).mean()
        # A gentle pull towards a centred, unit-sized latent keeps every kind of scene on one scale.
        size = (latents.square().mean() - 1).clamp(min=0) + latents.abs().sub(2.2).clamp(min=0).square().mean()
        return {"loss": l1 + 2 * l2 + 0.01 * size, "mse": error.square().mean(), "l1": l1, "size": size}

    folder = config.workspace() / "movq"
    loop.run(movq, losses, settings, folder, stop_at=stop_at, weight_decay=0.0)
    return movq


@torch.no_grad()
def fold(movq: VQModel, shift: Tensor, scale: Tensor) -> None:
    """Replace the latent z by (z - shift) / scale [4] inside the weights; decode(encode(x)) stays the same.

    The decoder sees z twice: through `post_quant_conv`, and raw, as the modulation of every spatial norm
    (conv_y, conv_b: 1x1 convolutions of z), so all of them undo the map.
    """
    movq.quant_conv.weight.div_(scale.view(-1, 1, 1, 1))
    movq.quant_conv.bias.sub_(shift).div_(scale)
    readers = [movq.post_quant_conv]
    for name, module in movq.decoder.named_modules():
        if name.endswith((".conv_y", ".conv_b")):
            readers.append(module)
    for reader in readers:
        assert isinstance(reader, nn.Conv2d)
        assert reader.kernel_size == (1, 1)
        assert reader.bias is not None
        reader.bias.add_((reader.weight[:, :, 0, 0] * shift).sum(1))
        reader.weight.mul_(scale.view(1, -1, 1, 1))


@torch.no_grad()
def normalise(movq: VQModel, scenes: list[world.Scene], reach: float, share: float = 0.995) -> dict[str, list[float]]:
    """Fold the map that centres the latents of these scenes and puts `share` of all values into [-reach, reach]."""
    latents = torch.cat([encode(movq, to_tensor(renderer.render(s)[None])).flatten(2)[0] for s in scenes], 1)
    low, high = (
        torch.quantile(latents[:, :: max(1, latents.shape[1] // 200_000)], q, dim=1) for q in (1 - share, share)
    )
    shift, scale = (low + high) / 2, (high - low) / (2 * reach)
    fold(movq, shift, scale)
    folded = (latents - shift[:, None]) / scale[:, None]
    return {"mean": folded.mean(1).tolist(), "std": folded.std(1).tolist()}


def finish(settings: config.MovqConfig) -> dict[str, list[float]]:
    """Fold the normalisation into the trained weights and keep them as `movq/folded.pt`."""
    movq = build(settings.original)
    state = torch.load(config.workspace() / "movq" / "checkpoint.pt", weights_only=True)
    movq.load_state_dict(state["module"])
    movq.load_state_dict(state["average"] or {}, strict=False)
    scenes = [world.sample_scene(40_000_000 + i) for i in range(1500)]
    scenes = [s for s in scenes if s.style != "flat"] + scenes[:400]
    statistics = normalise(movq.eval(), scenes, settings.latent_reach)
    torch.save(movq.state_dict(), config.workspace() / "movq" / "folded.pt")
    return statistics


def load_folded(settings: config.MovqConfig) -> VQModel:
    """The autoencoder as its own recipe left it, folded."""
    movq = build(settings.original)
    movq.load_state_dict(torch.load(config.workspace() / "movq" / "folded.pt", weights_only=True))
    return movq.eval()


def load(settings: config.MovqConfig) -> VQModel:
    """The folded autoencoder, frozen, with the decoder of the recipe `decoder` where that has run."""
    movq = load_folded(settings)
    later = config.workspace() / "decoder" / "checkpoint.pt"
    if later.exists():
        state = torch.load(later, weights_only=True)
        movq.load_state_dict(state["module"])
        movq.load_state_dict(state["average"], strict=False)
    return movq.requires_grad_(False)


@torch.no_grad()
def psnr(movq: VQModel, scenes: list[world.Scene]) -> float:
    """Mean peak signal-to-noise ratio in dB of the reconstructions, on 8-bit pictures."""
    values = []
    for scene in scenes:
        picture = renderer.render(scene)
        painted = decode(movq, encode(movq, to_tensor(picture[None])))[0].permute(1, 2, 0)
        eight_bit = ((painted + 1) * 127.5).round().clamp(0, 255).numpy()
        values.append(10 * np.log10(255**2 / max(1e-9, np.mean((eight_bit - picture) ** 2))))
    return float(np.mean(values))
