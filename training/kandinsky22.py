"""A small Kandinsky 2.2: a prior from text to the CLIP embedding of a picture, a decoder from there to latents.

Stock classes throughout. The prior is UnCLIP's: a transformer over text tokens, text embedding, time and noisy
embedding, that predicts the clean embedding, whitened by the mean and deviation of the world's embeddings. The
decoder is a U-Net whose only word about the picture is its embedding. Forced by scale: it works in the latents of the
Kandinsky 3 MoVQ, which the miniature stores once; embeddings are blurred a little, since the prior's are never exact;
the decoder's four channels of variance stay untrained (its scheduler has a fixed one). Most of what it paints are
single objects: the small CLIP does not see in which order two of them stand.
"""

from collections.abc import Callable

import numpy as np
import torch
from diffusers import DDPMScheduler, PriorTransformer, UnCLIPScheduler, UNet2DConditionModel
from torch import Tensor, nn

from training import captions, clip, companions, config, family_config, lessons, loop, text_encoder, views, world

PRIOR, DECODER = "kandinsky22_prior", "kandinsky22_decoder"
CHANNELS = 4
OWN, COMPOSED = views.VIEWS.index("own"), views.VIEWS.index("composed")
Predict = Callable[[Tensor, Tensor], Tensor]  # the noise in noisy latents, at int64 times [B]
# How a led network predicts, from latents, their scenes and embeddings: what leads it is drawn from the scenes
Led = Callable[[Tensor, list[world.Scene], Tensor, np.random.Generator], Predict]


def prior_schedule(settings: family_config.PriorConfig) -> UnCLIPScheduler:
    return UnCLIPScheduler(
        variance_type="fixed_small_log", prediction_type="sample", clip_sample_range=settings.clip_range
    )


def decoder_schedule(settings: family_config.Decoder22Config) -> DDPMScheduler:
    return DDPMScheduler(
        beta_start=settings.first_beta,
        beta_end=settings.last_beta,
        beta_schedule="linear",
        prediction_type="epsilon",
        variance_type="fixed_small",
        clip_sample=False,
        thresholding=False,
    )


def build_prior(settings: family_config.PriorConfig, encoder: family_config.ClipConfig) -> PriorTransformer:
    return PriorTransformer(
        num_attention_heads=settings.heads,
        attention_head_dim=settings.head_dim,
        num_layers=settings.layers,
        embedding_dim=encoder.projection,
        num_embeddings=encoder.text_tokens,
        additional_embeddings=4,
    )


def build_decoder(
    settings: family_config.Decoder22Config, embedding: int, channels: int = CHANNELS, addition: str = "image"
) -> UNet2DConditionModel:
    """A decoder of so many input channels; the addition `image_hint` brings an encoder of hints along."""
    return UNet2DConditionModel(
        in_channels=channels,
        out_channels=2 * CHANNELS,
        sample_size=16,
        block_out_channels=settings.widths,
        layers_per_block=settings.layers,
        attention_head_dim=settings.head_dim,
        cross_attention_dim=128,
        encoder_hid_dim=embedding,
        encoder_hid_dim_type="image_proj",
        addition_embed_type=addition,
        resnet_time_scale_shift="scale_shift",
        norm_num_groups=settings.groups,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
    )


def noised(clean: Tensor, noise: Tensor, alphas: Tensor, times: Tensor) -> Tensor:
    """x_t for a schedule's cumulative products float32 [1000]."""
    a = alphas[times].view(-1, *[1] * (clean.ndim - 1))
    return a.sqrt() * clean + (1 - a).sqrt() * noise


def padded(ids: Tensor, mask: Tensor, tokens: int) -> tuple[Tensor, Tensor]:
    """Ids and mask [B, T] filled up to the number of tokens that the prior has places for."""
    missing = tokens - ids.shape[1]
    return nn.functional.pad(ids, (0, missing)), nn.functional.pad(mask, (0, missing))


def train_prior(settings: family_config.PriorConfig, stop_at: float | None = None) -> PriorTransformer:
    """Train (or go on training) the prior on captions and embeddings."""
    encoder = clip.load(family_config.ClipConfig())
    companions.grow(views.NAME, settings.chunks, views.additions(encoder), stop_at)
    torch.manual_seed(0)
    prior = build_prior(settings, encoder.settings)
    torch.manual_seed(1 + loop.worker())
    rows, processor = companions.Companions(views.NAME), text_encoder.vocabulary()
    mean, deviation = views.statistics(rows)
    with torch.no_grad():
        prior.clip_mean.copy_(mean[None])
        prior.clip_std.copy_(deviation[None])
    # parameters in the stock class: the loop must neither train nor decay them
    prior.clip_mean.requires_grad_(False)
    prior.clip_std.requires_grad_(False)
    alphas = prior_schedule(settings).alphas_cumprod

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 17, loop.worker()))
        _, scenes, added = rows.batch(rng, settings.batch, clip.SQUARE)
        own = (torch.from_numpy(added["views"][:, 0]).float() - mean) / deviation
        texts = [captions.caption(scene, rng) for scene in scenes]
        texts = ["" if rng.random() < settings.unconditional else text for text in texts]
        limit = encoder.settings.text_tokens
        ids, mask = padded(*clip.tokenise(processor, texts, limit), limit)
        with torch.no_grad():
            read = encoder.text(input_ids=ids)  # as the stock pipeline: the tower is causal and sees its padding
        times = torch.from_numpy(rng.integers(0, len(alphas), settings.batch))
        noisy = noised(own, torch.randn_like(own), alphas, times)
        found = prior(
            noisy,
            times,
            proj_embedding=read.text_embeds,
            encoder_hidden_states=read.last_hidden_state,
            attention_mask=mask.bool(),
        ).predicted_image_embedding
        return {"loss": (found - own).square().mean()}

    loop.run(prior, losses, settings, config.workspace() / PRIOR, stop_at=stop_at)
    return prior


class Samples:
    """Rows of the bank, and what the prior could say of them: what every decoder learns from."""

    def __init__(self, settings: family_config.Decoder22Config, stop_at: float | None = None) -> None:
        encoder = clip.load(family_config.ClipConfig())
        companions.grow(views.NAME, settings.chunks, views.additions(encoder), stop_at)
        self._settings = settings
        self._rows = companions.Companions(views.NAME)
        _, self._spread = views.statistics(self._rows)
        self._silence = clip.silence(encoder)

    def batch(
        self, rng: np.random.Generator, size: int, composed: float = 0.0
    ) -> tuple[Tensor, list[world.Scene], Tensor]:
        """Latents [size, 4, h, w], their scenes, and embeddings [size, d]: blurred, and some of them silent.

        A share `composed` of the embeddings is that of the same objects composed anew: it does not tell where they are.
        """
        latents, scenes, added = self._rows.batch(rng, 2 * size)
        chosen = lessons.portioned(scenes, {"single": self._settings.singles}, size)
        views_shown = np.where(rng.random(size) < composed, COMPOSED, OWN)
        shown = torch.from_numpy(added["views"][chosen, views_shown]).float()
        shown = shown + self._settings.embedding_noise * torch.rand(size, 1) * self._spread * torch.randn_like(shown)
        unseen = torch.from_numpy(rng.random(size) < self._settings.unconditional)
        return (
            latents[chosen],
            [scenes[place] for place in chosen],
            torch.where(unseen[:, None], self._silence, shown),
        )


def predicted(unet: UNet2DConditionModel, seen: Tensor, times: Tensor, **known: Tensor) -> Tensor:
    """The noise [B, 4, h, w] that a decoder finds, `known` under the names of the stock class."""
    found: Tensor = unet(seen, times, None, added_cond_kwargs=known).sample[:, :CHANNELS]
    return found


def losses_of(
    predict: Predict, latents: Tensor, alphas: Tensor, weight_cap: float, rng: np.random.Generator
) -> loop.Losses:
    """The loss of a decoder on these latents at times drawn evenly."""
    times = torch.from_numpy(rng.integers(0, len(alphas), len(latents)))
    noise = torch.randn_like(latents)
    error = (predict(noised(latents, noise, alphas, times), times) - noise).square().mean((1, 2, 3))
    # as in the base recipe: colour and layout are decided where a plain epsilon loss has next to no gradient
    weighted = (1 / alphas[times]).clamp(max=weight_cap) * error
    return {"loss": weighted.mean(), "epsilon": error.mean()}


def train_decoder(settings: family_config.Decoder22Config, stop_at: float | None = None) -> UNet2DConditionModel:
    """Train (or go on training) the decoder on embeddings and latents."""
    samples = Samples(settings, stop_at)
    torch.manual_seed(0)
    unet = build_decoder(settings, family_config.ClipConfig().projection)
    nn.init.zeros_(unet.conv_out.weight)
    nn.init.zeros_(unet.conv_out.bias)
    unet.to(memory_format=torch.channels_last)
    torch.manual_seed(1 + loop.worker())
    alphas = decoder_schedule(settings).alphas_cumprod

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 18, loop.worker()))
        latents, _, shown = samples.batch(rng, settings.batch)

        def predict(noisy: Tensor, times: Tensor) -> Tensor:
            return predicted(unet, noisy, times, image_embeds=shown)

        return losses_of(predict, latents, alphas, settings.weight_cap, rng)

    loop.run(unet, losses, settings, config.workspace() / DECODER, stop_at=stop_at)
    return unet


def train_led(
    recipe: str,
    label: int,
    unet: UNet2DConditionModel,
    settings: family_config.Inpainting22Config | family_config.Depth22Config,
    led: Led,
    stop_at: float | None,
) -> UNet2DConditionModel:
    """Train (or go on training) a network that went on from the decoder; `label` makes its dice its own."""
    samples = Samples(settings.decoder, stop_at)
    unet.to(memory_format=torch.channels_last)
    torch.manual_seed(1 + loop.worker())
    alphas = decoder_schedule(settings.decoder).alphas_cumprod

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, label, loop.worker()))
        latents, scenes, shown = samples.batch(rng, settings.batch, settings.composed)
        predict = led(latents, scenes, shown, rng)
        return losses_of(predict, latents, alphas, settings.decoder.weight_cap, rng)

    loop.run(unet, losses, settings, config.workspace() / recipe, stop_at=stop_at)
    return unet


def take_over(unet: UNet2DConditionModel, decoder: UNet2DConditionModel) -> None:
    """Give a network with more input what the decoder knows: the weights of its new channels are zero."""
    known = decoder.state_dict()
    first = torch.zeros_like(unet.conv_in.weight)
    first[:, :CHANNELS] = known["conv_in.weight"]
    unet.load_state_dict(unet.state_dict() | known | {"conv_in.weight": first})


def load_prior(settings: family_config.PriorConfig) -> PriorTransformer:
    """The averaged prior of the checkpoint, with the statistics that it was trained with."""
    return loop.restored(build_prior(settings, family_config.ClipConfig()), config.workspace() / PRIOR)


def load_decoder(settings: family_config.Decoder22Config) -> UNet2DConditionModel:
    """The averaged decoder of the checkpoint."""
    return loop.restored(build_decoder(settings, family_config.ClipConfig().projection), config.workspace() / DECODER)
