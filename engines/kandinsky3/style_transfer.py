"""Style transfer: the form of a picture as a hint, its style from a text, another picture or both (paper, 5.4).

The text follows the rules of the network that keeps the form: the hint U-Net's own for edges, those of the side
networks for depth and scribble. A style image is an image prompt of weight 1 on the same network, with its own rules:
guidance goes away from the embedding of a picture of zeros. Without a text the context is silent.
"""

from __future__ import annotations

from torch import Tensor

from engines import errors, guidance, sizes, tasks
from engines import media as files
from engines.kandinsky3 import canvas, fork_text, movq, noise, sampler, unet
from engines.kandinsky3 import files as checkpoint_files
from engines.kandinsky3.control import hints, parts, reach
from engines.kandinsky3.family import Family
from engines.kandinsky3.image_words import ImageWords
from engines.kandinsky3.painting import Painting
from engines.kandinsky3.sampler import Variant
from engines.kandinsky3.words import Words

_NETWORKS = {
    tasks.Control.EDGES: Variant.EDGES,
    tasks.Control.DEPTH: Variant.DEPTH,
    tasks.Control.SCRIBBLE: Variant.SCRIBBLE,
}
_STYLE_WEIGHT = 1.0
# What the hint U-Net hears where it begins from a picture: the fork's pipeline for that never cuts the prompt; the
# miniature network was taught cut prompts alone.
_FROM_A_PICTURE = {
    sizes.Profile.KANDINSKY3: fork_text.HINT_IMAGE,
    sizes.Profile.MINI: fork_text.HINT_TEXT,
}


class StyleTransfer:
    """The recipe of `tasks.StyleTransfer`."""

    def __init__(self, family: Family, words: Words, image_words: ImageWords, profile: sizes.Profile) -> None:
        self._family = family
        self._words = words
        self._image_words = image_words
        self._profile = profile

    def plan(self, task: tasks.StyleTransfer) -> tuple[sampler.Step, ...]:
        closely = guidance.of(task, self._profile)
        plan = sampler.ddpm_plan(task.steps, closely, _variant(task), task.strength)
        if task.control is tasks.Control.EDGES:
            return plan
        return reach.within(plan, end=task.control_end)

    def begin(self, task: tasks.StyleTransfer, media: tasks.Media) -> list[Painting]:
        if task.control is tasks.Control.EDGES and (task.control_scale, task.control_end) != (1.0, 1.0):
            raise errors.InvalidTask("edges are kept as they are: only depth and scribble have a scale and an end")
        place = canvas.placed(files.decode(task.image, media), self._profile)
        start = canvas.encode(canvas.tensor(place.image), self._family) if task.strength < 1 else None
        shape = (4, place.size.canvas_height_px // movq.FACTOR, place.size.canvas_width_px // movq.FACTOR)
        condition = unet.Condition(hint=self._hint(task, place), scale=task.control_scale)
        plan, prompts = self.plan(task), {_variant(task): self._prompt(task, media)}
        return [
            Painting(
                sampler.begin(
                    plan,
                    prompts,
                    noise.Seeded(task.seed, picture),
                    shape,
                    self._family.device,
                    start=start,
                    condition=condition,
                ),
                place.size,
                task.seed,
            )
            for picture in range(task.count)
        ]

    def _hint(self, task: tasks.StyleTransfer, place: canvas.Placed) -> Tensor:
        """What the control network is shown, [3, height, width] of the canvas, on the device."""
        if task.control is tasks.Control.DEPTH:
            return hints.depth(place.image).to(self._family.device)
        if task.control is tasks.Control.SCRIBBLE and hints.is_drawing(place.image):
            return hints.drawing(place.image).to(self._family.device)
        kind = task.kind if task.control is tasks.Control.EDGES else f"{task.kind}_{task.control}"
        self._family.require(kind, (checkpoint_files.DETECTOR,))  # a scribble asks for it only here
        shown = hints.edges if task.control is tasks.Control.EDGES else hints.scribble
        with self._family.shelf.lease(parts.detector(self._family)) as detector:
            return shown(place.image, detector).to(self._family.device)

    def _prompt(self, task: tasks.StyleTransfer, media: tasks.Media) -> sampler.Prompt:
        positive = self._words.ids(task.prompt)
        negative = self._words.ids(task.negative_prompt) if task.negative_prompt else None
        with self._family.shelf.lease(self._family.projection(_NETWORKS[task.control])) as projection:
            said, unsaid = fork_text.contexts(self._words.hidden, projection, positive, negative, self._dialect(task))
        if not task.prompt:
            said = unet.silent(said)
        if task.style_image is None:
            return sampler.Prompt(said, unsaid)
        style = tasks.WeightedImage(image=task.style_image, weight=1.0)
        return self._image_words.sight([style], _STYLE_WEIGHT, media).beside(said, unsaid)

    def _dialect(self, task: tasks.StyleTransfer) -> fork_text.Dialect:
        if task.control is not tasks.Control.EDGES:
            return fork_text.SIDE_NETWORK
        return fork_text.HINT_TEXT if task.strength == 1 else _FROM_A_PICTURE[self._profile]


def _variant(task: tasks.StyleTransfer) -> Variant:
    network = _NETWORKS[task.control]
    return network if task.style_image is None else parts.WITH_IMAGE[network]
