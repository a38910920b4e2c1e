"""A super-resolution network that begins as a plain enlargement without group norms, so that it only has to sharpen.

Group norm forgets how bright a flat picture is and how strong an edge is, and a small network takes very long to learn
a way around that. There is an exact one: a norm whose group holds a large constant divides by a known number. So one
channel of each group is an `ANCHOR` at first, in front of every norm, and nothing listens to it.

The small picture itself travels along three channels and the linear shortcuts to the last block. There each colour c
becomes a group of four channels: c, -c, K, -K. Their mean is zero, their spread that of K, and silu(c) - silu(-c) = c.
"""

import math

import torch
from torch import Tensor, nn

from engines.kandinsky3.super_resolution import network

COLOURS = 3
GROUP = 4  # channels of a colour in the last norm: c, -c, K, -K
ANCHOR = 4.0  # what the constant channel of a group holds; everything else is about 1
NOISE = 0.2  # what the noisy picture counts at first beside the small one
LARGE = 16.0  # K; colours are in [-1, 1], so the norm's divisor varies by less than 0.2 %
# Taps of the 4x4 convolutions of stride 2 along one side, down and up. Smoother ones would reach over the border of the
# picture, where there are zeros, and leave a dark frame that is harder to learn away than steps are to smooth.
DOWN, UP = (0.0, 0.5, 0.5, 0.0), (0.0, 1.0, 1.0, 0.0)


@torch.no_grad()
def begin(model: network.Network) -> None:
    """Set the weights along the way of the small picture, so that the network gives it back enlarged.

    Needs groups of four channels at full and at half resolution: one for each colour, and more for everything else.
    """
    config = model.config
    if not config.init_channels == config.widths[0] == GROUP * config.groups > GROUP * COLOURS:
        raise ValueError("the way of the small picture wants groups of four channels, and more than three of them")
    guide = torch.arange(COLOURS)
    _anchor(model)
    model.init_conv.weight[:, :COLOURS] *= NOISE
    _route(model.init_conv, {c: (COLOURS + c, 1.0) for c in range(COLOURS)})
    downwards = _blocks(model.down_samples[0])
    for block in downwards:
        _still(block.out_block.projection, COLOURS)
    _resample(_resampling(downwards[0]), DOWN)
    _route(_shortcut(downwards[0]), {c: (c, 1.0) for c in range(COLOURS)})
    blocks = _blocks(model.up_samples[-1])
    skip = _shortcut(blocks[0]).weight.shape[1] - config.widths[0]
    _route(_shortcut(blocks[0]), {c: (skip + c, 1.0) for c in range(COLOURS)})
    for block in blocks[:-1]:
        _still(block.out_block.projection, COLOURS)
    last = blocks[-1]
    _resample(_resampling(last), UP)
    spread = {GROUP * c + side: (c, sign) for c in range(COLOURS) for side, sign in enumerate((1.0, -1.0))}
    spread |= {GROUP * c + side: (c, 0.0) for c in range(COLOURS) for side in (2, 3)}
    _route(_shortcut(last), spread)
    _still(last.out_block.projection, GROUP * COLOURS)
    constant = torch.tensor([0.0, 0.0, LARGE, -LARGE]).repeat(COLOURS)
    _bias(_shortcut(last))[: GROUP * COLOURS] = constant
    model.norm.weight[: GROUP * COLOURS] = LARGE / math.sqrt(2)
    model.norm.bias[: GROUP * COLOURS] = 0.0
    for constants in (2, 3):  # a weight of the last layer that hears them would move every picture by 16 times its step
        model.norm.weight[GROUP * guide + constants] = 0.0
    model.out_conv.weight.zero_()
    _bias(model.out_conv).zero_()
    model.out_conv.weight[guide, GROUP * guide, 1, 1] = 1.0
    model.out_conv.weight[guide, GROUP * guide + 1, 1, 1] = -1.0


def _blocks(level: nn.Module) -> list[network.Residual]:
    """The residual blocks of a level, in order."""
    return [module for module in level.modules() if isinstance(module, network.Residual)]


def _resampling(block: network.Residual) -> nn.Conv2d | nn.ConvTranspose2d:
    """What halves or doubles on the shortcut of a block that does either."""
    assert isinstance(block.change_resolution, network.Resampling)
    return block.change_resolution.change_resolution


def _shortcut(block: network.Residual) -> nn.Conv2d:
    """The convolution on the shortcut of a block that is not straight."""
    assert isinstance(block.res_block, nn.Conv2d)
    return block.res_block


def _bias(conv: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """The biases of a convolution, which here all have."""
    assert conv.bias is not None
    return conv.bias


def _anchor(model: network.Network) -> None:
    """Keep an anchor in every group in front of every norm, and set the norms to give back all the others."""
    groups = model.config.groups
    _constant(model.init_conv, groups, ANCHOR)
    for block in (module for module in model.modules() if isinstance(module, network.Residual)):
        entering = _entering(block, groups)
        if isinstance(block.change_resolution, network.Resampling):
            _deafen(block.change_resolution.change_resolution, entering)
        if isinstance(block.res_block, nn.Conv2d):
            _deafen(block.res_block, entering)
            _constant(block.res_block, groups, ANCHOR)
        _give_back(block.in_block.group_norm, entering)
        _constant(block.in_block.projection, groups, ANCHOR)
        _give_back(block.out_block.group_norm, _anchors(block.out_block.group_norm.num_channels, groups))
        _constant(block.out_block.projection, groups, 0.0)
    _give_back(model.norm, _anchors(model.config.init_channels, groups))


def _anchors(channels: int, groups: int) -> Tensor:
    """The channels that hold an anchor: the last of each group."""
    size = channels // groups
    return torch.arange(size - 1, channels, size)


def _entering(block: network.Residual, groups: int) -> Tensor:
    """The anchors in what a block gets; where that is two tensors beside each other, those of both."""
    given, made = block.in_block.group_norm.num_channels, block.in_block.projection.weight.shape[0]
    is_pair = given > made and not isinstance(block.change_resolution, network.Resampling)
    return _anchors(given, 2 * groups if is_pair else groups)


def _give_back(norm: nn.GroupNorm, anchors: Tensor) -> None:
    """Set a norm to give back what it gets, nearly, and nothing of the anchors."""
    each, size = len(anchors) // norm.num_groups, norm.num_channels // norm.num_groups
    norm.weight[:] = ANCHOR * math.sqrt(each * (size - each)) / size
    norm.bias[:] = ANCHOR * each / size
    norm.weight[anchors] = norm.bias[anchors] = 0.0


def _constant(conv: nn.Conv2d, groups: int, value: float) -> None:
    """Let a convolution make this number of every anchor."""
    chosen = _anchors(conv.weight.shape[0], groups)
    conv.weight[chosen] = 0.0
    _bias(conv)[chosen] = value


def _deafen(conv: nn.Conv2d | nn.ConvTranspose2d, channels: Tensor) -> None:
    """Let a convolution hear nothing of these channels."""
    weight = conv.weight if isinstance(conv, nn.ConvTranspose2d) else conv.weight.transpose(0, 1)
    weight[channels] = 0.0


def _route(conv: nn.Conv2d, ways: dict[int, tuple[int, float]]) -> None:
    """Make some output channels a multiple of one input channel, at the kernel's centre, and nothing else."""
    centre = conv.kernel_size[0] // 2
    for target, (source, share) in ways.items():
        conv.weight[target].zero_()
        conv.weight[target, source, centre, centre] = share
        _bias(conv)[target] = 0.0


def _still(conv: nn.Conv2d, channels: int) -> None:
    """Let the first output channels add nothing at first."""
    conv.weight[:channels].zero_()
    _bias(conv)[:channels].zero_()


def _resample(conv: nn.Conv2d | nn.ConvTranspose2d, taps: tuple[float, ...]) -> None:
    """Resample the first three channels with these taps along both sides, each from itself alone."""
    kernel: Tensor = torch.outer(torch.tensor(taps), torch.tensor(taps))
    for channel in range(COLOURS):
        # whichever of the first two sides is the output's: a channel hears itself only, and tells itself only
        if isinstance(conv, nn.ConvTranspose2d):
            conv.weight[:, channel].zero_()
        else:
            conv.weight[channel].zero_()
        conv.weight[channel, channel] = kernel
        _bias(conv)[channel] = 0.0
