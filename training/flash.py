"""Kandinsky 3 Flash, first version: the base model taught to paint in four steps without guidance.

The paper (appendix A) distils adversarially in latent space. This first version is plain regression in x0 space at
exactly the four times of the official sampler (979, 729, 479, 229), on inputs as the sampler makes them:

- three quarters of a batch are true pictures noised to one of the times; the target is the picture;
- the rest are the student's own earlier results, noised afresh; the target is the guided, thresholded x0 that the
  frozen teacher (the base model, guidance 3) sees in the same noisy latents.

A Huber loss on x0 weighs all four times alike: an epsilon loss would hardly hear t = 979, where x0 is 32 times as
sensitive as the predicted noise.
"""

import copy

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training import bank, base, config, diffusion, loop

TIME_SHARES = (0.34, 0.22, 0.22, 0.22)  # the first step settles the colours, and without guidance it is the hardest


@torch.no_grad()
def rollout(
    student: base.Painter, latents_like: Tensor, context: Tensor, mask: Tensor, stages: int, times: tuple[int, ...]
) -> Tensor:
    """The student's result after its first `stages` steps from pure noise."""
    x = torch.randn_like(latents_like)
    for t in times[:stages]:
        batch = torch.full((len(x),), t)
        noisy = diffusion.noised(x, torch.randn_like(x), batch)
        x = diffusion.clean(noisy, student(noisy, batch, context, mask), batch)
    return x


@torch.no_grad()
def correction(
    teacher: base.Painter, noisy: Tensor, times: Tensor, hidden: Tensor, mask: Tensor, guidance: float
) -> Tensor:
    """The x0 that the guided teacher sees in the student's noisy latents, thresholded as its sampler does."""
    epsilon = teacher.guided(noisy, times, teacher.context(hidden, mask), mask, guidance)
    return diffusion.threshold(diffusion.clean(noisy, epsilon, times))


def train(settings: config.FlashConfig, stop_at: float | None = None) -> base.Painter:
    """Distil the base checkpoint; the result is a `Painter` of the same config with its own projection."""
    base_settings = config.BaseConfig()
    teacher = base.load("base", base_settings.original).requires_grad_(False)
    student = copy.deepcopy(teacher).requires_grad_(True)
    student.null_embedding.requires_grad_(False)  # Flash has no guidance
    torch.manual_seed(1 + loop.worker())
    prompts, scenes = base.load_prompts(), bank.Bank(prefer_simple=base_settings.prefer_simple)
    own = slice(settings.batch - settings.batch // 4, None)

    def losses(step: int) -> loop.Losses:
        rng = np.random.default_rng((step, 6, loop.worker()))
        target, batch = scenes.batch(rng, settings.batch)
        hidden, mask = prompts.of(batch, rng)
        stage = int(rng.integers(1, len(settings.times)))
        times = torch.from_numpy(rng.choice(settings.times, settings.batch, p=TIME_SHARES))
        times[own] = settings.times[stage]
        start = target.clone()
        first = times == settings.times[0]
        start[first] = torch.randn_like(start[first])
        context = student.context(hidden, mask)
        start[own] = rollout(student, target[own], context[own].detach(), mask[own], stage, settings.times)
        noisy = diffusion.noised(start, torch.randn_like(start), times)
        target[own] = correction(teacher, noisy[own], times[own], hidden[own], mask[own], settings.guidance)
        painted = diffusion.clean(noisy, student(noisy, times, context, mask), times)
        error = functional.huber_loss(painted, target, reduction="none", delta=0.5).mean((1, 2, 3))
        return {
            "loss": 2 * error.mean(),
            "first": error[first].mean() if first.any() else error.mean(),
            "teacher": error[own].mean(),
        }

    loop.run(
        student,
        losses,
        steps=settings.steps,
        peak=settings.learning_rate,
        folder=config.workspace() / "flash",
        ema=settings.ema,
        stop_at=stop_at,
        save_every=100,
        every=25,
    )
    return student
