"""The rest of the family in the layout of the big one: what `export.py` does for text to image.

Original names where the original has files, diffusers folders for Kandinsky 2.2, fp16, beside their place and renamed.
A recipe that has not run has nothing to export, and is passed over.
"""

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import CLIPImageProcessor, CLIPTextModelWithProjection
from transformers.utils import logging as transformers_logging

from engines import tasks
from engines.kandinsky3 import files, image_prompt, image_prompt_files, keymaps
from engines.kandinsky3 import hed as detectors
from engines.kandinsky3.control import side_network
from engines.kandinsky3.super_resolution import network
from training import (
    clip,
    config,
    edges,
    export,
    family_config,
    hed,
    inpainting,
    kandinsky22,
    kandinsky22_depth,
    kandinsky22_inpainting,
    side,
    super_resolution,
    text_encoder,
    tokenizer,
)
from training import (
    image_prompt as image_prompts,
)

HINTS = "unet.input_hint_block."
SUPER_RESOLUTION = {2: "kandi_super_res_x2_flash", 4: "kandi_super_res_x4"}
IMAGE_ENCODER = "image_encoder"


def write_inpainting(painter: inpainting.Repainter, original: dict[str, Any], folder: Path) -> None:
    """`kandinsky3_inpainting.safetensors` and `projection_inpainting.safetensors`."""
    export.write_painter(painter, original, "_inpainting", folder)


def write_adapter(adapter: image_prompt.Adapter, folder: Path) -> None:
    """`kandinsky3_ip.safetensors`, slim: the extra tensors alone, `ip.` before the fork's names."""
    tensors = {f"ip.{name}": tensor for name, tensor in image_prompt_files.to_original(adapter).items()}
    export.save(tensors, folder / "kandinsky3_ip.safetensors")


def write_edges(tracer: edges.Tracer, original: dict[str, Any], folder: Path) -> None:
    """`kandinsky3_edges.safetensors`, a complete hint U-Net under the fork's names, and its projection of the text."""
    tensors = {f"unet.{k}": v for k, v in keymaps.unet_to_original(tracer.unet.state_dict()).items()}
    tensors |= {f"{HINTS}{name}": tensor for name, tensor in tracer.hint_block.state_dict().items()}
    export.save(tensors, folder / "kandinsky3_edges.safetensors", {"config": json.dumps(original, sort_keys=True)})
    export.save(tracer.projection.state_dict(), folder / export.TEXT_FOLDER / "projection_edges.safetensors")


def write_side(side: side_network.SideEncoder, original: dict[str, Any], control: tasks.Control, folder: Path) -> None:
    """`kandinsky3_depth.safetensors` or `kandinsky3_scribble.safetensors`, under the names of the public files."""
    state = side.state_dict()
    way_down = {name.removeprefix("unet."): tensor for name, tensor in state.items() if name.startswith("unet.")}
    tensors = keymaps.unet_to_original(way_down)
    tensors |= {name: tensor for name, tensor in state.items() if not name.startswith("unet.")}
    target = folder / f"{files.CONTROLS[control][0]}.safetensors"
    export.save(tensors, target, {"config": json.dumps(original, sort_keys=True)})


def write_hed(detector: detectors.HED, settings: family_config.HedConfig, folder: Path) -> None:
    sizes = dataclasses.asdict(detectors.HEDConfig(widths=settings.widths))
    export.save(detector.state_dict(), folder / "hed.safetensors", {"config": json.dumps(sizes, sort_keys=True)})


def write_super_resolution(model: network.Network, settings: family_config.SuperResolutionConfig, folder: Path) -> None:
    """`kandi_super_res_x2_flash.safetensors` or `kandi_super_res_x4.safetensors`."""
    target = folder / f"{SUPER_RESOLUTION[settings.factor]}.safetensors"
    export.save(model.state_dict(), target, {"config": json.dumps(settings.original, sort_keys=True)})


def write_image_encoder(model: clip.Clip, folder: Path) -> None:
    """`image_encoder/`: the vision tower as transformers saves it, and how pictures are prepared."""

    def fill(partial: Path) -> None:
        model.vision.half().save_pretrained(partial)
        model.vision.float()
        side = model.settings.image_px
        processor = CLIPImageProcessor(
            size={"shortest_edge": side},
            crop_size={"height": side, "width": side},
            image_mean=list(clip.MEAN),
            image_std=list(clip.DEVIATION),
        )
        processor.save_pretrained(partial)

    replace_folder(folder / IMAGE_ENCODER, fill)


def write_prior(model: Any, text: CLIPTextModelWithProjection, settings: family_config.PriorConfig, to: Path) -> None:
    """`kandinsky22_prior/`, with the layout's own image encoder."""
    limit = family_config.ClipConfig().text_tokens

    def fill(partial: Path) -> None:
        model.half().save_pretrained(partial / "prior")
        text.half().save_pretrained(partial / "text_encoder")
        kandinsky22.prior_schedule(settings).save_pretrained(partial / "scheduler")
        (partial / "tokenizer").mkdir()
        tokenizer.save(text_encoder.vocabulary(), partial / "tokenizer")
        settled = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": limit}
        settled |= {"pad_token": "<pad>", "eos_token": "</s>"}
        (partial / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(settled, indent=1) + "\n")
        index = {
            "_class_name": "KandinskyV22PriorPipeline",
            "prior": ["diffusers", "PriorTransformer"],
            "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
            "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
            "scheduler": ["diffusers", "UnCLIPScheduler"],
            "image_encoder": [None, None],
            "image_processor": [None, None],
        }
        (partial / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")

    replace_folder(to / "kandinsky22_prior", fill)


def write_decoder(model: Any, settings: family_config.Decoder22Config, to: Path) -> None:
    """`kandinsky22_decoder/`, with the layout's own MoVQ."""

    def fill(partial: Path) -> None:
        model.half().save_pretrained(partial / "unet")
        kandinsky22.decoder_schedule(settings).save_pretrained(partial / "scheduler")
        index = {
            "_class_name": "KandinskyV22Pipeline",
            "unet": ["diffusers", "UNet2DConditionModel"],
            "scheduler": ["diffusers", "DDPMScheduler"],
            "movq": [None, None],
        }
        (partial / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")

    replace_folder(to / "kandinsky22_decoder", fill)


def write_led_decoder(model: Any, pipeline: str, target: Path) -> None:
    """A decoder that sees more than its embedding, with MoVQ and schedule of the other one."""

    def fill(partial: Path) -> None:
        model.half().save_pretrained(partial / "unet")
        index = {
            "_class_name": pipeline,
            "unet": ["diffusers", "UNet2DConditionModel"],
            "scheduler": [None, None],
            "movq": [None, None],
        }
        (partial / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")

    replace_folder(target, fill)


def write_inpainting22(model: Any, to: Path) -> None:
    """`kandinsky22_decoder_inpaint/`."""
    write_led_decoder(model, "KandinskyV22InpaintPipeline", to / kandinsky22_inpainting.FOLDER)


def write_depth22(model: Any, to: Path) -> None:
    """`kandinsky22_controlnet_depth/`."""
    write_led_decoder(model, "KandinskyV22ControlnetPipeline", to / kandinsky22_depth.FOLDER)


def replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder beside its place, and put its files there one by one: each is whole whenever it is read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as made:
        fill(Path(made))
        for path in sorted(Path(made).rglob("*")):
            if path.is_file():
                place = target / path.relative_to(made)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(path, place)


def is_trained(name: str) -> bool:
    return (config.workspace() / name / "checkpoint.pt").exists()


def write(folder: Path = export.WEIGHTS) -> list[str]:
    """Export every recipe that has a checkpoint; their names."""
    transformers_logging.disable_progress_bar()
    encoder = family_config.ClipConfig()
    writers: dict[str, Callable[[], None]] = {
        inpainting.NAME: lambda: write_inpainting(
            inpainting.load(family_config.InpaintingConfig()), family_config.InpaintingConfig().original, folder
        ),
        clip.NAME: lambda: write_image_encoder(clip.load(encoder), folder),
        image_prompts.NAME: lambda: write_adapter(
            image_prompts.load(family_config.ImagePromptConfig()).adapter, folder
        ),
        hed.NAME: lambda: write_hed(hed.load(family_config.HedConfig()), family_config.HedConfig(), folder),
        edges.NAME: lambda: write_edges(edges.load(), config.BaseConfig().original, folder),
        kandinsky22.PRIOR: lambda: write_prior(
            kandinsky22.load_prior(family_config.PriorConfig()),
            clip.load(encoder).text,
            family_config.PriorConfig(),
            folder,
        ),
        kandinsky22.DECODER: lambda: write_decoder(
            kandinsky22.load_decoder(family_config.Decoder22Config()), family_config.Decoder22Config(), folder
        ),
        kandinsky22_inpainting.NAME: lambda: write_inpainting22(
            kandinsky22_inpainting.load(family_config.Inpainting22Config()), folder
        ),
        kandinsky22_depth.NAME: lambda: write_depth22(kandinsky22_depth.load(family_config.Depth22Config()), folder),
    }
    for control in side.DRAW:
        writers[side.name(control)] = _side_writer(control, folder)
    for factor in SUPER_RESOLUTION:
        writers[super_resolution.name(factor)] = _super_resolution_writer(factor, folder)
    trained = [name for name in writers if is_trained(name)]
    for name in trained:
        writers[name]()
    return trained


def _side_writer(control: tasks.Control, folder: Path) -> Callable[[], None]:
    return lambda: write_side(side.load(control), config.BaseConfig().original, control, folder)


def _super_resolution_writer(factor: int, folder: Path) -> Callable[[], None]:
    settings = family_config.SuperResolutionConfig(factor=factor)
    return lambda: write_super_resolution(super_resolution.load(settings), settings, folder)
