"""A tiny Kandinsky 2.2 in the layout of diffusers, of random weights in the stock classes: it paints noise, quickly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tokenizers
import torch

from engines import bridges

WIDTH = 32  # of every embedding
WORDS = 12  # tokens of a text
SIDE = 32  # pixels of the image encoder
PRIOR, DECODER = "kandinsky22_prior", "kandinsky22_decoder"
INPAINTING, DEPTH = "kandinsky22_decoder_inpaint", "kandinsky22_controlnet_depth"


def write(root: Path, *, learned: bool = True, shared: bool = False) -> None:
    """Fill a directory; `learned` variance as published, `shared` MoVQ and image encoder as in the miniature family."""
    bridges.install()
    import diffusers
    import transformers

    torch.manual_seed(22)
    prior = root / PRIOR
    stock = diffusers.PriorTransformer(
        num_attention_heads=2, attention_head_dim=16, num_layers=2, embedding_dim=WIDTH, num_embeddings=WORDS
    )
    torch.nn.init.normal_(stock.clip_mean)
    torch.nn.init.uniform_(stock.clip_std, 0.5, 1.5)
    _shaken(stock).save_pretrained(prior / "prior")
    text = transformers.CLIPTextConfig(
        vocab_size=40, hidden_size=WIDTH, projection_dim=WIDTH, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=WORDS, pad_token_id=0, eos_token_id=1, bos_token_id=3,
    )  # fmt: skip
    _shaken(transformers.CLIPTextModelWithProjection(text)).save_pretrained(prior / "text_encoder")
    _tokenizer().save_pretrained(prior / "tokenizer")
    diffusers.UnCLIPScheduler(clip_sample_range=5.0, prediction_type="sample").save_pretrained(prior / "scheduler")
    vision = root if shared else prior
    encoder = transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(
            hidden_size=WIDTH, projection_dim=WIDTH, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
            image_size=SIDE, patch_size=8,
        )
    )  # fmt: skip
    _shaken(encoder).save_pretrained(vision / "image_encoder")
    transformers.CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    ).save_pretrained(vision / "image_encoder" if shared else vision / "image_processor")

    decoder = root / DECODER
    _shaken(_unet(4)).save_pretrained(decoder / "unet")
    _shaken(_unet(9)).save_pretrained(root / INPAINTING / "unet")
    _shaken(_unet(8, "image_hint")).save_pretrained(root / DEPTH / "unet")
    diffusers.DDPMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="linear", clip_sample=False, steps_offset=1,
        variance_type="learned_range" if learned else "fixed_small",
    ).save_pretrained(decoder / "scheduler")  # fmt: skip
    if not shared:
        _shaken(_movq()).save_pretrained(decoder / "movq")
    part = [None, None] if shared else ["diffusers", "here"]
    for folder in (prior, decoder):
        (folder / "model_index.json").write_text(json.dumps({"movq": part, "image_encoder": part}))


def _unet(channels: int, addition: str = "image") -> Any:
    import diffusers

    return diffusers.UNet2DConditionModel(
        in_channels=channels, out_channels=8, sample_size=8, block_out_channels=(16, 32), layers_per_block=1,
        attention_head_dim=8, cross_attention_dim=24, encoder_hid_dim=WIDTH, encoder_hid_dim_type="image_proj",
        addition_embed_type=addition, resnet_time_scale_shift="scale_shift", norm_num_groups=8,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
    )  # fmt: skip


def _movq() -> Any:
    import diffusers

    return diffusers.VQModel(
        block_out_channels=(32, 32, 32, 64), down_block_types=(*["DownEncoderBlock2D"] * 3, "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", *["UpDecoderBlock2D"] * 3), layers_per_block=1, latent_channels=4,
        num_vq_embeddings=12, vq_embed_dim=4, norm_type="spatial",
    )  # fmt: skip


def _shaken(model: Any) -> Any:
    """Zeros replaced by something, and the hint's eight convolutions kept loud: nothing is silently inactive."""
    for name, parameter in model.named_parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
        if "hint_block" in name and parameter.ndim == 4:
            torch.nn.init.kaiming_normal_(parameter)
    return model.eval()


def _tokenizer() -> Any:
    import transformers

    letters = "abcdefghijklmnopqrstuvwxyz ,"
    vocab = {"<pad>": 0, "</s>": 1, "<unk>": 2} | {letter: 3 + i for i, letter in enumerate(letters)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=WORDS, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
