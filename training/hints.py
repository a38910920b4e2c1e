"""What the hint block of style transfer learns before the U-Net hears it: which side of an edge is the object.

Taught together from the start, the two did not get to hear each other in seven hundred steps: an edge is of no use to
a network that does not know yet what lies on which side of it, and what is of no use fades. So the block first learns
alone to tell inside from outside, in each quarter of a latent cell; the readout is thrown away.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.kandinsky3.control import hint_block
from training import companions, config, family_config, loop, renderer, runtime, world

NAME = "hints"
QUARTER_PX = 4
# So many hints [B, 3, height, width] in 0..1, and their scenes
Draw = Callable[[np.random.Generator, int], tuple[Tensor, list[world.Scene]]]


class Reader(nn.Module):
    """A hint block, and a readout of its features."""

    def __init__(self, block: hint_block.HintBlock) -> None:
        super().__init__()
        self.block = block
        begin(block)
        self.readout = nn.Conv2d(block.out.out_channels, 4, kernel_size=1)

    def forward(self, hints: Tensor) -> Tensor:
        """Logits [B, 1, 2h, 2w] of hints [B, 3, 8h, 8w]: whether each quarter of a latent cell is inside."""
        return functional.pixel_shuffle(self.readout(self.block(hints)), 2)


@torch.no_grad()
def begin(block: hint_block.HintBlock) -> None:
    """Random weights that keep a weak signal: SiLU halves it, and torch's own start shrinks it again in each layer."""
    for layer in block.children():
        assert isinstance(layer, nn.Conv2d)
        assert layer.bias is not None
        nn.init.normal_(layer.weight, std=2 / (layer.in_channels * 9) ** 0.5)
        nn.init.zeros_(layer.bias)


def inside(scene: world.Scene) -> np.ndarray:
    """How much of each square of 4 pixels objects cover, float32 [height / 4, width / 4]; an inner object is a hole."""
    covers = [renderer.coverage(scene, thing) for thing in scene.things]
    whole = np.abs(covers[0] - covers[-1]) if scene.relation == "inside" else np.maximum(covers[0], covers[-1])
    height, width = (side // QUARTER_PX for side in whole.shape)
    shares: np.ndarray = whole.reshape(height, QUARTER_PX, width, QUARTER_PX).mean((1, 3))
    return shares


def shown(added: companions.Arrays) -> Tensor:
    """The hints [B, 3, height, width] in 0..1 of drawn rows."""
    return torch.from_numpy(added["hint"]).float()[:, None].repeat(1, 3, 1, 1) / 255


def teach(block: hint_block.HintBlock, draw: Draw, settings: family_config.HintConfig, name: str) -> None:
    """Teach a hint block (or go on teaching it), and scale what it says to `settings.loudness` (standard deviation).

    It always takes its steps: a wall-clock budget is for the network that is to listen.
    """
    reader = runtime.channels_last(Reader(block))

    def losses(step: int, share: float) -> loop.Losses:
        drawn, scenes = draw(np.random.default_rng((step, 21, loop.worker())), settings.batch)
        truth = torch.from_numpy(np.stack([inside(scene) for scene in scenes]))[:, None]
        logits = reader(drawn.contiguous(memory_format=torch.channels_last))
        right = ((logits > 0) == (truth > 0.5)).float().mean()
        return {"loss": functional.binary_cross_entropy_with_logits(logits, truth), "right": right}

    loop.run(reader, losses, settings, config.workspace() / name, every=25)
    scale(block, draw(np.random.default_rng(22), settings.batch)[0], settings.loudness)


@torch.no_grad()
def scale(block: hint_block.HintBlock, hints: Tensor, loudness: float) -> None:
    """Let what a block says of these hints have this standard deviation."""
    share = loudness / float(block(hints).std())
    assert block.out.bias is not None
    block.out.weight *= share
    block.out.bias *= share
