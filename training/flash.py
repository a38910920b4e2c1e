"""Kandinsky 3 Flash, first version: the base model taught to paint in four steps without guidance.

The paper (appendix A) distils adversarially in latent space. This first version is plain regression in x0 space at
exactly the four times of the official sampler (979, 729, 479, 229), on inputs as the sampler makes them:

- half of a batch is a true picture noised to one of the times; the target is the picture;
- the other half is the student's own earlier result, noised afresh; the target is the guided, thresholded x0 that
  the frozen teacher (the base model, guidance 3) sees in the same noisy latents.

A Huber loss on x0 weighs all four times alike; epsilon loss would be 1000 times louder at t = 979 or not heard.
"""

import copy

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training import bank, base, config, diffusion, loop


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


def train(settings: config.FlashConfig, stop_at: float | None = None) -> base.Painter:
    """Distil the base checkpoint; the result is a `Painter` of the same config with its own projection."""
    base_settings = config.BaseConfig()
    teacher = base.load("base", base_settings.original).requires_grad_(False)
    student = copy.deepcopy(teacher).requires_grad_(True)
    student.null_embedding.requires_grad_(False)  # Flash has no guidance
    prompts, scenes = base.load_prompts(), bank.Bank(prefer_simple=base_settings.prefer_simple)
    half = settings.batch // 2

    def losses(step: int) -> loop.Losses:
        rng = np.random.default_rng((step, 6, loop.worker()))
        latents, batch = scenes.batch(rng, settings.batch)
        hidden, mask = prompts.of(batch, rng)
        stage = int(rng.integers(1, len(settings.times)))
        times = torch.from_numpy(rng.choice(settings.times, settings.batch))
        times[half:] = settings.times[stage]
        start = latents.clone()
        start[times == settings.times[0]] = torch.randn_like(start[times == settings.times[0]])
        own, own_mask = student.context(hidden[half:], mask[half:]).detach(), mask[half:]
        start[half:] = rollout(student, latents[half:], own, own_mask, stage, settings.times)
        noisy = diffusion.noised(start, torch.randn_like(start), times)
        target = latents
        with torch.no_grad():
            context = teacher.context(hidden[half:], own_mask)
            epsilon = teacher.guided(noisy[half:], times[half:], context, own_mask, settings.guidance)
            target[half:] = diffusion.threshold(diffusion.clean(noisy[half:], epsilon, times[half:]))
        painted = diffusion.clean(noisy, student(noisy, times, student.context(hidden, mask), mask), times)
        error = functional.huber_loss(painted, target, reduction="none", delta=0.5).mean((1, 2, 3))
        return {"loss": 2 * error.mean(), "data": error[:half].mean(), "teacher": error[half:].mean()}

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
