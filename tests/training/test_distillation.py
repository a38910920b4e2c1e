"""The adversarial distillation: who learns from which loss."""

import dataclasses

import numpy as np
import pytest
import torch

from engines import bridges

bridges.install()

from tests.training.test_recipes import TINY_UNET  # noqa: E402
from training import base, config, flash, loop  # noqa: E402


@pytest.fixture(scope="module")
def distillation() -> "flash.Distillation":
    torch.manual_seed(0)
    return flash.Distillation(base.Painter(TINY_UNET), config.FlashConfig())


@pytest.fixture(scope="module")
def lesson(distillation: "flash.Distillation") -> "flash.Lesson":
    torch.manual_seed(1)
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]] * 4)
    return distillation.lesson(torch.randn(8, 4, 8, 8), torch.randn(8, 4, 8), mask, np.random.default_rng(0))


def grads(module: "torch.nn.Module") -> float:
    return sum(float(p.grad.abs().sum()) for p in module.parameters() if p.grad is not None)


@pytest.mark.parametrize(("loss", "learner"), [("critic", "judge"), ("penalty", "judge"), ("generator", "student")])
def test_each_adversarial_loss_teaches_its_own_side_only(
    distillation: "flash.Distillation", lesson: "flash.Lesson", loss: str, learner: str
) -> None:
    distillation.zero_grad()
    distillation.losses(lesson, True, np.random.default_rng(2))[loss].backward()
    other = {"judge": "student", "student": "judge"}[learner]
    assert grads(getattr(distillation, learner)) > 0
    assert grads(getattr(distillation, other)) == 0
    assert grads(distillation.teacher) == 0


def test_before_the_adversarial_part_the_judge_is_not_asked(
    distillation: "flash.Distillation", lesson: "flash.Lesson"
) -> None:
    assert "critic" not in distillation.losses(lesson, False, np.random.default_rng(2))


def test_the_student_sees_the_four_official_times_only(lesson: "flash.Lesson") -> None:
    assert set(lesson.times.tolist()) <= {979, 729, 479, 229}


def test_a_part_of_the_module_can_learn_at_another_rate(tmp_path) -> None:
    torch.manual_seed(0)
    module = torch.nn.ModuleDict({"slow": torch.nn.Linear(1, 1), "fast": torch.nn.Linear(1, 1)})
    before = {name: p.detach().clone() for name, p in module.named_parameters()}

    def losses(step: int, share: float) -> loop.Losses:
        assert 0 <= share < 1
        return {"loss": module["slow"].weight.sum() + module["fast"].weight.sum()}

    brief = dataclasses.replace(config.DecoderConfig(), steps=3, learning_rate=1e-3)
    loop.run(module, losses, brief, tmp_path, rates={"fast.": 4.0}, weight_decay=0.0)
    moved = {
        name: float((p.detach() - before[name]).abs().sum())
        for name, p in module.named_parameters()
        if "weight" in name
    }
    assert moved["fast.weight"] == pytest.approx(4 * moved["slow.weight"], rel=1e-2)
