"""Drawing styles of each profile, as data: a task keeps the user's words and names a style; the engine joins them.

The miniature family was taught its four styles by the endings below, in English and in Russian (`docs/mini.md`), so a
prompt is ended in its own language. The official text encoder reads English, and its styles are described in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engines import errors
from engines.sizes import Profile

_CYRILLIC: Final = re.compile("[а-яё]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wording:
    """What stands around the user's words."""

    before: str = ""
    after: str = ""

    def around(self, prompt: str) -> str:
        """The whole text; a full stop or comma at the prompt's end gives way to what follows."""
        if not self.before and not self.after:
            return prompt
        return f"{self.before}{prompt.strip().rstrip('.,; ')}{self.after}"


@dataclass(frozen=True, slots=True)
class Style:
    """A way to paint. `name` is what tasks and users write, `also` are other spellings, in lower case.

    `negative` is added to the negative prompt, which only the base network hears.
    """

    name: str
    also: tuple[str, ...]
    english: Wording
    russian: Wording | None = None
    negative: str = ""

    def wording(self, prompt: str) -> Wording:
        """What stands around a prompt, in its language where this style speaks it."""
        return self.russian if self.russian is not None and _CYRILLIC.search(prompt) else self.english

    def negative_prompt(self, said: str) -> str:
        """What the picture should not show: what the user said comes first, because the end may be cut."""
        return ", ".join(part for part in (said.strip(), self.negative) if part)


NONE: Final = Style("", (), Wording())

_MINI: Final = (
    Style("flat", ("плоский",), Wording(after=", flat style"), Wording(after=", плоский стиль")),
    Style("outline", ("line", "контур"), Wording(after=", outline"), Wording(after=", контуром")),
    Style(
        "watercolour",
        ("watercolor", "акварель"),
        Wording(after=", watercolor"),
        Wording(after=", акварель"),
    ),
    Style("mosaic", ("мозаика",), Wording(after=", mosaic"), Wording(after=", мозаика")),
)

_KANDINSKY3: Final = (
    Style(
        "photo",
        ("photography", "photorealistic", "realistic", "фото", "фотография"),
        Wording("a photograph of ", ", 35mm lens, natural light, sharp focus, high detail"),
        negative="drawing, painting, illustration, 3d render",
    ),
    Style(
        "cinematic",
        ("cinema", "film", "кино"),
        Wording("a cinematic film still of ", ", dramatic light, shallow depth of field, film grain"),
        negative="drawing, cartoon, flat light",
    ),
    Style(
        "anime",
        ("manga", "аниме"),
        Wording("an anime illustration of ", ", clean line art, cel shading, vivid colors"),
        negative="photo, 3d render",
    ),
    Style(
        "digital-art",
        ("digital", "concept art", "цифровой арт", "арт"),
        Wording("digital art of ", ", detailed concept art, dramatic light"),
        negative="photo",
    ),
    Style(
        "oil",
        ("oil painting", "масло"),
        Wording("an oil painting of ", " on canvas, visible brush strokes, rich colors"),
        negative="photo, 3d render",
    ),
    Style(
        "watercolour",
        ("watercolor", "акварель"),
        Wording("a watercolor painting of ", ", soft washes of color, paper texture"),
        negative="photo, 3d render",
    ),
    Style(
        "pencil",
        ("sketch", "drawing", "карандаш"),
        Wording("a pencil drawing of ", ", graphite on paper, fine hatching, monochrome"),
        negative="photo, 3d render, color",
    ),
    Style(
        "comic",
        ("comics", "comic book", "комикс"),
        Wording("a comic book panel of ", ", bold ink outlines, halftone dots, flat colors"),
        negative="photo, 3d render",
    ),
    Style(
        "pixel-art",
        ("pixel", "8bit", "пиксель", "пиксель арт"),
        Wording("pixel art of ", ", 16-bit game sprite, limited palette"),
        negative="photo, blur, smooth gradients",
    ),
    Style(
        "3d",
        ("3d render", "render", "3д"),
        Wording("a 3d render of ", ", soft studio light, global illumination, smooth materials"),
        negative="photo, drawing",
    ),
    Style(
        "isometric",
        ("isometry", "изометрия"),
        Wording("an isometric illustration of ", ", small detailed diorama, clean background"),
        negative="photo",
    ),
    Style(
        "vector",
        ("flat", "flat design", "вектор"),
        Wording("a flat vector illustration of ", ", simple shapes, clean edges, few colors"),
        negative="photo, 3d render, texture",
    ),
)

STYLES: Final[Mapping[Profile, tuple[Style, ...]]] = {Profile.MINI: _MINI, Profile.KANDINSKY3: _KANDINSKY3}


def of(profile: str) -> tuple[Style, ...]:
    """The styles of a profile, in the order in which people see them. Raises InvalidTask for an unknown profile."""
    if profile not in list(Profile):
        raise errors.InvalidTask(f"no profile {profile!r}; there are {', '.join(Profile)}")
    return STYLES[Profile(profile)]


def find(styles: tuple[Style, ...], name: str) -> Style:
    """The style of a task; NONE for "". Raises InvalidTask for a name that is none of them."""
    if not name:
        return NONE
    for style in styles:
        if style.name == name:
            return style
    raise errors.InvalidTask(
        f"no style {name!r} in this profile; there are {', '.join(style.name for style in styles)}"
    )
