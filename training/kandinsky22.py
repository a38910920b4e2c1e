"""A small Kandinsky 2.2: a prior from text to the CLIP embedding of a picture, a decoder from there to latents.

Stock classes throughout. The prior is UnCLIP's: a transformer over text tokens, text embedding, time and noisy
embedding, that predicts the clean embedding, whitened by the mean and deviation of the world's embeddings. The
decoder is a U-Net whose only word about the picture is its embedding. Forced by scale: it works in the latents of the
Kandinsky 3 MoVQ, which the miniature stores once; embeddings are blurred a little, since the prior's are never exact;
the decoder's four channels of variance stay untrained (its scheduler has a fixed one). Most of what it paints are
single objects: the small CLIP does not see in which order two of them stand.
"""

import numpy as np
import torch
from diffusers import DDPMScheduler, PriorTransformer, UnCLIPScheduler, UNet2DConditionModel
from torch import Tensor, nn

from training import captions, clip, companions, config, family_config, lessons, loop, text_encoder, views

PRIOR, DECODER = "kandinsky22_prior", "kandinsky22_decoder"
CHANNELS = 4


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


def build_decoder(settings: family_config.Decoder22Config, embedding: int) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        in_channels=CHANNELS,
        out_channels=2 * CHANNELS,
        sample_size=16,
        block_out_channels=settings.widths,
        layers_per_block=settings.layers,
        attention_head_dim=settings.head_dim,
        cross_attention_dim=128,
        encoder_hid_dim=embedding,
        encoder_hid_dim_type="image_proj",
        addition_embed_type="image",
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

    loop.run(
        prior,
        losses,
        steps=settings.steps,
        peak=settings.learning_rate,
        folder=config.workspace() / PRIOR,
        ema=settings.ema,
        stop_at=stop_at,
    )
    return prior


def train_decoder(settings: family_config.Decoder22Config, stop_at: float | None = None) -> UNet2DConditionModel:
    """Train (or go on training) the decoder on embeddings and latents."""
    encoder = clip.load(family_config.ClipConfig())
    companions.grow(views.NAME, settings.chunks, views.additions(encoder), stop_at)
    torch.manual_seed(0)
    unet = build_decoder(settings, encoder.settings.projection)
    nn.init.zeros_(unet.conv_out.weight)
    nn.init.zeros_(unet.conv_out.bias)
    unet.to(memory_format=torch.channels_last)
    torch.manual_seed(1 + loop.worker())
    rows = companions.Companions(views.NAME)
    _, spread = views.statistics(rows)
    silence, alphas = clip.silence(encoder), decoder_schedule(settings).alphas_cumprod

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 18, loop.worker()))
        latents, scenes, added = rows.batch(rng, 2 * settings.batch)
        chosen = lessons.portioned(scenes, {"single": settings.singles}, settings.batch)
        latents, own = latents[chosen], torch.from_numpy(added["views"][chosen, 0]).float()
        own = own + settings.embedding_noise * torch.rand(len(own), 1) * spread * torch.randn_like(own)
        unseen = torch.from_numpy(rng.random(len(own)) < settings.unconditional)
        own = torch.where(unseen[:, None], silence, own)
        times = torch.from_numpy(rng.integers(0, len(alphas), len(own)))
        noise = torch.randn_like(latents)
        noisy = noised(latents, noise, alphas, times)
        predicted = unet(noisy, times, None, added_cond_kwargs={"image_embeds": own}).sample[:, :CHANNELS]
        error = (predicted - noise).square().mean((1, 2, 3))
        # as in the base recipe: colour and layout are decided where a plain epsilon loss has next to no gradient
        weighted = (1 / alphas[times]).clamp(max=settings.weight_cap) * error
        return {"loss": weighted.mean(), "epsilon": error.mean()}

    loop.run(
        unet,
        losses,
        steps=settings.steps,
        peak=settings.learning_rate,
        folder=config.workspace() / DECODER,
        ema=settings.ema,
        stop_at=stop_at,
    )
    return unet


def load_prior(settings: family_config.PriorConfig) -> PriorTransformer:
    """The averaged prior of the checkpoint, with the statistics that it was trained with."""
    return loop.restored(build_prior(settings, family_config.ClipConfig()), config.workspace() / PRIOR)


def load_decoder(settings: family_config.Decoder22Config) -> UNet2DConditionModel:
    """The averaged decoder of the checkpoint."""
    return loop.restored(build_decoder(settings, family_config.ClipConfig().projection), config.workspace() / DECODER)
