"""What a task costs: credits for the user, device milliseconds for fairness, and the key under which time is learned.

TFLOP at 1024 x 1024 and batch 1, counted on the published configurations: U-Net 3.248 a
forward, MoVQ decode 34.12, text encoder 2.208 for 128 tokens. A base picture of 50 guided steps is 361, a Flash
picture 49: hence 7 credits to 1. All aspect ratios have nearly the same area and cost the same.
Kandinsky 2.2, counted by torch's FlopCounterMode on its classes at their published sizes on the meta device: U-Net
3.714, prior 0.1646, MoVQ decode 9.65, text encoder 0.0979. A picture of 25 prior and 50 decoder steps is 389, so 8
credits.
"""

from __future__ import annotations

import math
from typing import Final

from engines import tasks, unheard

UNET_TFLOP: Final = 3.248
MOVQ_DECODE_TFLOP: Final = 34.12
TEXT_TFLOP: Final = 2.208
UNET_22_TFLOP: Final = 3.714
PRIOR_22_TFLOP: Final = 0.1646
MOVQ_22_DECODE_TFLOP: Final = 9.65
TEXT_22_TFLOP: Final = 0.0979

FLASH_CREDITS: Final = 1
BASE_CREDITS: Final = 7  # for the 50 steps that a base picture has by default
REFINE_CREDITS: Final = 1
CREDITS_22: Final = 8
BASE_STEPS: Final = 50
FLASH_STEPS: Final = 4
REFINE_STEPS: Final = 2
PRIOR_22_STEPS: Final = 25
DAILY_CREDITS: Final = 100 * BASE_CREDITS

# Half of the 790 TFLOP/s that an H200 reaches in bf16: what a good eager program gets (0.91 s a base picture).
GPU_TFLOP_PER_MS: Final = 0.395
# The miniature family, milliseconds of one CPU core (a guided step takes 48); the queue learns the real times.
MINI_FORWARD_MS: Final = 24.0
MINI_PRIOR_MS: Final = 3.0
MINI_DECODE_MS: Final = 76.0
MINI_TEXT_MS: Final = 5.0


def credits(task: tasks.TextToImage) -> int:
    """What a task costs its owner; at least 1."""
    if task.model is tasks.Model.KANDINSKY_3_FLASH:
        return FLASH_CREDITS * task.count
    base = CREDITS_22 if task.model is tasks.Model.KANDINSKY_22 else BASE_CREDITS
    a_picture = math.ceil(base * task.steps / BASE_STEPS)
    return (a_picture + (REFINE_CREDITS if _refines(task) else 0)) * task.count


def unet_forwards(task: tasks.TextToImage) -> int:
    """U-Net forwards of one sample that a picture takes; a guided step takes two."""
    if not unheard.hears(task.model, "steps"):
        return FLASH_STEPS
    return 2 * task.steps + (REFINE_STEPS if _refines(task) else 0)


def tflop(task: tasks.TextToImage) -> float:
    """The work of a task with the official checkpoints, in TFLOP."""
    if task.model is tasks.Model.KANDINSKY_22:
        prior = PRIOR_22_TFLOP * _prior_forwards(task)
        a_picture = prior + UNET_22_TFLOP * unet_forwards(task) + MOVQ_22_DECODE_TFLOP
        return TEXT_22_TFLOP * _texts(task) + a_picture * task.count
    return TEXT_TFLOP * _texts(task) + (UNET_TFLOP * unet_forwards(task) + MOVQ_DECODE_TFLOP) * task.count


def gpu_ms(task: tasks.TextToImage, profile: str) -> int:
    """The expected device time of a task in milliseconds, before any was measured; at least 1."""
    if profile == "mini":
        a_picture = MINI_FORWARD_MS * unet_forwards(task) + MINI_PRIOR_MS * _prior_forwards(task) + MINI_DECODE_MS
        return math.ceil(MINI_TEXT_MS * _texts(task) + a_picture * task.count)
    return math.ceil(tflop(task) / GPU_TFLOP_PER_MS)


def size_key(task: tasks.TextToImage) -> str:
    """Tasks of one model with equal keys take about equally long, such as "16:9 50 steps x4 refined"."""
    if not unheard.hears(task.model, "steps"):
        return f"{task.aspect_ratio} {FLASH_STEPS} steps x{task.count}"
    return f"{task.aspect_ratio} {task.steps} steps x{task.count}{' refined' if _refines(task) else ''}"


def _refines(task: tasks.TextToImage) -> bool:
    """Whether the refiner works on it."""
    return task.refine and unheard.hears(task.model, "refine")


def _prior_forwards(task: tasks.TextToImage) -> int:
    """Forwards of the prior of one sample that a picture takes; an embedding of what is not wanted takes one a step."""
    if task.model is not tasks.Model.KANDINSKY_22:
        return 0
    return PRIOR_22_STEPS * _texts(task) + PRIOR_22_STEPS


def _texts(task: tasks.TextToImage) -> int:
    """Prompts to encode. A style may bring a negative prompt of its own, which is heard where any is."""
    hears_both = unheard.hears(task.model, "negative_prompt")
    return 2 if hears_both and (task.negative_prompt or task.style) else 1
