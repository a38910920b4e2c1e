"""The judge of the distillation (paper, appendix A, figure 7): half of a frozen U-Net, and small trainable heads.

The downsampling half of the base model reads noised latents with their prompt; after each of its levels a head says
how real they look *for this text*. The text enters the heads by cross-attention, as in the paper.
"""

import torch
from torch import Tensor, nn
from torch.nn import attention

from training import base


class Head(nn.Module):
    """A map of scores [B, h * w] over one level's features [B, C, h, w], given the text [B, T, D]."""

    def __init__(self, channels: int, context: int, width: int = 64, heads: int = 2) -> None:
        super().__init__()
        self.enter = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.GroupNorm(8, width), nn.SiLU())
        self.text = nn.MultiheadAttention(width, heads, kdim=context, vdim=context, batch_first=True)
        self.score = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, 1))

    def forward(self, features: Tensor, context: Tensor, hidden: Tensor) -> Tensor:
        """`hidden` [B, T] is true where the context is padding."""
        tokens = self.enter(features).flatten(2).transpose(1, 2)
        said, _ = self.text(tokens, context, context, key_padding_mask=hidden, need_weights=False)
        scores: Tensor = self.score(torch.cat([tokens, said], -1))
        return scores.squeeze(-1)


class Discriminator(nn.Module):
    """Heads over the frozen downsampling half of `trunk`; only the heads are parameters of this module."""

    def __init__(self, trunk: base.Painter) -> None:
        super().__init__()
        self._trunk = [trunk]  # in a list: the trunk is not trained, saved or averaged with the heads
        widths, context = trunk.unet.config.block_out_channels, trunk.null_embedding.numel()
        self.heads = nn.ModuleList(Head(width, context) for width in widths)

    def features(self, noisy: Tensor, times: Tensor, context: Tensor, mask: Tensor) -> list[Tensor]:
        """What each downsampling level of the trunk makes of latents [B, 4, h, w] at times [B]."""
        painter = self._trunk[0]
        unet = painter.unet
        unet.add_time_condition.rows = mask.sum(1) + 1
        bias = ((1 - mask.to(noisy.dtype)) * -10000.0).unsqueeze(1)  # as the stock U-Net masks its text
        moment = unet.time_embedding(unet.time_proj(times.float()))
        moment = unet.add_time_condition(moment, context, bias)
        sample, levels = unet.conv_in(noisy), []
        for block in unet.down_blocks:
            sample = block(sample, moment, context, bias)
            levels.append(sample)
        return levels

    def judge(self, levels: list[Tensor], context: Tensor, mask: Tensor) -> Tensor:
        """One score a sample, the mean over positions and levels: [B]."""
        scores = [head(level, context, mask == 0).mean(1) for head, level in zip(self.heads, levels, strict=True)]
        return torch.stack(scores).mean(0)

    def judge_fixed(self, levels: list[Tensor], context: Tensor, mask: Tensor) -> Tensor:
        """The same with the heads held constant, so that its gradient teaches the generator alone."""
        scores = []
        for head, level in zip(self.heads, levels, strict=True):
            held = {name: parameter.detach() for name, parameter in head.named_parameters()}
            scores.append(torch.func.functional_call(head, held, (level, context, mask == 0)).mean(1))
        return torch.stack(scores).mean(0)

    def penalty(self, levels: list[Tensor], context: Tensor, mask: Tensor) -> Tensor:
        """Mean squared gradient of the scores by the heads' inputs, on real features (Sauer et al. 2023, R1)."""
        inputs = [level.detach().requires_grad_(True) for level in levels]
        with attention.sdpa_kernel(attention.SDPBackend.MATH):  # the only kernel with a second derivative
            score = self.judge(inputs, context, mask).sum()
        gradients = torch.autograd.grad(score, inputs, create_graph=True)
        return sum((g.square().flatten(1).sum(1).mean() for g in gradients), start=score.new_zeros(()))
