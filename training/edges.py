"""The hint U-Net of style transfer (paper section 5.4): the base tuned as a whole, its first layer told the edges.

As the official checkpoint it has no control scale: what the hint block sees is added to the input layer's output. The
fork's dialect holds, in which no text is silent zeros. Hints come from the small HED on the scene drawn in any style,
the target is drawn in its own, and the caption says its colours and its style: edges stay, everything else is the
text's. Forced by scale: where the text says everything the hint is hardly worth hearing, and seven hundred steps did
not make it heard. So the hint block first learns what lies on which side of an edge (`hints.py`), and in the first half
of a run half of the samples are silent, so that only the hint says what there is.
"""

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engines.kandinsky3 import hed as detection
from engines.kandinsky3.control import hint_block
from training import (
    base,
    captions,
    companions,
    config,
    family_config,
    hed,
    hints,
    lessons,
    loop,
    renderer,
    runtime,
    world,
)

NAME = "edges"
FLAT_HINTS = 0.6  # share of hints that are taken from the flat drawing, whatever style the target has


class Tracer(base.Painter):
    """A `Painter` with a hint block."""

    def __init__(self, original: dict[str, Any]) -> None:
        super().__init__(original)
        self.hint_block = hint_block.HintBlock(original["init_channels"])
        assert self.hint_block.out.bias is not None
        nn.init.zeros_(self.hint_block.out.weight)
        nn.init.zeros_(self.hint_block.out.bias)
        self._features: Tensor | None = None
        self.unet.conv_in.register_forward_hook(self._add_features)

    def _add_features(self, _layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output if self._features is None else output + self._features

    def traced(
        self, noisy: Tensor, times: Tensor, context: Tensor, mask: Tensor, rows: Tensor, hints: Tensor
    ) -> Tensor:
        """Predicted noise, given hints [B, 3, 8h, 8w] in 0..1."""
        self._features = self.hint_block(hints)
        try:
            predicted: Tensor = self(noisy, times, context, mask, rows)
            return predicted
        finally:
            self._features = None


def additions(detector: detection.HED) -> companions.Make:
    """`hint` uint8 [n, height, width]: what the detector sees in the scene, drawn in some style, 255 for an edge."""

    def make(scenes: list[world.Scene], rng: np.random.Generator) -> companions.Arrays:
        pictures = np.stack([renderer.render(hed.restyled(scene, rng, FLAT_HINTS)) for scene in scenes])
        with torch.inference_mode():
            seen = detector(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)
        return {"hint": (seen[:, 0] * 255).round().byte().numpy()}

    return make


def unplaced(scene: world.Scene) -> world.Scene:
    """The scene as a caption shall have it: where things are and how large is the hint's to say."""
    things = tuple(dataclasses.replace(thing, place=None, size="medium") for thing in scene.things)
    return dataclasses.replace(scene, things=things)


def train(settings: family_config.EdgesConfig, stop_at: float | None = None) -> Tracer:
    """Train (or go on training) the hint U-Net from the base checkpoint."""
    companions.grow(NAME, settings.chunks, additions(hed.load(family_config.HedConfig())), stop_at)
    original = config.BaseConfig().original
    torch.manual_seed(0)
    tracer = Tracer(original)
    tracer.load_state_dict(base.load("base", original).state_dict(), strict=False)
    tracer.null_embedding.requires_grad_(False)  # the fork has none
    runtime.channels_last(tracer)
    torch.manual_seed(1 + loop.worker())
    prompts, rows = base.load_prompts(), companions.Companions(NAME)

    def seen(rng: np.random.Generator, count: int) -> tuple[Tensor, list[world.Scene]]:
        _, scenes, added = rows.batch(rng, count)
        return hints.shown(added), scenes

    if not (config.workspace() / NAME / "checkpoint.pt").exists():
        hints.teach(tracer.hint_block, seen, settings.hints, hints.NAME)
    # what it says is small, and a step of the optimiser would be as large as its last weights
    tracer.hint_block.requires_grad_(False)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 15, loop.worker()))
        latents, batch, added = rows.batch(rng, settings.batch)
        shown = hints.shown(added)
        shown = shown * torch.from_numpy(rng.random(len(batch)) >= settings.hintless)[:, None, None, None]
        hidden, mask = prompts.encode([captions.caption(unplaced(scene), rng) for scene in batch])
        context, long = lessons.fork_context(tracer, hidden, mask), mask.sum(1) + 1
        silent = settings.silent_at_first if share < 0.5 else settings.unconditional
        context, mask = lessons.silenced(context, mask, torch.from_numpy(rng.random(len(batch)) < silent))
        noisy, noise, times = lessons.noised(latents, rng)
        shown = shown.contiguous(memory_format=torch.channels_last)
        return base.weighted_losses(
            tracer.traced(noisy, times, context, mask, long, shown), noise, times, settings.weight_cap
        )

    loop.run(tracer, losses, settings, config.workspace() / NAME, stop_at=stop_at)
    return tracer


def load() -> Tracer:
    """The averaged weights of the checkpoint."""
    return loop.restored(Tracer(config.BaseConfig().original), config.workspace() / NAME)
