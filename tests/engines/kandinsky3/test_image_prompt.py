"""A U-Net that listens to pictures: what its rows may say, and what is easily done wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engines import errors
from engines.golden import Fixture
from engines.kandinsky3 import golden, image_prompt, image_prompt_files, keymaps, sampler, unet

LIMIT = 5e-4  # of the fork's loops


@pytest.fixture(scope="module")
def golden_file(fixtures: Path) -> Fixture:
    return Fixture.open(fixtures / "ip_adapter.safetensors")


@pytest.fixture(scope="module")
def host(golden_file: Fixture) -> unet.Network:
    return golden.build_network(golden_file.beside("unet"), 4)


@pytest.fixture(scope="module")
def adapter(golden_file: Fixture) -> image_prompt.Adapter:
    return image_prompt_files.adapter_from_original(image_prompt_files.extras(golden_file.tensors))


@pytest.fixture
def network(host: unet.Network, adapter: image_prompt.Adapter) -> image_prompt.Network:
    return image_prompt.Network(host, adapter)


@dataclasses.dataclass
class Call:
    """One call of a predictor: two pictures, each with a text."""

    x: Tensor
    times: list[int]
    contexts: list[unet.Context]
    embeddings: Tensor

    def showing(self, *images: unet.ImagePrompt | None) -> list[unet.Context]:
        return [dataclasses.replace(said, image=image) for said, image in zip(self.contexts, images, strict=True)]


@pytest.fixture(scope="module")
def call(golden_file: Fixture) -> Call:
    said = zip(golden_file["unet.context"], golden_file["unet.context_mask"].bool(), strict=True)
    return Call(
        golden_file["unet.x"],
        golden_file["unet.t"].tolist(),
        [unet.Context(*one) for one in said],
        golden_file["unet.image_embeds"],
    )


@torch.inference_mode()
def test_pictures_with_images_with_others_and_without_share_a_batch(
    network: image_prompt.Network, host: unet.Network, adapter: image_prompt.Adapter, call: Call
) -> None:
    first, second = (adapter.prompt(embedding) for embedding in call.embeddings)
    seeing = network(call.x, call.times, call.showing(first, second))
    mixed = network(call.x, call.times, call.showing(first, None))
    blind = host(call.x, call.times, call.contexts)
    assert torch.allclose(mixed[0], seeing[0], atol=1e-5)
    assert torch.allclose(mixed[1], blind[1], atol=1e-5)
    assert (seeing - blind).abs().amax(dim=(1, 2, 3)).min() > 0.01
    assert torch.equal(network(call.x, call.times, call.contexts), blind)


@torch.inference_mode()
def test_an_image_of_no_weight_is_no_image_and_more_weight_is_more_image(
    network: image_prompt.Network, host: unet.Network, adapter: image_prompt.Adapter, call: Call
) -> None:
    blind = host(call.x, call.times, call.contexts)

    def shown(weight: float) -> float:
        prompts = [adapter.prompt(embedding, weight) for embedding in call.embeddings]
        return float((network(call.x, call.times, call.showing(*prompts)) - blind).abs().mean())

    assert shown(0.0) < 1e-6
    assert 0.001 < shown(0.3) < shown(0.6) < shown(1.0)


@torch.inference_mode()
def test_a_new_adapter_changes_nothing(host: unet.Network, call: Call) -> None:
    fresh = image_prompt.Adapter(image_prompt.AdapterSizes.of(host, embedding_dim=call.embeddings.shape[1]))
    contexts = call.showing(*(fresh.prompt(embedding) for embedding in call.embeddings))
    seeing = image_prompt.Network(host, fresh)(call.x, call.times, contexts)
    assert torch.allclose(seeing, host(call.x, call.times, call.contexts), atol=1e-6)


def test_the_host_is_itself_again_after_a_call_that_failed(
    network: image_prompt.Network, host: unet.Network, adapter: image_prompt.Adapter, call: Call
) -> None:
    before = [attention.processor for attention in image_prompt.cross_attentions(host.unet).values()]
    with pytest.raises(RuntimeError):
        network(call.x[:, :3], call.times, call.showing(adapter.prompt(call.embeddings[0]), None))
    after = [attention.processor for attention in image_prompt.cross_attentions(host.unet).values()]
    assert all(one is other for one, other in zip(before, after, strict=True))


def test_a_network_is_pointers_and_no_weights_of_its_own(
    network: image_prompt.Network, host: unet.Network, adapter: image_prompt.Adapter
) -> None:
    there = {id(parameter) for part in (host, adapter) for parameter in part.parameters()}
    assert {id(parameter) for parameter in network.parameters()} == there
    assert (network.dtype, network.device) == (host.dtype, host.device)
    assert torch.equal(network.null_embedding, host.null_embedding)


def test_an_adapter_for_another_network_is_refused(host: unet.Network, adapter: image_prompt.Adapter) -> None:
    name = next(iter(adapter.sizes.layers))
    wider = dataclasses.replace(adapter.sizes, layers={**adapter.sizes.layers, name: 1024})
    fewer = dataclasses.replace(adapter.sizes, layers=dict(list(adapter.sizes.layers.items())[:-1]))
    for sizes in (wider, fewer, dataclasses.replace(adapter.sizes, context_dim=8)):
        with pytest.raises(errors.CheckpointInvalid, match="other sizes"):
            image_prompt.Network(host, image_prompt.Adapter(sizes))


def probe(golden_file: Fixture, host: unet.Network, layer: image_prompt.ImageAttention, masked: bool = False) -> float:
    """The error of the recorded cross-attention with this layer for the image, masked as the text is or not."""
    name = keymaps.unet_name_to_stock(golden_file.config["attn_probe_layer"])
    attention = image_prompt.cross_attentions(host.unet)[name]
    said = zip(golden_file["attn.context"], golden_file["attn.context_mask"].bool(), strict=True)
    rows, scores = unet.stack([unet.Context(*one) for one in said], torch.float32, torch.device("cpu"))
    tokens, x = golden_file["attn.image_features"], golden_file["attn.x"]
    processor = image_prompt.ImageAttentionProcessor(layer, tokens, torch.ones(len(tokens), 1, 1))
    given = processor(attention, x, rows, scores.unsqueeze(1))
    if masked:
        bare = image_prompt.ImageAttentionProcessor(layer, tokens, torch.zeros(len(tokens), 1, 1))
        text = bare(attention, x, rows, scores.unsqueeze(1))
        query, key, value = attention.to_q(x), layer.to_key(tokens), layer.to_value(tokens)
        heads = [part.unflatten(-1, (attention.heads, -1)).transpose(1, 2) for part in (query, key, value)]
        mask = scores[:, None, None, -tokens.shape[1] :]
        read = torch.nn.functional.scaled_dot_product_attention(*heads, attn_mask=mask).transpose(1, 2).flatten(2)
        given = text + layer.to_out(read)
    return float((given - golden_file["attn.out_w1"]).abs().max())


@torch.no_grad()
def test_the_image_has_its_own_output_layer_and_no_mask(
    golden_file: Fixture, host: unet.Network, adapter: image_prompt.Adapter
) -> None:
    name = keymaps.unet_name_to_stock(golden_file.config["attn_probe_layer"])
    layer = adapter.attention(name)
    assert probe(golden_file, host, layer) < 1e-5
    assert probe(golden_file, host, layer, masked=True) > 0.01
    shared = image_prompt.ImageAttention(layer.to_key.in_features, layer.to_key.out_features)
    shared.load_state_dict(layer.state_dict())
    text = image_prompt.cross_attentions(host.unet)[name].to_out[0]
    shared.to_out.load_state_dict({"weight": text.weight, "bias": torch.zeros(text.out_features)})
    assert probe(golden_file, host, shared) > 0.1


Change = Callable[[image_prompt.Adapter, Tensor, Tensor], tuple[unet.ImagePrompt | None, unet.ImagePrompt | None]]


def right(adapter: image_prompt.Adapter, shown: Tensor, nothing: Tensor) -> tuple[unet.ImagePrompt, unet.ImagePrompt]:
    return adapter.prompt(shown), adapter.prompt(nothing)


MISTAKES: dict[str, Change] = {
    "a vector of zeros for no picture": lambda adapter, shown, nothing: right(
        adapter, shown, torch.zeros_like(nothing)
    ),
    "the image in both halves": lambda adapter, shown, nothing: right(adapter, shown, shown),
    "no image in the other half": lambda adapter, shown, nothing: (adapter.prompt(shown), None),
    "halves swapped": lambda adapter, shown, nothing: right(adapter, nothing, shown),
}


def variation_error(golden_file: Fixture, network: image_prompt.Network, change: Change) -> float:
    images = change(network.adapter, golden_file["variation.fused_embeds"][0], golden_file["pipe.zero_image_embed"][0])
    contexts = [
        unet.Context(golden_file[f"variation.{sign}_embeds"][0], golden_file[f"variation.{mask}_mask"][0].bool(), image)
        for (sign, mask), image in zip((("prompt", "prompt"), ("negative_prompt", "negative")), images, strict=True)
    ]
    plan = sampler.ddpm_plan(golden_file.config["cases"]["variation"]["steps"], 3.0, sampler.Variant.IMAGE_PROMPT)
    states = golden.begin_states(golden_file, "variation", plan, [sampler.Prompt(*contexts)])
    while not states[0].done:
        states = sampler.advance(states, network)
    return float((states[0].latents - golden_file["variation.out"][0]).abs().max())


def test_the_recorded_variation_is_repeated(golden_file: Fixture, network: image_prompt.Network) -> None:
    assert variation_error(golden_file, network, right) < LIMIT


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_about_no_picture_is_far_over_the_limit(
    golden_file: Fixture, network: image_prompt.Network, mistake: str
) -> None:
    assert variation_error(golden_file, network, MISTAKES[mistake]) > 20 * LIMIT
