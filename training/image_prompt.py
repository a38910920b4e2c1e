"""The image prompt (paper section 5.4, IP-Adapter): image attention beside the text's, on the frozen base.

As in the paper only the added layers learn; a picture is one CLIP embedding, four tokens. The fork's dialect holds:
no text is silent zeros, no picture is the embedding of an all-zero pixel tensor. Text is left out of half of the
samples.

Forced by scale: what a picture must mean is shown, not hoped for. The picture is seldom the target itself but another
with the same objects (so that a variation is not a copy); or the same objects elsewhere, while the text says where
they are now (so that text and image add up); or two pictures in one sum of embeddings, each with one of two objects
(fusion). A sum does not say which of the two is to stand on the left, and a network that may choose at every place of a
noisy picture paints both in one colour: the order of the colours in `world.COLOURS` says it, the earlier one is on the
left. And the last steps are taken together with the base (`together.py`).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engines.kandinsky3 import image_prompt
from training import base, captions, clip, companions, config, family_config, lessons, loop, views, world

NAME = "image_prompt"
# A sample shows a view of the scene, or nothing, and says something about it, or nothing. `fused` replaces another kind
# for most scenes with two objects side by side: the small CLIP sees little of two in one picture.
KINDS = ("own", "composed", "elsewhere", "fused", "captioned", "unseen", "nothing")
FUSED = 0.9
COMPOSITIONS = {"single": 0.5, "beside": 0.5}  # shares of a batch
DRAWN = 5  # scenes for each sample that is taken
STOCK_TEXTS = ("4k photo", "photo", "high quality photo", "beautiful art", "фото", "картинка")
VIEW_OF = {"own": "own", "composed": "composed", "elsewhere": "elsewhere", "captioned": "composed"}


class Prompter(nn.Module):
    """The adapter, which is all that learns, around a frozen painter."""

    def __init__(self, painter: base.Painter, tokens: int, embedding: int) -> None:
        super().__init__()
        self._painter = [painter.requires_grad_(False)]  # in a list: neither saved nor averaged
        self.listening = image_prompt.cross_attentions(painter.unet)
        layers = {name: attention.out_dim for name, attention in self.listening.items()}
        width = painter.null_embedding.numel()
        self.adapter = image_prompt.Adapter(image_prompt.AdapterSizes(layers, width, embedding, tokens))

    @property
    def painter(self) -> base.Painter:
        return self._painter[0]

    def forward(
        self, noisy: Tensor, times: Tensor, context: Tensor, mask: Tensor, rows: Tensor, embeddings: Tensor
    ) -> Tensor:
        """Predicted noise, given the embedding [B, D] of what each sample shows."""
        tokens, weights = self.adapter.tokens(embeddings), torch.ones(1, 1, 1)
        for attention, layer in zip(self.listening.values(), self.adapter.attentions, strict=True):
            assert isinstance(layer, image_prompt.ImageAttention)
            attention.processor = image_prompt.ImageAttentionProcessor(layer, tokens, weights)
        predicted: Tensor = self.painter(noisy, times, context, mask, rows)
        return predicted


def kind(scene: world.Scene, shares: tuple[float, ...], rng: np.random.Generator) -> str:
    """What a sample of this scene shows and says."""
    if lessons.composition(scene) == "beside" and rng.random() < FUSED:
        return "fused"
    weights = np.array([0.0 if name == "fused" else share for name, share in zip(KINDS, shares, strict=True)])
    if scene.style != "flat":
        weights[KINDS.index("elsewhere")] *= 2.5
    return str(rng.choice(KINDS, p=weights / weights.sum()))


def said(chosen: str, scene: world.Scene, changes: int, rng: np.random.Generator) -> str:
    """The text of a sample; "" where it is silent."""
    if chosen in ("captioned", "unseen"):
        return captions.caption(scene, rng)
    if chosen == "elsewhere":
        regrounded = bool(changes & views.SHOWN_STYLE["regrounded"])
        return captions.setting(scene, rng, regrounded, bool(changes & views.SHOWN_STYLE["restyled"]))
    stock = chosen != "nothing" and rng.random() < 0.4
    return STOCK_TEXTS[rng.integers(len(STOCK_TEXTS))] if stock else ""


def shown(chosen: str, seen: Tensor, silence: Tensor, rng: np.random.Generator) -> Tensor:
    """The embedding [D] that a sample shows, of the row's views [V, D]."""
    if chosen == "fused":
        weight = float(rng.uniform(0.35, 0.65))
        return weight * seen[views.VIEWS.index("first")] + (1 - weight) * seen[views.VIEWS.index("second")]
    return seen[views.VIEWS.index(VIEW_OF[chosen])] if chosen in VIEW_OF else silence


def in_order(latents: Tensor, scene: world.Scene) -> Tensor:
    """Latents [4, h, w] of two objects side by side, mirrored where they do not stand in the order of a fusion."""
    rank = list(world.COLOURS).index
    left, right = sorted(scene.things, key=lambda thing: thing.cx)
    return latents.flip(-1) if rank(left.colour) > rank(right.colour) else latents


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples: latents [B, 4, h, w], what each says (context, mask, rows) and the embedding [B, D] that it shows."""

    latents: Tensor
    context: Tensor
    mask: Tensor
    rows: Tensor
    embeddings: Tensor


class Samples:
    """Scenes of the bank, with what is shown and said of each."""

    def __init__(self, settings: family_config.ImagePromptConfig, encoder: clip.Clip) -> None:
        self._settings = settings
        self._prompts, self._rows = base.load_prompts(), companions.Companions(views.NAME)
        self._silence, (_, self._spread) = clip.silence(encoder), views.statistics(self._rows)

    def batch(self, painter: base.Painter, size: int, rng: np.random.Generator) -> Batch:
        """Samples of one canvas, in the painter's own words."""
        settings = self._settings
        latents, scenes, added = self._rows.batch(rng, DRAWN * size)
        taken = lessons.portioned(scenes, COMPOSITIONS, size)
        latents, scenes = latents[taken], [scenes[place] for place in taken]
        seen = torch.from_numpy(added["views"][taken]).float()
        chosen = [kind(scene, settings.shares, rng) for scene in scenes]
        fused = [place for place, one in enumerate(chosen) if one == "fused"]
        for place in fused:
            latents[place] = in_order(latents[place], scenes[place])
        texts = [said(*one, rng) for one in zip(chosen, scenes, added["changes"][taken].tolist(), strict=True)]
        embeddings = torch.stack([shown(one, row, self._silence, rng) for one, row in zip(chosen, seen, strict=True)])
        blur = settings.embedding_noise * torch.rand(len(scenes), 1) * self._spread
        blind = torch.tensor([one in ("unseen", "nothing") for one in chosen])
        embeddings = embeddings + blur * torch.randn_like(embeddings) * ~blind[:, None]
        hidden, mask = self._prompts.encode(texts)
        context, rows = lessons.fork_context(painter, hidden, mask), mask.sum(1) + 1
        context, mask = lessons.silenced(context, mask, torch.tensor([not text for text in texts]))
        return Batch(latents, context, mask, rows, embeddings)


def losses_of(
    prompter: Prompter, batch: Batch, settings: family_config.ImagePromptConfig, rng: np.random.Generator
) -> loop.Losses:
    """The loss of samples at random times."""
    noisy, noise, times = lessons.noised(batch.latents, rng, settings.early)
    predicted = prompter(noisy, times, batch.context, batch.mask, batch.rows, batch.embeddings)
    return base.weighted_losses(predicted, noise, times, settings.weight_cap)


def prepared(settings: family_config.ImagePromptConfig, stop_at: float | None = None) -> tuple[Prompter, Samples]:
    """A new adapter on the base checkpoint, and its samples, whose embeddings are made where they are missing."""
    encoder = clip.load(family_config.ClipConfig())
    companions.grow(views.NAME, settings.chunks, views.additions(encoder), stop_at)
    torch.manual_seed(0)
    painter = base.load("base", config.BaseConfig().original)
    painter.unet.to(memory_format=torch.channels_last)
    prompter = Prompter(painter, settings.tokens, encoder.settings.projection)
    torch.manual_seed(1 + loop.worker())
    return prompter, Samples(settings, encoder)


def train(settings: family_config.ImagePromptConfig, stop_at: float | None = None) -> Prompter:
    """Train (or go on training) the adapter on the base checkpoint and the small CLIP."""
    prompter, samples = prepared(settings, stop_at)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 11, loop.worker()))
        return losses_of(prompter, samples.batch(prompter.painter, settings.batch, rng), settings, rng)

    loop.run(prompter, losses, settings, config.workspace() / NAME, stop_at=stop_at)
    return prompter


def load(settings: family_config.ImagePromptConfig) -> Prompter:
    """The averaged adapter on the base checkpoint."""
    painter = base.load("base", config.BaseConfig().original)
    prompter = Prompter(painter, settings.tokens, family_config.ClipConfig().projection)
    return loop.restored(prompter, config.workspace() / NAME)
