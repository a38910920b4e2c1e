"""What a prompt's parameters change, and how settings and changes become a task; and a task parameters again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bot.parameters import table, values
from engines import styles as engine_styles
from engines import tasks

if TYPE_CHECKING:
    from bot.database.users import Preferences


@dataclass(frozen=True, slots=True)
class Changes:
    """The settings that a prompt overrides; None leaves what the user chose. A style of "" is none at all."""

    model: tasks.Model | None = None
    aspect_ratio: tasks.AspectRatio | None = None
    refine: bool | None = None
    style: str | None = None
    negative_prompt: str | None = None
    count: int | None = None
    seed: int | Literal["random"] | None = None

    def over(self, preferences: Preferences) -> Preferences:
        """The settings with these changes."""
        said = self._said()
        if self.seed is not None:
            said["seed"] = None if self.seed == values.RANDOM else self.seed
        return dataclasses.replace(preferences, **said)

    def task(self, prompt: str, *, fresh_seed: int) -> tasks.TextToImage:
        """A task of nothing but the usual settings and these changes. Raises ValidationError."""
        seed = self.seed if isinstance(self.seed, int) else fresh_seed
        return tasks.TextToImage(prompt=prompt, seed=seed, **self._said())

    def _said(self) -> dict[str, Any]:
        """What is said, but for the seed, which has a word of its own."""
        every = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in every.items() if value is not None and name != "seed"}


def task_of(
    prompt: str,
    preferences: Preferences,
    *,
    models: Sequence[tasks.Model],
    styles: Iterable[engine_styles.Style],
    fresh_seed: int,
) -> tasks.TextToImage:
    """A task with these settings. What was chosen when there was more to choose from gives way to the usual.

    That is a style of another profile (then there is none) and a model whose weights are gone (then the first).

    Raises ValidationError for an empty or too long prompt.
    """
    known = {style.name for style in styles}
    return tasks.TextToImage(
        prompt=prompt,
        negative_prompt=preferences.negative_prompt,
        model=preferences.model if preferences.model in models else models[0],
        aspect_ratio=preferences.aspect_ratio,
        style=preferences.style if preferences.style in known else "",
        seed=fresh_seed if preferences.seed is None else preferences.seed,
        count=preferences.count,
        refine=preferences.refine,
    )


def render(task: tasks.TextToImage) -> str:
    """The parameters that repeat a task under the usual settings, such as "--ar 16:9 --model flash --seed 7"."""
    parts = []
    for parameter in table.PARAMETERS:
        value = getattr(task, parameter.field)
        if parameter.always or value != tasks.TextToImage.model_fields[parameter.field].default:
            parts.append(f"--{parameter.name} {parameter.kind.write(value)}".rstrip())
    return " ".join(parts)
