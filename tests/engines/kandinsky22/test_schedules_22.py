"""The arithmetic of the samplers beside the stock schedulers', and the mask's way to the latents."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engines import bridges, errors, sizes, styles, tasks
from engines.kandinsky3 import noise
from engines.kandinsky3.family import Family
from engines.kandinsky22 import inpainting, painter, painting, sampler, schedules, words
from engines.kandinsky22.parts import Parts

bridges.install()

OFFICIAL = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "linear", "clip_sample": False}


def ddpm(**changes: Any) -> Any:
    import diffusers

    return diffusers.DDPMScheduler(**{**OFFICIAL, "variance_type": "learned_range", **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps_offset": 1},
        {"variance_type": "fixed_small"},
        {"variance_type": "fixed_small_log", "prediction_type": "sample"},
        {"clip_sample": True, "clip_sample_range": 1.5},
        {"timestep_spacing": "trailing"},
        {"timestep_spacing": "linspace", "beta_schedule": "squaredcos_cap_v2"},
    ],
    ids=lambda changes: " ".join(map(str, changes.values())) or "official",
)
def test_a_step_is_the_stock_step_with_the_same_noise(changes: dict[str, Any]) -> None:
    stock = ddpm(**changes)
    ours = schedules.of_stock(ddpm(**changes), "here")
    stock.set_timesteps(7)
    times = ours.times(7)
    assert times == tuple(stock.timesteps.tolist())
    for t, previous in zip(times, (*times[1:], None), strict=True):
        torch.manual_seed(t)
        x_t, predicted, variance = torch.randn(3, 4, 5, 6)
        told = torch.cat([predicted, variance]) if "variance_type" not in changes else predicted
        stepped = stock.step(told[None], t, x_t[None], generator=torch.Generator().manual_seed(1)).prev_sample[0]
        x0 = ours.clean(x_t, t, predicted)
        mean, deviation = ours.mean(x_t, x0, t, previous), ours.deviation(t, previous, variance)
        drawn = torch.randn(1, 4, 5, 6, generator=torch.Generator().manual_seed(1))[0]
        torch.testing.assert_close(mean + deviation * drawn * (t > 0), stepped, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "changes", [{"prediction_type": "v_prediction"}, {"variance_type": "fixed_large"}, {"thresholding": True}]
)
def test_a_sampler_that_nobody_published_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(errors.CheckpointInvalid):
        schedules.of_stock(ddpm(**changes), "here")


def test_a_broken_configuration_is_told_from_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(errors.CheckpointMissing, match="scheduler_config"):
        schedules.decoder(tmp_path)
    (tmp_path / schedules.CONFIG).write_text("{")
    with pytest.raises(errors.CheckpointInvalid):
        schedules.decoder(tmp_path)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(2, 9), st.randoms(use_true_random=False))
def test_a_mask_spreads_as_in_the_stock_pipeline(height: int, width: int, random: Any) -> None:
    from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_inpainting import prepare_mask

    new = torch.tensor([[[float(random.random() < 0.2) for _ in range(width)] for _ in range(height)]])
    stock = prepare_mask([1 - new.clone()])[0]
    assert torch.equal(1 - inpainting.spread(new), stock)


@dataclass
class Listening:
    """Seeded noise that remembers which draws were made."""

    inner: noise.Seeded
    numbers: list[int] = field(default_factory=list)

    def draw(self, index: int, shape: Sequence[int]) -> Tensor:
        self.numbers.append(index)
        return self.inner.draw(index, shape)


def test_no_draw_of_a_picture_is_made_twice(family_22: Family) -> None:
    one = painter.open_engine(family_22, sizes.Profile.MINI)
    task = tasks.TextToImage(prompt="a cat", negative_prompt="blue", seed=1, steps=3, model=tasks.Model.KANDINSKY_22)
    (unit,) = one.prepare(task, {})
    begun = painting.of(unit)
    firsts = [sampler.WANTED_DRAWS, sampler.UNWANTED_DRAWS, sampler.DECODER_DRAWS]
    listening = Listening(noise.Seeded(1), firsts)
    unit = dataclasses.replace(begun, state=dataclasses.replace(begun.state, noise=listening)).unit()
    while not unit.sampled:
        (unit,) = one.advance([unit])
    assert len(listening.numbers) == len(set(listening.numbers)) == 3 + 24 + 24 + 3


@given(st.text(alphabet="abc de", min_size=1, max_size=60))
@settings(max_examples=20, deadline=None)
def test_a_long_prompt_loses_its_end_and_not_its_style(parts: Parts, prompt: str) -> None:
    wording = styles.Wording(after=", ink")
    said = words.worded(prompt, wording, parts.tokenizer)
    assert said.endswith(", ink")
    assert parts.tokenizer.fits(said)


def test_a_text_is_padded_to_one_length_and_its_padding_is_marked(parts: Parts) -> None:
    ids, mask = parts.tokenizer.tokens("cat")
    assert (len(ids), int(mask.sum())) == (parts.tokenizer.length, 4)
    ids, mask = parts.tokenizer.tokens("a very long description of a cat")
    assert (len(ids), bool(mask.all())) == (parts.tokenizer.length, True)


def test_a_mask_is_hard_and_white_is_painted_anew() -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[:, 32:] = 1
    kept = inpainting.keep(mask, 64, 64)
    assert set(kept.flatten().tolist()) == {0.0, 1.0}
    assert kept[0, 0, 0] == 1
    assert kept[0, 0, -1] == 0
