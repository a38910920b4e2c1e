"""Typed requests to an engine and their results, one model per kind.

A task is data: it names what to paint, never how or where. The same (task, seed) gives the same picture up to
rounding, alone, in a batch of strangers and after a restart. Pictures that go in are named, not contained: their bytes
come beside the task, by name (`Media`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

PROMPT_LIMIT = 1000  # characters; the limit of the official service
SEED_LIMIT = 2**32  # exclusive
COUNT_LIMIT = 4  # pictures of one task; they come as one album
FUSION_LIMIT = 5  # pictures that one fusion takes
MARGIN_LIMIT = 4096  # pixels
STYLE_LIMIT = 32  # characters of a style's name


class Model(StrEnum):
    """The text-to-image networks that a user can choose."""

    KANDINSKY_22 = "kandinsky-2.2"
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


class Control(StrEnum):
    """What of a picture a style transfer keeps."""

    EDGES = "edges"  # HED, the hint U-Net
    DEPTH = "depth"  # the side networks of version 2
    SCRIBBLE = "scribble"


Media = Mapping[str, bytes]  # the files that a task names: PNG, JPEG or WebP
NO_MEDIA: Media = MappingProxyType({})
MediaName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w.-]+$")]
Prompt = Annotated[str, Field(min_length=1, max_length=PROMPT_LIMIT)]
OptionalPrompt = Annotated[str, Field(max_length=PROMPT_LIMIT)]
Strength = Annotated[float, Field(gt=0.0, le=1.0)]  # 1 keeps nothing of the picture


class _PictureTask(BaseModel):
    """What every kind that samples pictures has."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)  # errors reach logs

    seed: int = Field(ge=0, lt=SEED_LIMIT)
    count: int = Field(default=1, ge=1, le=COUNT_LIMIT)
    negative_prompt: OptionalPrompt = ""
    steps: int = Field(default=50, ge=2, le=200)  # of the base sampler; Flash always takes its four
    guidance: float | None = Field(default=None, ge=0.0, le=20.0)  # w of (w+1)c - wu; None leaves it to the profile

    @field_validator("prompt", check_fields=False)
    @classmethod
    def _prompt_says_something(cls, prompt: str) -> str:
        if prompt and not prompt.strip():
            raise ValueError("the prompt is empty")
        return prompt

    @property
    def media_names(self) -> tuple[str, ...]:
        """The files that go in, in the order of the fields."""
        return ()


class TextToImage(_PictureTask):
    """Paint pictures from a prompt (paper, sections 3, 4 and 5.2)."""

    kind: Literal["text_to_image"] = "text_to_image"
    prompt: Prompt
    model: Model = Model.KANDINSKY_3
    aspect_ratio: AspectRatio = AspectRatio.SQUARE
    style: str = Field(default="", max_length=STYLE_LIMIT)  # a name of `engines.styles`; "" is none
    refine: bool = False  # base result noised to t = 479, then two Flash steps (paper, 5.2); no effect on Flash


class _FromImage(_PictureTask):
    """What every kind that starts from one picture has."""

    image: MediaName

    @property
    def media_names(self) -> tuple[str, ...]:
        return (self.image,)


class ImageToImage(_FromImage):
    """Repaint a whole picture after a prompt, keeping more of it the lower the strength."""

    kind: Literal["img2img"] = "img2img"
    prompt: Prompt
    model: Literal[Model.KANDINSKY_3, Model.KANDINSKY_22] = Model.KANDINSKY_3
    style: str = Field(default="", max_length=STYLE_LIMIT)
    strength: Strength = 0.3


class Inpaint(_FromImage):
    """Repaint what the mask marks: 1 or white is new, 0 or black is kept (paper, 5.3)."""

    kind: Literal["inpaint"] = "inpaint"
    prompt: OptionalPrompt = ""
    mask: MediaName
    model: Literal[Model.KANDINSKY_3, Model.KANDINSKY_22] = Model.KANDINSKY_3
    keep_pixels: bool = True  # lay the kept pixels over the result, softly at the seam; the network repaints all

    @property
    def media_names(self) -> tuple[str, ...]:
        return (self.image, self.mask)


class Margins(BaseModel):
    """New canvas on each side, in pixels of the picture that goes in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left: int = Field(default=0, ge=0, le=MARGIN_LIMIT)
    top: int = Field(default=0, ge=0, le=MARGIN_LIMIT)
    right: int = Field(default=0, ge=0, le=MARGIN_LIMIT)
    bottom: int = Field(default=0, ge=0, le=MARGIN_LIMIT)


class Outpaint(_FromImage):
    """Go on painting beyond the edges (paper, 5.3). Exactly one of `margins`, `zoom_out`, `aspect_ratio` is given."""

    kind: Literal["outpaint"] = "outpaint"
    prompt: OptionalPrompt = ""
    margins: Margins | None = None
    zoom_out: float | None = Field(default=None, gt=1.0, le=4.0)  # 2: the picture takes half of each side
    aspect_ratio: AspectRatio | None = None  # the picture in the middle of the smallest canvas of this ratio
    keep_pixels: bool = True

    @model_validator(mode="after")
    def _one_canvas(self) -> Self:
        if sum(wish is not None for wish in (self.margins, self.zoom_out, self.aspect_ratio)) != 1:
            raise ValueError("say the new canvas by exactly one of margins, zoom_out and aspect_ratio")
        return self


class ImageVariation(_FromImage):
    """Another picture with the content of this one (paper, 5.4)."""

    kind: Literal["image_variation"] = "image_variation"
    model: Literal[Model.KANDINSKY_3, Model.KANDINSKY_22] = Model.KANDINSKY_3
    aspect_ratio: AspectRatio = AspectRatio.SQUARE


class WeightedImage(BaseModel):
    """One source of a fusion. Weights are used as they are, not normalised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: MediaName
    weight: float = Field(default=0.5, ge=0.0, le=2.0)


class _FromImages(_PictureTask):
    """What every kind that starts from the weighted sum of several pictures has."""

    images: tuple[WeightedImage, ...]

    @model_validator(mode="after")
    def _some_picture_counts(self) -> Self:
        if not any(source.weight for source in self.images):  # no picture has an embedding of zeros
            raise ValueError("at least one picture needs a weight above 0")
        return self

    @property
    def media_names(self) -> tuple[str, ...]:
        return tuple(source.image for source in self.images)


class ImageFusion(_FromImages):
    """One picture from several: the weighted sum of their embeddings (paper, 5.4)."""

    kind: Literal["image_fusion"] = "image_fusion"
    images: tuple[WeightedImage, ...] = Field(min_length=2, max_length=FUSION_LIMIT)
    model: Literal[Model.KANDINSKY_3, Model.KANDINSKY_22] = Model.KANDINSKY_3
    aspect_ratio: AspectRatio = AspectRatio.SQUARE


class ImageTextFusion(_FromImages):
    """A picture of what the images show and the prompt says (paper, 5.4).

    Kandinsky 2.2 mixes embeddings: that of the prompt and the sum of the images', in the shares 1 : image_weight.
    """

    kind: Literal["image_text_fusion"] = "image_text_fusion"
    model: Literal[Model.KANDINSKY_3, Model.KANDINSKY_22] = Model.KANDINSKY_3
    prompt: Prompt
    images: tuple[WeightedImage, ...] = Field(min_length=1, max_length=FUSION_LIMIT)
    image_weight: float = Field(default=1.0, ge=0.0, le=2.0)  # of the image's attention beside the text's
    aspect_ratio: AspectRatio = AspectRatio.SQUARE


class StyleTransfer(_FromImage):
    """The forms of a picture in another style, said by a prompt, a style image, or both (paper, 5.4).

    Kandinsky 2.2 takes depth and a prompt alone, and has no scale of control.
    """

    kind: Literal["style_transfer"] = "style_transfer"
    prompt: OptionalPrompt = ""
    style_image: MediaName | None = None
    control: Control = Control.EDGES
    model: Literal[Model.KANDINSKY_3, Model.KANDINSKY_22] = Model.KANDINSKY_3
    control_scale: float = Field(default=1.0, ge=0.0, le=2.0)  # depth and scribble only: edges have no scale
    control_end: float = Field(default=1.0, gt=0.0, le=1.0)  # share of the steps that are controlled; as above
    strength: Strength = 1.0  # below 1 the picture's colours are a starting point, as in img2img

    @model_validator(mode="after")
    def _some_style(self) -> Self:
        if not self.prompt and self.style_image is None:
            raise ValueError("say the style by a prompt or show it by a style image")
        if self.model is Model.KANDINSKY_22 and (self.control is not Control.DEPTH or self.style_image is not None):
            raise ValueError("kandinsky-2.2 is controlled by depth and a prompt alone")
        if self.model is Model.KANDINSKY_22 and (self.control_scale, self.control_end) != (1.0, 1.0):
            raise ValueError("kandinsky-2.2 has no scale and no end of the control")
        return self

    @property
    def media_names(self) -> tuple[str, ...]:
        return (self.image,) if self.style_image is None else (self.image, self.style_image)


class Upscale(BaseModel):
    """The same picture with twice or four times the pixels a side (KandiSuperRes)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["upscale"] = "upscale"
    image: MediaName
    factor: Literal[2, 4] = 2
    refine: bool = True  # the pass of Flash over latent tiles; with a factor of 2 and the big family only
    seed: int = Field(ge=0, lt=SEED_LIMIT)

    @property
    def count(self) -> int:
        """Pictures that come of it."""
        return 1

    @property
    def media_names(self) -> tuple[str, ...]:
        """The files that go in."""
        return (self.image,)


Task = (
    TextToImage
    | ImageToImage
    | Inpaint
    | Outpaint
    | ImageVariation
    | ImageFusion
    | ImageTextFusion
    | StyleTransfer
    | Upscale
)
TASKS: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field(discriminator="kind")])


class Stage(StrEnum):
    """What an engine is doing for a task."""

    LOADING = "loading"
    ENCODING = "encoding"
    IMAGINING = "imagining"  # the prior of Kandinsky 2.2
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


def steps_taken(steps: int, strength: float) -> int:
    """How many of its last steps a sampler takes with a strength in [0, 1]; at least one."""
    return max(1, min(int(steps * strength), steps))
