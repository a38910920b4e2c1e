"""The side networks of version 2 (not in the paper; official weights of 2024): depth and drawings lead a frozen base.

As in the official checkpoints the base stays as it is, and its projection of the text serves both; the side network
begins as a copy of its way down. After each level a 1x1 convolution replaces the stream, so it cannot begin at zero as
other control networks do, or nothing would reach the level below: it begins as a tenth of what passes. The dialect is
the fork's, whose unconditional half is the empty text. Forced by scale: the hint block learns alone first which side of
a line is the object (`hints.py`), and in the first half of a run many samples are without words.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import tasks
from engines.kandinsky3 import unet
from engines.kandinsky3.control import hints as preparations
from engines.kandinsky3.control import side_network, walk
from training import (
    base,
    captions,
    companions,
    config,
    depths,
    edges,
    family_config,
    hed,
    hints,
    lessons,
    loop,
    runtime,
    world,
)

Draw = Callable[[list[world.Scene], companions.Arrays, np.random.Generator], Tensor]


def name(control: tasks.Control) -> str:
    """The recipe's, and its folder's."""
    return f"side_{control}"


class Steered(nn.Module):
    """A frozen base with its projection, and the side network that learns."""

    def __init__(self, painter: base.Painter, original: dict[str, Any]) -> None:
        super().__init__()
        sizes = unet.UNetConfig(**original)
        self.painter = painter.requires_grad_(False)
        self.base = unet.Network(sizes).requires_grad_(False)  # the engine's pooling knows contexts of all lengths
        self.base.unet.load_state_dict(painter.unet.state_dict())
        self.side = build(original)
        begin(self.side, self.base)

    def forward(
        self, noisy: Tensor, times: Tensor, context: Tensor, mask: Tensor, rows: Tensor, hints: Tensor
    ) -> Tensor:
        """Predicted noise [B, 4, h, w].

        Context [B, T, C] and mask [B, T] are the fork's, `rows` [B] of a context count; hints [B, 3, 8h, 8w] in 0..1.
        """
        scores = scored(mask, rows)
        conditions = [unet.Condition(hint=hint) for hint in hints]
        residuals = self.side(noisy, times.float(), context, scores, conditions)
        said = walk.told(self.base.unet, times.float(), context, scores)
        return walk.whole(self.base.unet, noisy, said, residuals=residuals)


def build(original: dict[str, Any]) -> side_network.SideEncoder:
    return side_network.SideEncoder(unet.UNetConfig(**original))


@torch.no_grad()
def begin(side: side_network.SideEncoder, network: unet.Network, share: float = 0.1) -> None:
    """Give a side network the base's way down, and let each level give on this share of what it makes."""
    side.unet.load_state_dict(network.unet.state_dict(), strict=False)
    for replace in side.convs:
        assert isinstance(replace, nn.Conv2d)
        assert replace.bias is not None
        nn.init.dirac_(replace.weight)
        replace.weight *= share
        nn.init.zeros_(replace.bias)


def scored(mask: Tensor, rows: Tensor) -> Tensor:
    """What attention adds to its scores [B, T]: rows beyond a prompt's own are not there at all."""
    there = torch.arange(mask.shape[1])[None] < rows[:, None]
    unheard = torch.where(there, torch.finfo(torch.float32).min / 2, -torch.inf)
    return torch.where(mask.bool(), 0.0, unheard)


def depth_maps(scenes: list[world.Scene], added: companions.Arrays, rng: np.random.Generator) -> Tensor:
    """Hints [B, 3, height, width]: made-up depth."""
    return _grey(torch.from_numpy(np.stack([depths.depth(scene, rng) for scene in scenes])))


def drawings(scenes: list[world.Scene], added: companions.Arrays, rng: np.random.Generator) -> Tensor:
    """Hints [B, 3, height, width]: half as the engine makes strokes of a picture's edges, half lines of any width."""
    probable = torch.from_numpy(added["hint"]).float()[:, None] / 255
    drawn = []
    for row in probable:
        if rng.random() < 0.5:
            drawn.append(preparations.strokes(row)[0])
        else:
            width = int(rng.choice([1, 3, 5]))
            lines = (row > 0.5).float()
            drawn.append(functional.max_pool2d(lines[None], width, stride=1, padding=width // 2)[0, 0])
    return _grey(torch.stack(drawn))


def _grey(maps: Tensor) -> Tensor:
    return maps[:, None].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


DRAW: dict[tasks.Control, Draw] = {tasks.Control.DEPTH: depth_maps, tasks.Control.SCRIBBLE: drawings}


def train(settings: family_config.SideConfig, stop_at: float | None = None) -> side_network.SideEncoder:
    """Train (or go on training) the side network of a control."""
    companions.grow(edges.NAME, settings.chunks, edges.additions(hed.load(family_config.HedConfig())))
    original, own = config.BaseConfig().original, name(settings.control)
    torch.manual_seed(0)
    steered = runtime.channels_last(Steered(base.load("base", original), original))
    torch.manual_seed(1 + loop.worker())
    prompts, rows, draw = base.load_prompts(), companions.Companions(edges.NAME), DRAW[settings.control]
    block = steered.side.input_hint_block

    def shown(rng: np.random.Generator, count: int) -> tuple[Tensor, list[world.Scene]]:
        _, scenes, added = rows.batch(rng, count)
        return draw(scenes, added, rng), scenes

    if not (config.workspace() / own / "checkpoint.pt").exists():
        hints.teach(block, shown, settings.hints, f"{own}_hints")
    block.requires_grad_(False)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 31, loop.worker()))
        latents, scenes, added = rows.batch(rng, settings.batch)
        wordless = settings.wordless_at_first if share < 0.5 else settings.wordless
        texts = [captions.caption(edges.unplaced(scene), rng) for scene in scenes]
        kinds = rng.random(len(scenes))  # without words: half the empty text, half silent zeros
        heard = ["" if kind < wordless / 2 else text for kind, text in zip(kinds, texts, strict=True)]
        hidden, mask = prompts.encode(heard)
        context, long = lessons.fork_context(steered.painter, hidden, mask), mask.sum(1) + 1
        silent = torch.from_numpy((kinds >= wordless / 2) & (kinds < wordless))
        context, mask = lessons.silenced(context, mask, silent)
        noisy, noise, times = lessons.noised(latents, rng)
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        predicted = steered(noisy, times, context, mask, long, draw(scenes, added, rng))
        return base.weighted_losses(predicted, noise, times, settings.weight_cap)

    loop.run(steered.side, losses, settings, config.workspace() / own, stop_at=stop_at)
    return steered.side


def load(control: tasks.Control) -> side_network.SideEncoder:
    """The averaged weights of the checkpoint."""
    return loop.restored(build(config.BaseConfig().original), config.workspace() / name(control))
