"""Which checkpoint files a kind needs beyond those of text to image. Light: looked up without torch.

Stems are relative to the layout's directory, without suffix; a folder counts by its `config.json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engines import checkpoints, errors, tasks

INPAINTING = ("kandinsky3_inpainting", f"{checkpoints.ENCODER}/projection_inpainting")
ADAPTER, IMAGE_ENCODER = "kandinsky3_ip", "image_encoder"
IMAGE_PROMPT = (ADAPTER, IMAGE_ENCODER)
DETECTOR = "hed"
EDGES = ("kandinsky3_edges", DETECTOR)
CONTROLS: Mapping[tasks.Control, tuple[str, ...]] = {
    tasks.Control.EDGES: EDGES,
    tasks.Control.DEPTH: ("kandinsky3_depth",),
    tasks.Control.SCRIBBLE: ("kandinsky3_scribble",),
}
# What a kind needs as it comes, without options.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "text_to_image": (),
    "img2img": (),
    "inpaint": INPAINTING,
    "outpaint": INPAINTING,
    "image_variation": IMAGE_PROMPT,
    "image_fusion": IMAGE_PROMPT,
    "image_text_fusion": IMAGE_PROMPT,
    "style_transfer": EDGES,
    "upscale": ("kandi_super_res_x2_flash",),
}


def is_there(layout: checkpoints.Layout, stem: str) -> bool:
    """Whether the layout has a file of this stem, or a model's folder of this name."""
    files = (layout.root / f"{stem}{suffix}" for suffix in checkpoints.SUFFIXES)
    return (layout.root / stem / "config.json").is_file() or any(path.is_file() for path in files)


def can(layout: checkpoints.Layout, kind: str) -> bool:
    """Whether everything that each task of a kind needs is there."""
    return kind in NEEDS and all(is_there(layout, stem) for stem in NEEDS[kind])


def needs(task: tasks.Task) -> tuple[str, ...]:
    """What a task needs, its options considered: a control has its own network, a style image is an image prompt."""
    if not isinstance(task, tasks.StyleTransfer):
        return NEEDS.get(task.kind, ())
    return (*CONTROLS[task.control], *(IMAGE_PROMPT if task.style_image is not None else ()))


def require(layout: checkpoints.Layout, kind: str, stems: Iterable[str]) -> None:
    """Raise CheckpointMissing, naming a kind, the files that it lacks and the command, unless all stems are there."""
    absent = [stem for stem in stems if not is_there(layout, stem)]
    if absent:
        raise checkpoints.missing(kind, absent, layout.root)


def refuse_unknown(kind: str) -> errors.InvalidTask:
    """The error for a kind that no engine of this profile serves."""
    return errors.InvalidTask(f"no engine of this profile serves {kind}")
