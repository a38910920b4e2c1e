"""The parameters of a prompt, declared once: the parser, /help, the keyboards and the command line read this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.parameters import values
from engines import tasks


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `name` and `also` are what people may write after the dashes, in lower case.

    `field` is the field of `Preferences`, `Changes` and `tasks.TextToImage` that it sets; `off` are names that switch
    it off. `always` parameters are written even where a task has the usual value: without them it is another picture.
    """

    name: str
    field: str
    kind: values.Kind
    example: str
    also: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    always: bool = False

    @property
    def text_key(self) -> str:
        """The key of its line in /help."""
        return f"parameter-{self.name}"

    @property
    def flags(self) -> tuple[str, ...]:
        """Its option on the command line, and a longer name for it where it has one."""
        longer = [name for name in self.also if name.isascii() and len(name) > len(self.name)]
        return tuple(f"--{name}" for name in (self.name, *longer[:1]))


RATIO: Final = Parameter(
    "ar",
    "aspect_ratio",
    values.Ratio(),
    "16:9",
    also=("aspect", "ratio", "size", "формат", "соотношение", "размер"),
    always=True,
)
STYLE: Final = Parameter("style", "style", values.StyleName(), "watercolour", also=("стиль",))
MODEL: Final = Parameter("model", "model", values.ModelName(), "flash", also=("m", "модель"), always=True)
COUNT: Final = Parameter(
    "n",
    "count",
    values.Number(1, tasks.COUNT_LIMIT, words={}, on_buttons=True),
    "4",
    also=("count", "images", "repeat", "r", "число", "штук", "количество"),
)
SEED: Final = Parameter(
    "seed",
    "seed",
    values.Number(0, tasks.SEED_LIMIT - 1, words={values.RANDOM: values.RANDOM, "случайный": values.RANDOM}),
    "7",
    also=("сид", "зерно"),
    always=True,
)
REFINE: Final = Parameter(
    "refine",
    "refine",
    values.Switch(),
    "",
    also=("доработать",),
    off=("no-refine", "norefine", "без-доработки"),
)
NO: Final = Parameter(
    "no",
    "negative_prompt",
    values.Words(),
    "text, watermark",
    also=("negative", "neg", "not", "без", "кроме"),
)

# In the order in which they are explained and written; --no stands last, because it takes all words that follow.
PARAMETERS: Final = (RATIO, STYLE, MODEL, COUNT, SEED, REFINE, NO)

BY_WORD: Final = {word: parameter for parameter in PARAMETERS for word in (parameter.name, *parameter.also)}
SWITCHED_OFF: Final = {word: parameter for parameter in PARAMETERS for word in parameter.off}
# What other bots know and this one does not: said so, and left out.
FOREIGN: Final = frozenset(
    ("raw", "v", "version", "q", "quality", "s", "stylize", "c", "chaos", "w", "weird", "tile", "niji", "iw", "sref",
     "sw", "oref", "ow", "cref", "cw", "stop", "fast", "turbo", "relax", "draft", "exp", "hd", "p", "profile", "video",
     "upbeta", "steps", "cfg", "sampler")
)  # fmt: skip
