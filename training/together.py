"""Base and image prompt go on learning together, so that the base hears what the adapter says.

Forced by scale, and not in the paper, whose adapter rides on a base that nobody touches: the official base has seen
everything there is, ours paints nothing that it has not been asked for, in the way that it was asked. Its norms take
the prompt from the pooled text, which no picture reaches, and it has never met the fork's silent zeros. Half of what it
learns from here stays its own recipe, text without pictures, so that nothing of that is lost. Both are given back to
the folders of their recipes in the end.
"""

import numpy as np
import torch
from torch import nn

from training import bank, base, config, family_config, image_prompt, loop, restore

NAME = "together"


class Pair(nn.Module):
    """What learns: a base and its adapter."""

    def __init__(self, prompter: image_prompt.Prompter) -> None:
        super().__init__()
        self.prompter = prompter
        self.painter = prompter.painter.requires_grad_(True)
        self._deaf = {name: attention.processor for name, attention in prompter.listening.items()}

    def only_text(self) -> base.Painter:
        """The base with the cross-attentions that it has of itself."""
        for name, attention in self.prompter.listening.items():
            attention.processor = self._deaf[name]
        return self.painter


def train(settings: family_config.TogetherConfig, stop_at: float | None = None) -> Pair:
    """Go on training base and adapter from their own checkpoints, and write them back there."""
    prompting = family_config.ImagePromptConfig()
    prompter, samples = image_prompt.prepared(prompting, stop_at)
    loop.restored(prompter, config.workspace() / image_prompt.NAME)
    pair = Pair(prompter).train()
    own = config.BaseConfig()
    prompts, scenes = base.load_prompts(), bank.Bank(own.prefer_simple, own.prefer_nested)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 21, loop.worker()))
        latents, batch = scenes.batch(rng, settings.text_batch)
        said = base.losses_of(pair.only_text(), latents, *prompts.of(batch, rng), own.unconditional, rng)
        shown = samples.batch(pair.painter, settings.image_batch, rng)
        seen = image_prompt.losses_of(prompter, shown, prompting, rng)
        return {"loss": said["loss"] + seen["loss"], "text": said["epsilon"], "image": seen["epsilon"]}

    loop.run(pair, losses, settings, config.workspace() / NAME, rates={"painter.": settings.base_rate}, stop_at=stop_at)
    if not loop.worker():
        give_back(pair)
    return pair


@torch.no_grad()
def give_back(pair: Pair) -> None:
    """The averaged weights into the folders of their recipes, each as a run that begins there."""
    loop.restored(pair, config.workspace() / NAME)
    restore.begin(pair.painter, "base")
    restore.begin(pair.prompter, image_prompt.NAME)
