"""The hint U-Net and the side network: names of real size, strangers in a batch, and mistakes that are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from engines import checkpoints, errors
from engines.golden import Fixture
from engines.kandinsky3 import golden_control, sampler, text, unet
from engines.kandinsky3.control import hint_network, reach, side_network, walk

CPU = torch.device("cpu")
ROUNDING = 2e-5
FAR = 30 * golden_control.FORWARD
HINT_BLOCK = {
    "conv1": (16, 3),
    "conv2": (16, 16),
    "conv3": (32, 16),
    "conv4": (32, 32),
    "conv5": (96, 32),
    "conv6": (96, 96),
    "conv7": (256, 96),
    "out": (192, 256),
}


@pytest.fixture(scope="module")
def hints(fixtures: Path) -> Fixture:
    return Fixture.open(fixtures / "hint_unet.safetensors")


@pytest.fixture(scope="module")
def sides(fixtures: Path) -> Fixture:
    return Fixture.open(fixtures / "controlnet.safetensors")


@pytest.fixture(scope="module")
def edges(hints: Fixture) -> hint_network.HintNetwork:
    return golden_control.build_hint_network(hints)


@pytest.fixture(scope="module")
def steered(sides: Fixture) -> side_network.SideNetwork:
    return golden_control.build_side_network(sides)


def inputs(fixture: Fixture) -> tuple[Tensor, list[int], list[unet.Context]]:
    return golden_control.read_inputs(fixture)


def conditions(*hints: Tensor, scale: float | Tensor = 1.0) -> list[unet.Condition]:
    return [unet.Condition(hint=hint, scale=scale) for hint in hints]


def error(network: unet.Predictor, fixture: Fixture, given: list[unet.Condition], expected: str) -> float:
    with torch.inference_mode():
        return float((network(*inputs(fixture), given) - fixture[expected]).abs().max())


def official(fixtures: Path) -> dict[str, list[int]]:
    keys = json.loads((fixtures / "keys_unet_full.json").read_text())["unet"]
    return {name: shape for name, (_, shape) in keys.items()}


def hint_block_shapes() -> dict[str, list[int]]:
    weights = {f"input_hint_block.{name}.weight": [*pair, 3, 3] for name, pair in HINT_BLOCK.items()}
    return weights | {f"input_hint_block.{name}.bias": [pair[0]] for name, pair in HINT_BLOCK.items()}


def test_a_side_network_of_real_size_has_the_names_and_numbers_of_the_public_file(fixtures: Path) -> None:
    heads = ("to_time_embed.", "feature_pooling.", "in_layer.", "down_samples.0.", "down_samples.1.", "down_samples.2.")
    expected = {name: shape for name, shape in official(fixtures).items() if name.startswith(heads)}
    expected |= hint_block_shapes()
    for level, width in enumerate((384, 768, 1536)):
        expected |= {f"convs.{level}.weight": [width, width, 1, 1], f"convs.{level}.bias": [width]}
    with torch.device("meta"):
        weights = side_network.SideEncoder(unet.UNetConfig()).state_dict()
    ours = {side_network.name_to_ours(name): shape for name, shape in expected.items()}
    assert {name: list(tensor.shape) for name, tensor in weights.items()} == ours
    assert sum(tensor.numel() for tensor in weights.values()) == 469_613_584


def test_a_hint_network_of_real_size_has_the_names_of_the_base_and_a_hint_block(fixtures: Path) -> None:
    expected = {f"unet.{name}": shape for name, shape in (official(fixtures) | hint_block_shapes()).items()}
    with torch.device("meta"):
        network = hint_network.HintNetwork(unet.UNetConfig())
        weights = {hint_network.name_to_file(name): tensor for name, tensor in network.state_dict().items()}
    assert weights.pop("null_embedding").shape == (4096,)
    assert {name: list(tensor.shape) for name, tensor in weights.items()} == expected


def test_a_file_of_what_changed_gives_the_network_of_a_complete_file(
    hints: Fixture, tiny_weights: Path, tmp_path: Path
) -> None:
    whole = golden_control.hint_tensors(hints)
    blocks = {name: tensor for name, tensor in whole.items() if ".input_hint_block." in name}
    changed = blocks | {"unet.out_layer.2.bias": whole["unet.out_layer.2.bias"] + 1}
    safetensors.torch.save_file(changed, tmp_path / "slim.safetensors")
    config = {"config": json.dumps(hints.beside("unet").config)}
    safetensors.torch.save_file(whole | changed, tmp_path / "whole.safetensors", metadata=config)
    base = tiny_weights / "kandinsky3.safetensors"
    networks = [
        hint_network.load(tmp_path / f"{stem}.safetensors", base, CPU, torch.float32) for stem in ("slim", "whole")
    ]
    for name, tensor in networks[0].state_dict().items():
        if name != "null_embedding":  # nobody asks a hint U-Net for one
            assert torch.equal(tensor, networks[1].state_dict()[name])


def test_a_whole_file_that_lost_tensors_gets_none_from_the_base(
    hints: Fixture, tiny_weights: Path, tmp_path: Path
) -> None:
    whole = golden_control.hint_tensors(hints)
    torn = {name: tensor for name, tensor in whole.items() if not name.startswith("unet.out_layer.")}
    config = {"config": json.dumps(hints.beside("unet").config)}
    safetensors.torch.save_file(torn, tmp_path / "torn.safetensors", metadata=config)
    with pytest.raises(errors.CheckpointInvalid, match=r"torn"):
        hint_network.load(tmp_path / "torn.safetensors", tiny_weights / "kandinsky3.safetensors", CPU, torch.float32)


def test_without_control_the_walk_is_the_stock_forward(sides: Fixture, steered: side_network.SideNetwork) -> None:
    x, times, contexts = inputs(sides)
    rows, scores = unet.stack(contexts, torch.float32, CPU)
    with torch.inference_mode():
        said = walk.told(steered.base.unet, torch.tensor(times, dtype=torch.float32), rows, scores)
        walked = walk.whole(steered.base.unet, x, said)
        torch.testing.assert_close(walked, steered.base(x, times, contexts), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["edges", "steered"])
def test_rows_with_different_hints_do_not_matter_to_each_other(
    kind: str, hints: Fixture, request: pytest.FixtureRequest
) -> None:
    network: unet.Predictor = request.getfixturevalue(kind)
    x, times, contexts = inputs(hints)
    given = conditions(hints["in.hint"][0], hints["in.hint"][0].flip(-1))
    with torch.inference_mode():
        both = network(x, times, contexts, given)
        for i in range(2):
            alone = network(x[i : i + 1], times[i : i + 1], contexts[i : i + 1], given[i : i + 1])
            torch.testing.assert_close(both[i : i + 1], alone, atol=ROUNDING, rtol=0)
        swapped = network(x, times, contexts, given[::-1])
    assert (both - swapped).abs().max() > 30 * ROUNDING


@pytest.mark.parametrize("kind", ["edges", "steered"])
def test_a_row_without_a_hint_is_refused(kind: str, hints: Fixture, request: pytest.FixtureRequest) -> None:
    network: unet.Predictor = request.getfixturevalue(kind)
    (shown,) = conditions(hints["in.hint"][0])
    for given in (None, [shown, None], [shown, unet.Condition()]):
        with pytest.raises(errors.EngineFailed, match="without a hint"):
            network(*inputs(hints), given)


@pytest.mark.parametrize(
    "mistake",
    [lambda hint: hint * 2 - 1, lambda hint: hint * 255, lambda hint: 1 - hint],
    ids=["-1..1", "0..255", "black on white"],
)
def test_a_hint_of_another_range_is_far_over_the_limit(
    mistake: Callable[[Tensor], Tensor], hints: Fixture, edges: hint_network.HintNetwork
) -> None:
    wrong = conditions(*[mistake(hints["in.hint"][0])] * 2)
    assert error(edges, hints, wrong, "out.y") > FAR


def test_a_hint_network_has_no_scale(hints: Fixture, edges: hint_network.HintNetwork) -> None:
    weak = conditions(*[hints["in.hint"][0]] * 2, scale=0.5)
    assert error(edges, hints, weak, "out.y") < golden_control.FORWARD
    (inlet,) = edges.hint_block(hints["in.hint"])
    with torch.no_grad():
        halved = hint_network.from_original(edges.config, scaled_hints(golden_control.hint_tensors(hints), 0.5))
    torch.testing.assert_close(halved.hint_block(hints["in.hint"])[0], inlet / 2)
    assert error(halved, hints, conditions(*[hints["in.hint"][0]] * 2), "out.y") > FAR


def scaled_hints(tensors: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    return {name: tensor * scale if ".input_hint_block.out." in name else tensor for name, tensor in tensors.items()}


class Added(nn.Module):
    """The mistake of adding a residual to the stream that it should replace."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = x + self.conv(x)
        return added


def test_a_residual_added_to_the_stream_of_the_side_network_is_far_over_the_limit(
    sides: Fixture,
) -> None:
    network = golden_control.build_side_network(sides)
    given = conditions(*[sides["in.hint"][0]] * 2)
    assert error(network, sides, given, "out.unet_k1") < golden_control.FORWARD
    network.side.convs = nn.ModuleList(Added(conv) for conv in network.side.convs)
    assert error(network, sides, given, "out.unet_k1") > FAR


def test_a_projection_inside_the_side_network_is_far_over_the_limit(
    sides: Fixture, steered: side_network.SideNetwork
) -> None:
    weights = checkpoints.below("projection.", sides.beside("t5_condition").tensors)
    projection = text.projection_from_original(
        weights | {"0.weight": torch.eye(len(weights["1.weight"]))}, "a second norm over the projected rows"
    )
    x, times, contexts = inputs(sides)
    again = [unet.Context(projection(context.rows), context.mask) for context in contexts]
    given = conditions(*[sides["in.hint"][0]] * 2)
    with torch.inference_mode():
        residuals = steered.residuals(x, times, again, given)
    for residual, expected in zip(residuals, sides.numbered("out.state"), strict=True):
        assert (residual - expected).abs().max() > FAR


def test_a_scale_of_zero_is_the_base_and_a_map_scales_every_place_by_its_own(
    sides: Fixture, steered: side_network.SideNetwork
) -> None:
    hint = sides["in.hint"][0]
    assert error(steered, sides, conditions(hint, hint, scale=0.0), "out.unet_plain") < golden_control.FORWARD
    even = torch.full((7, 5), 0.5)
    assert error(steered, sides, conditions(hint, hint, scale=even), "out.unet_k05") < golden_control.FORWARD
    halves = torch.ones(8, 16)
    halves[:, 8:] = 0
    assert error(steered, sides, conditions(hint, hint, scale=halves), "out.unet_k1") > FAR
    mixed = [unet.Condition(hint=hint, scale=1.0), unet.Condition(hint=hint, scale=0.0)]
    with torch.inference_mode():
        both = steered(*inputs(sides), mixed)
    torch.testing.assert_close(both[0], sides["out.unet_k1"][0], atol=golden_control.FORWARD, rtol=0)
    torch.testing.assert_close(both[1], sides["out.unet_plain"][1], atol=golden_control.FORWARD, rtol=0)


def test_a_control_that_ends_one_step_early_is_far_over_the_limit(
    sides: Fixture, steered: side_network.SideNetwork
) -> None:
    said = sides.config["cases"]["k1_end05"]
    begun = golden_control.begin_state(sides, "k1_end05", said, sampler.Variant.DEPTH)
    assert [step.scale for step in begun.plan if isinstance(step, sampler.Posterior)] == [1.0, 1.0, 1.0, 0.0]
    early = sampler.ddpm_plan(4, sides.config["guidance_scale"], sampler.Variant.DEPTH)
    state = golden_control.begin_state(sides, "k1_end05", said | {"control_guidance_end": 0.49}, sampler.Variant.DEPTH)
    assert len(state.plan) == len(early)
    while not state.done:
        (state,) = sampler.advance([state], steered)
    assert (state.latents - sides["k1_end05.out"][0]).abs().max() > 10 * golden_control.LOOP


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0.0, 1.0, [1, 1, 1, 1]), (0.0, 0.5, [1, 1, 1, 0]), (0.5, 1.0, [0, 0, 1, 1]), (0.3, 0.3, [0, 1, 0, 0])],
)
def test_steps_are_controlled_from_start_to_end_inclusive(start: float, end: float, expected: list[int]) -> None:
    plan = reach.within(sampler.ddpm_plan(4, 3.0, sampler.Variant.DEPTH), start, end)
    assert [step.scale for step in plan] == expected
