"""What a task costs: credits for the user, device milliseconds for fairness, and the key under which time is learned.

TFLOP at 1024 x 1024 and batch 1, counted on the published configurations: U-Net 3.248 a
forward, MoVQ decode 34.12, text encoder 2.208 for 128 tokens. A base picture of 50 guided steps is 361, a Flash
picture 49: hence 7 credits to 1. All aspect ratios have nearly the same area and cost the same.
Kandinsky 2.2, counted by torch's FlopCounterMode on its classes at their published sizes on the meta device: U-Net
3.714, prior 0.1646, MoVQ decode 9.65, text encoder 0.0979. A picture of 25 prior and 50 decoder steps is 389, so 8
credits. Counted in the same way: MoVQ encode 17.34 and 5.164 (2.2), the side network of depth and scribble 0.921,
super-resolution 15.89 a look at 1024 x 1024. HED (0.64) and the encoder of pictures are left out.

A task names pictures and does not know their sizes: it is counted as if every canvas were 1024 x 1024.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from engines import guidance, tasks, unheard
from engines.sizes import Profile

UNET_TFLOP: Final = 3.248
MOVQ_DECODE_TFLOP: Final = 34.12
MOVQ_ENCODE_TFLOP: Final = 17.34
TEXT_TFLOP: Final = 2.208
SIDE_TFLOP: Final = 0.921
UNET_22_TFLOP: Final = 3.714
PRIOR_22_TFLOP: Final = 0.1646
MOVQ_22_DECODE_TFLOP: Final = 9.65
MOVQ_22_ENCODE_TFLOP: Final = 5.164
TEXT_22_TFLOP: Final = 0.0979
# x2: four Flash steps at 2048 x 2048, 63.55 each. x4: five steps over 25 windows of 1024 x 1024 in 4096 x 4096.
UPSCALE_TFLOP: Final[Mapping[int, float]] = {2: 4 * 63.55, 4: 5 * 25 * 15.89}
# At 2048 x 2048: MoVQ encode in four tiles, one look of Flash (13.45), decode in nine tiles of 6.25 times the area.
UPSCALE_REFINE_TFLOP: Final = 4 * MOVQ_ENCODE_TFLOP + 13.45 + 6.25 * MOVQ_DECODE_TFLOP

FLASH_CREDITS: Final = 1
BASE_CREDITS: Final = 7  # for the 50 steps that a base picture has by default
REFINE_CREDITS: Final = 1
CREDITS_22: Final = 8
BASE_STEPS: Final = 50
FLASH_STEPS: Final = 4
REFINE_STEPS: Final = 2
PRIOR_22_STEPS: Final = 25
DAILY_CREDITS: Final = 100 * BASE_CREDITS
BASE_TFLOP: Final = TEXT_TFLOP + 2 * BASE_STEPS * UNET_TFLOP + MOVQ_DECODE_TFLOP
CREDIT_TFLOP: Final = BASE_TFLOP / BASE_CREDITS  # what a credit buys where nothing but work can be counted

# Half of the 790 TFLOP/s that an H200 reaches in bf16: what a good eager program gets (0.91 s a base picture).
GPU_TFLOP_PER_MS: Final = 0.395
# The miniature family, milliseconds of one CPU core (a guided step takes 48); the queue learns the real times.
MINI_FORWARD_MS: Final = 24.0
MINI_PRIOR_MS: Final = 3.0
MINI_DECODE_MS: Final = 76.0
MINI_ENCODE_MS: Final = 38.0  # half of the decode, as in the big family
MINI_TEXT_MS: Final = 5.0
MINI_SIDE_MS: Final = 12.0  # 4.96 s with depth beside 3.31 s without (`benchmarks/results/engines.md`)
MINI_UPSCALE_MS: Final[Mapping[int, float]] = {2: 990.0, 4: 4910.0}  # of a picture of 128 pixels a side, measured there


def credits(task: tasks.Task) -> int:
    """What a task costs its owner; at least 1.

    Every kind that samples costs as text to image does: by its model, the steps that it takes (a strength takes its
    share of them) and the number of pictures. What goes in (pictures, masks, hints) is free. Enlarging has neither
    model nor steps and costs its work.
    """
    if isinstance(task, tasks.Upscale):
        return math.ceil(tflop(task) / CREDIT_TFLOP)
    model = model_of(task)
    if model is tasks.Model.KANDINSKY_3_FLASH:
        return FLASH_CREDITS * task.count
    base = CREDITS_22 if model is tasks.Model.KANDINSKY_22 else BASE_CREDITS
    a_picture = math.ceil(base * steps(task) / BASE_STEPS)
    return (a_picture + (REFINE_CREDITS if _refines(task) else 0)) * task.count


def model_of(task: tasks.Task) -> tasks.Model:
    """The model that works on a task. Who outpaints or enlarges has no choice: both are of Kandinsky 3's family."""
    return tasks.Model.KANDINSKY_3 if isinstance(task, tasks.Outpaint | tasks.Upscale) else task.model


def steps(task: guidance.Guided) -> int:
    """Steps of the sampler that a picture takes, without those of a refiner or a prior."""
    if not unheard.hears(model_of(task), "steps"):
        return FLASH_STEPS
    if isinstance(task, tasks.ImageToImage | tasks.StyleTransfer):
        return tasks.steps_taken(task.steps, task.strength)
    return task.steps


def unet_forwards(task: guidance.Guided) -> int:
    """U-Net forwards of one sample that a picture takes; a guided step takes two."""
    if not unheard.hears(model_of(task), "guidance"):
        return steps(task)
    return 2 * steps(task) + (REFINE_STEPS if _refines(task) else 0)


def tflop(task: tasks.Task) -> float:
    """The work of a task with the official checkpoints, in TFLOP."""
    if isinstance(task, tasks.Upscale):
        return UPSCALE_TFLOP[task.factor] + (UPSCALE_REFINE_TFLOP if _refines(task) else 0)
    forwards = unet_forwards(task)
    if model_of(task) is tasks.Model.KANDINSKY_22:
        once = TEXT_22_TFLOP * _texts(task) + MOVQ_22_ENCODE_TFLOP * _encodes(task)
        prior = PRIOR_22_TFLOP * _prior_forwards(task)
        return once + (prior + UNET_22_TFLOP * forwards + MOVQ_22_DECODE_TFLOP) * task.count
    once = TEXT_TFLOP * _texts(task) + MOVQ_ENCODE_TFLOP * _encodes(task)
    a_forward = UNET_TFLOP + (SIDE_TFLOP if _has_side_network(task) else 0)
    return once + (a_forward * forwards + MOVQ_DECODE_TFLOP) * task.count


def gpu_ms(task: tasks.Task, profile: str) -> int:
    """The expected device time of a task in milliseconds, before any was measured; at least 1."""
    if profile != "mini":
        return math.ceil(tflop(task) / GPU_TFLOP_PER_MS)
    if isinstance(task, tasks.Upscale):
        return math.ceil(MINI_UPSCALE_MS[task.factor])
    once = MINI_TEXT_MS * _texts(task) + MINI_ENCODE_MS * _encodes(task)
    a_forward = MINI_FORWARD_MS + (MINI_SIDE_MS if _has_side_network(task) else 0)
    a_picture = a_forward * unet_forwards(task) + MINI_PRIOR_MS * _prior_forwards(task) + MINI_DECODE_MS
    return math.ceil(once + a_picture * task.count)


def size_key(task: tasks.Task) -> str:
    """Tasks of one model with equal keys take about equally long, such as "16:9 50 steps x4 refined".

    Kinds other than text to image begin with their names; the ratio is said where the task has one.
    """
    refined = " refined" if _refines(task) else ""
    if isinstance(task, tasks.Upscale):
        return f"{task.kind} x{task.factor}{refined}"
    work = f"{steps(task)} steps x{task.count}{refined}"
    if isinstance(task, tasks.TextToImage):
        return f"{task.aspect_ratio} {work}"
    if isinstance(task, tasks.ImageVariation | tasks.ImageFusion | tasks.ImageTextFusion):
        return f"{task.kind} {task.aspect_ratio} {work}"
    if isinstance(task, tasks.StyleTransfer):
        return f"{task.kind} {task.control}{' by image' if task.style_image else ''} {work}"
    return f"{task.kind} {work}"


def _refines(task: tasks.Task) -> bool:
    """Whether the big family's refiner works on it."""
    asked = isinstance(task, tasks.TextToImage | tasks.Upscale) and task.refine
    return asked and "refine" not in unheard.of(task, Profile.KANDINSKY3)


def _has_side_network(task: guidance.Guided) -> bool:
    """Whether a network beside the U-Net keeps the form; edges, and depth with Kandinsky 2.2, are part of theirs."""
    if not isinstance(task, tasks.StyleTransfer) or task.model is tasks.Model.KANDINSKY_22:
        return False
    return task.control is not tasks.Control.EDGES


def _encodes(task: guidance.Guided) -> int:
    """Pictures whose latents are made, once for all pictures of the task."""
    if isinstance(task, tasks.StyleTransfer):
        return int(task.strength < 1)
    return int(isinstance(task, tasks.ImageToImage | tasks.Inpaint | tasks.Outpaint))


def _prior_forwards(task: guidance.Guided) -> int:
    """Forwards of the prior of one sample that a picture takes.

    A step of a prompt's embedding takes two. What is not wanted takes one, and two where pictures are mixed, whose own
    embeddings need no prior.
    """
    if model_of(task) is not tasks.Model.KANDINSKY_22:
        return 0
    if isinstance(task, tasks.ImageVariation | tasks.ImageFusion):
        return PRIOR_22_STEPS * 2 * _unwanted(task)
    if isinstance(task, tasks.ImageTextFusion):
        return PRIOR_22_STEPS * 2 * (1 + _unwanted(task))
    return PRIOR_22_STEPS * (2 + _unwanted(task))


def _texts(task: guidance.Guided) -> int:
    """Prompts to encode; a task without words of its own says an empty prompt or a stock text."""
    return 1 + _unwanted(task)


def _unwanted(task: guidance.Guided) -> int:
    """Negative prompts that are heard. A style may bring one of its own."""
    said = task.negative_prompt or (task.style if isinstance(task, tasks.TextToImage | tasks.ImageToImage) else "")
    return int(bool(said) and unheard.hears(model_of(task), "negative_prompt"))
