"""What a task may say and its network does not listen to: the fields that change nothing of it, and why.

The one table of it, for whoever tells a user, offers a button or counts a cost: the command line has the task, the
chat asks by the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from engines import tasks
from engines.sizes import Profile


class Reason(StrEnum):
    """Why a field changes nothing; the texts are the bot's."""

    FOUR_STEPS = "four_steps"  # Flash always takes its four steps, unguided: a negative prompt has no part in them
    IS_REFINER = "is_refiner"  # Flash is what refines
    OTHER_LATENTS = "other_latents"  # the refiner works on latents of Kandinsky 3 only
    MINIATURE = "miniature"  # enlarged pictures of the miniature family are not refined
    FACTOR = "factor"  # pictures enlarged by another factor than REFINED_FACTOR are not refined


# The miniature Flash knows canvases of 128 pixels and repaints what is larger: PSNR 22 dB, where the miniature MoVQ
# alone keeps 32 and bicubic enlargement 40. So only the big family refines what it enlarges.
REFINING: Final = frozenset({Profile.KANDINSKY3})
REFINED_FACTOR: Final = 2  # of the Flash network of super-resolution, whose results alone are refined

# Text to image, by field; a model that is not named hears everything.
BY_MODEL: Final[Mapping[tasks.Model, Mapping[str, Reason]]] = {
    tasks.Model.KANDINSKY_3_FLASH: {
        "steps": Reason.FOUR_STEPS,
        "guidance": Reason.FOUR_STEPS,
        "negative_prompt": Reason.FOUR_STEPS,
        "refine": Reason.IS_REFINER,
    },
    tasks.Model.KANDINSKY_22: {"refine": Reason.OTHER_LATENTS},
}
_NOTHING: Final[Mapping[str, Reason]] = {}
Field = Literal["steps", "guidance", "negative_prompt", "refine"]  # those that some model does not hear


def by(model: tasks.Model) -> Mapping[str, Reason]:
    """The fields of `tasks.TextToImage` that change nothing of what a model paints."""
    return BY_MODEL.get(model, _NOTHING)


def hears(model: tasks.Model, field: Field) -> bool:
    """Whether a field changes something of what a model paints from a text."""
    return field not in by(model)


def of(task: tasks.Task, profile: str) -> Mapping[str, Reason]:
    """The fields that change nothing of a task in a profile."""
    if isinstance(task, tasks.TextToImage):
        return by(task.model)
    if isinstance(task, tasks.Upscale) and profile not in REFINING:
        return {"refine": Reason.MINIATURE}
    if isinstance(task, tasks.Upscale) and task.factor != REFINED_FACTOR:
        return {"refine": Reason.FACTOR}
    return _NOTHING
