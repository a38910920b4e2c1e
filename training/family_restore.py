"""The rest of the family back into the workspace: what `restore.py` does for text to image."""

import functools
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import PriorTransformer, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

from engines import tasks
from engines.kandinsky3 import files, image_prompt_files
from engines.kandinsky3.control import side_network
from training import (
    clip,
    config,
    edges,
    family_config,
    family_export,
    hed,
    image_prompt,
    inpainting,
    kandinsky22,
    kandinsky22_depth,
    kandinsky22_inpainting,
    restore,
    side,
    super_resolution,
    text_encoder,
)

CPU = torch.device("cpu")


def made_inpainting(folder: Path) -> nn.Module:
    return restore.painter(folder, "_inpainting", inpainting.Repainter(family_config.InpaintingConfig().original))


def made_clip(folder: Path) -> nn.Module:
    """Both towers; the text's is new where the prior, which carries it, was not exported.

    Temperature and reader of attributes have learned nothing yet.
    """
    torch.manual_seed(0)
    model = clip.Clip(family_config.ClipConfig(), text_encoder.vocabulary().get_vocab_size())
    vision, text = folder / family_export.IMAGE_ENCODER, folder / "kandinsky22_prior" / "text_encoder"
    model.vision = CLIPVisionModelWithProjection.from_pretrained(vision, dtype=torch.float32)
    if text.exists():
        model.text = CLIPTextModelWithProjection.from_pretrained(text, dtype=torch.float32)
    return model


def made_image_prompt(folder: Path) -> nn.Module:
    settings = family_config.ImagePromptConfig()
    painter = restore.painter(folder, "")
    prompter = image_prompt.Prompter(painter, settings.tokens, family_config.ClipConfig().projection)
    adapter = image_prompt_files.load_adapter(folder / "kandinsky3_ip.safetensors", CPU, torch.float32)
    prompter.adapter.load_state_dict(adapter.state_dict())
    return prompter


def made_hed(folder: Path) -> nn.Module:
    detector = hed.build(family_config.HedConfig())
    detector.load_state_dict(restore.tensors_of(folder / "hed.safetensors"))
    return detector


def made_edges(folder: Path) -> nn.Module:
    """The hint U-Net; it has no null embedding, so that of the base stands in its place as it did in training."""
    tensors = restore.tensors_of(folder / "kandinsky3_edges.safetensors")
    hints = {name: value for name, value in tensors.items() if name.startswith(family_export.HINTS)}
    plain = {name: value for name, value in tensors.items() if name not in hints}
    state = restore.painter_state(plain, folder, "_edges")
    state |= {f"hint_block.{name.removeprefix(family_export.HINTS)}": value for name, value in hints.items()}
    state["null_embedding"] = restore.painter(folder, "").null_embedding.detach()
    tracer = edges.Tracer(config.BaseConfig().original)
    tracer.load_state_dict(state)
    return tracer


def made_side(folder: Path, control: tasks.Control) -> nn.Module:
    return side_network.load(folder / f"{files.CONTROLS[control][0]}.safetensors", CPU, torch.float32)


def made_super_resolution(folder: Path, factor: int) -> nn.Module:
    model = super_resolution.build(family_config.SuperResolutionConfig(factor=factor))
    model.load_state_dict(restore.tensors_of(folder / f"{family_export.SUPER_RESOLUTION[factor]}.safetensors"))
    return model


def made_prior(folder: Path) -> nn.Module:
    prior: nn.Module = PriorTransformer.from_pretrained(
        folder / "kandinsky22_prior" / "prior", torch_dtype=torch.float32
    )
    return prior


def made_decoder22(folder: Path) -> nn.Module:
    """The decoder in `kandinsky22_decoder/`, or in the folder of one that goes on from it."""
    unet: nn.Module = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    return unet


# Recipe -> the file that shows that it was exported, and how its module is made from the folder.
MAKERS: dict[str, tuple[str, Callable[[Path], nn.Module]]] = {
    inpainting.NAME: ("kandinsky3_inpainting.safetensors", made_inpainting),
    clip.NAME: (f"{family_export.IMAGE_ENCODER}/config.json", made_clip),
    image_prompt.NAME: ("kandinsky3_ip.safetensors", made_image_prompt),
    hed.NAME: ("hed.safetensors", made_hed),
    edges.NAME: ("kandinsky3_edges.safetensors", made_edges),
    **{
        side.name(control): (f"{files.CONTROLS[control][0]}.safetensors", functools.partial(made_side, control=control))
        for control in side.DRAW
    },
    super_resolution.name(2): ("kandi_super_res_x2_flash.safetensors", lambda folder: made_super_resolution(folder, 2)),
    super_resolution.name(4): ("kandi_super_res_x4.safetensors", lambda folder: made_super_resolution(folder, 4)),
    kandinsky22.PRIOR: ("kandinsky22_prior/prior/config.json", made_prior),
    kandinsky22.DECODER: (
        f"{kandinsky22.DECODER}/unet/config.json",
        lambda folder: made_decoder22(folder / kandinsky22.DECODER),
    ),
    kandinsky22_inpainting.NAME: (
        f"{kandinsky22_inpainting.FOLDER}/unet/config.json",
        lambda folder: made_decoder22(folder / kandinsky22_inpainting.FOLDER),
    ),
    kandinsky22_depth.NAME: (
        f"{kandinsky22_depth.FOLDER}/unet/config.json",
        lambda folder: made_decoder22(folder / kandinsky22_depth.FOLDER),
    ),
}


def restored(folder: Path) -> list[str]:
    """Bring back every recipe whose export is in `folder` and that has no checkpoint yet; their names."""
    missing = [
        name
        for name, (shown_by, _) in MAKERS.items()
        if (folder / shown_by).exists() and not family_export.is_trained(name)
    ]
    for name in missing:
        restore.begin(MAKERS[name][1](folder), name)
    return missing
