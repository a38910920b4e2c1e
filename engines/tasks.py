"""Typed requests to an engine and their results, one model per kind.

A task is data: it names what to paint, never how or where. The same (task, seed) gives the same picture up to
rounding, alone, in a batch of strangers and after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

PROMPT_LIMIT = 1000  # characters; the limit of the official service
SEED_LIMIT = 2**32  # exclusive
COUNT_LIMIT = 4  # pictures of one task; they come as one album
STYLE_LIMIT = 32  # characters of a style's name


class Model(StrEnum):
    """The text-to-image networks that a user can choose."""

    KANDINSKY_3 = "kandinsky-3"
    KANDINSKY_3_FLASH = "kandinsky-3-flash"


class AspectRatio(StrEnum):
    """Width to height, as users write it."""

    SQUARE = "1:1"
    LANDSCAPE_3_2 = "3:2"
    PORTRAIT_2_3 = "2:3"
    LANDSCAPE_16_9 = "16:9"
    PORTRAIT_9_16 = "9:16"
    PORTRAIT_4_5 = "4:5"
    LANDSCAPE_5_4 = "5:4"

    @property
    def value_float(self) -> float:
        """Width divided by height."""
        width, height = self.value.split(":")
        return int(width) / int(height)


class TextToImage(BaseModel):
    """Paint pictures from a prompt (paper, sections 3, 4 and 5.2)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)  # errors reach logs

    kind: Literal["text_to_image"] = "text_to_image"
    prompt: str = Field(min_length=1, max_length=PROMPT_LIMIT)
    negative_prompt: str = Field(default="", max_length=PROMPT_LIMIT)
    model: Model = Model.KANDINSKY_3
    aspect_ratio: AspectRatio = AspectRatio.SQUARE
    seed: int = Field(ge=0, lt=SEED_LIMIT)
    style: str = Field(default="", max_length=STYLE_LIMIT)  # a name of `engines.styles`; "" is none
    count: int = Field(default=1, ge=1, le=COUNT_LIMIT)
    refine: bool = False  # base result noised to t = 479, then two Flash steps (paper, 5.2); no effect on Flash
    steps: int = Field(default=50, ge=2, le=200)  # base sampler only; Flash always takes its four
    guidance: float = Field(default=3.0, ge=0.0, le=20.0)  # w of (w+1)c - wu; base only

    @field_validator("prompt")
    @classmethod
    def _prompt_says_something(cls, prompt: str) -> str:
        if not prompt.strip():
            raise ValueError("the prompt is empty")
        return prompt


Task = TextToImage  # becomes Annotated[TextToImage | Inpaint | ..., Field(discriminator="kind")] with the next kind
TASKS: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field()])


class Stage(StrEnum):
    """What an engine is doing for a task."""

    LOADING = "loading"
    ENCODING = "encoding"
    SAMPLING = "sampling"
    REFINING = "refining"
    DECODING = "decoding"


@dataclass(frozen=True, slots=True)
class Progress:
    """A task stands after `step` of `steps` sampling steps (refinement counted in).

    `preview` shows now and then what the pictures are becoming: a JPEG, longest side at most 256 px, several pictures
    side by side; None in between.
    """

    stage: Stage
    step: int
    steps: int
    preview: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """One result: PNG bytes (8-bit RGB, no metadata), its size in pixels and the seed that repeats it."""

    png: bytes
    width_px: int
    height_px: int
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a task gave: pictures in order, and the device time it used, in milliseconds (its share of a batch)."""

    pictures: tuple[Picture, ...]
    gpu_ms: int
