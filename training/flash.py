"""Kandinsky 3 Flash (paper section 5.1 and appendix A): four steps, no guidance, by adversarial distillation.

The generator is the base model; it sees latents at exactly the four times of the official sampler (979, 729, 479, 229)
and its x0 is the picture. The discriminator is the frozen downsampling half of the base model with trainable heads
(`discriminator.py`), which reads real and painted latents noised afresh; the loss is Wasserstein's, with a gradient
penalty on the heads' inputs.

Two parts of one run, cut at `settings.adversarial_from`:

1. regression, which scale forced (see README, ablation): a Huber loss on x0 that brings the student to four steps.
   Three quarters of a batch are true pictures noised to one of the times, with the picture as target; the rest are the
   student's own results noised afresh, with the x0 that the guided teacher sees in them as target. Loss on x0 weighs
   the four times alike; an epsilon loss would hardly hear t = 979;
2. adversarial, with a share of that regression left in (the paper has none: its 3 billion parameters forget less).
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training import bank, base, config, diffusion, discriminator, loop

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


@dataclass(frozen=True, slots=True)
class Lesson:
    """A batch: what the student sees, what it should make of it, and the latents of true pictures."""

    noisy: Tensor
    times: Tensor
    target: Tensor
    real: Tensor
    hidden: Tensor
    mask: Tensor


class Distillation(nn.Module):
    """What a checkpoint holds: the student and the heads of its judge."""

    def __init__(self, teacher: base.Painter, settings: config.FlashConfig) -> None:
        super().__init__()
        self.settings = settings
        self._teacher = [teacher.requires_grad_(False).eval()]
        self.student = copy.deepcopy(teacher).requires_grad_(True).train()
        self.student.null_embedding.requires_grad_(False)  # Flash has no guidance
        self.judge = discriminator.Discriminator(teacher)

    @property
    def teacher(self) -> base.Painter:
        return self._teacher[0]

    def lesson(self, real: Tensor, hidden: Tensor, mask: Tensor, rng: np.random.Generator) -> Lesson:
        """Inputs as the sampler makes them: noise, true pictures noised, and the student's own results noised."""
        settings, target, start = self.settings, real.clone(), real.clone()
        own = slice(len(real) - len(real) // 4, None)
        stage = int(rng.integers(1, len(settings.times)))
        times = torch.from_numpy(rng.choice(settings.times, len(real), p=TIME_SHARES))
        times[own] = settings.times[stage]
        first = times == settings.times[0]
        start[first] = torch.randn_like(start[first])
        context = self.student.context(hidden, mask).detach()
        start[own] = rollout(self.student, target[own], context[own], mask[own], stage, settings.times)
        noisy = diffusion.noised(start, torch.randn_like(start), times)
        target[own] = correction(self.teacher, noisy[own], times[own], hidden[own], mask[own], settings.guidance)
        return Lesson(noisy, times, target, real, hidden, mask)

    def losses(self, lesson: Lesson, adversarial: bool, rng: np.random.Generator) -> loop.Losses:
        context = self.student.context(lesson.hidden, lesson.mask)
        epsilon = self.student(lesson.noisy, lesson.times, context, lesson.mask)
        painted = diffusion.clean(lesson.noisy, epsilon, lesson.times)
        error = functional.huber_loss(painted, lesson.target, reduction="none", delta=0.5).mean((1, 2, 3))
        first = lesson.times == self.settings.times[0]
        values = {"regression": error.mean(), "first": error[first].mean() if first.any() else error.mean()}
        if not adversarial:
            return {"loss": 2 * error.mean()} | values
        judged = self._judged(painted, lesson, rng)
        loss = judged["critic"] + self.settings.gradient_penalty * judged["penalty"]
        loss = loss + self.settings.adversarial * judged["generator"] + 2 * self.settings.regression * error.mean()
        return {"loss": loss} | values | judged

    def _judged(self, painted: Tensor, lesson: Lesson, rng: np.random.Generator) -> loop.Losses:
        """Wasserstein losses; the critic's holds the generator constant and the generator's holds the critic."""
        times = torch.from_numpy(rng.integers(0, self.settings.judge_before, len(painted)))
        context = self.teacher.context(lesson.hidden, lesson.mask)
        noise = torch.randn_like(painted)
        seen = self.judge.features(diffusion.noised(painted, noise, times), times, context, lesson.mask)
        with torch.no_grad():
            noised = diffusion.noised(lesson.real, noise, times)
            real = self.judge.features(noised, times, context, lesson.mask)
        fake = [level.detach() for level in seen]
        critic = self.judge.judge(fake, context, lesson.mask) - self.judge.judge(real, context, lesson.mask)
        return {
            "critic": critic.mean(),
            "generator": -self.judge.judge_fixed(seen, context, lesson.mask).mean(),
            "penalty": self.judge.penalty(real, context, lesson.mask),
        }


def train(settings: config.FlashConfig, stop_at: float | None = None) -> base.Painter:
    """Distil the base checkpoint; the result is a `Painter` of the same config with its own projection."""
    base_settings = config.BaseConfig()
    torch.manual_seed(0)
    distillation = Distillation(base.load("base", base_settings.original), settings)
    torch.manual_seed(1 + loop.worker())
    prompts, scenes = base.load_prompts(), bank.Bank(prefer_simple=base_settings.prefer_simple)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 6, loop.worker()))
        real, batch = scenes.batch(rng, settings.batch)
        hidden, mask = prompts.of(batch, rng)
        lesson = distillation.lesson(real, hidden, mask, rng)
        return distillation.losses(lesson, share >= settings.adversarial_from, rng)

    loop.run(
        distillation,
        losses,
        settings,
        config.workspace() / "flash",
        rates={"judge.": settings.judge_rate},
        stop_at=stop_at,
        save_every=100,
        every=25,
    )
    return distillation.student


def load() -> base.Painter:
    """The averaged student of the checkpoint."""
    settings = config.BaseConfig()
    state = torch.load(config.workspace() / "flash" / "checkpoint.pt", weights_only=True)
    student = base.Painter(settings.original)
    for part in (state["module"], state["average"]):
        own = {name.removeprefix("student."): value for name, value in part.items() if name.startswith("student.")}
        student.load_state_dict(own, strict=False)
    return student.eval()
