"""Scenes to words: English and Russian captions in many phrasings. What is said is always what is drawn."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from training import russian, world

T = TypeVar("T")

COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet", "bright red"),
    "orange": ("orange", "tangerine", "dark orange"),
    "yellow": ("yellow", "golden", "lemon", "bright yellow"),
    "green": ("green", "emerald", "dark green", "lime"),
    "blue": ("blue", "navy", "azure", "dark blue", "light blue"),
    "purple": ("purple", "violet", "lilac"),
    "pink": ("pink", "rose", "light pink", "magenta"),
    "brown": ("brown", "chocolate", "dark brown"),
    "black": ("black", "jet black"),
    "white": ("white", "snow white"),
    "gray": ("gray", "grey", "silver"),
}
SHAPES: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "disc", "disk", "ball", "dot"),
    "square": ("square", "box", "block"),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "ring": ("ring", "hoop", "donut"),
    "cross": ("cross", "plus", "plus sign"),
    "diamond": ("diamond", "rhombus"),
}
SIZES = {"small": ("small", "little", "tiny"), "medium": ("medium",), "big": ("big", "large", "huge")}
PLACES: dict[str, tuple[str, ...]] = {
    "centre": ("in the center", "in the centre", "in the middle", "at the center"),
    "left": ("on the left", "on the left side", "at the left"),
    "right": ("on the right", "on the right side", "at the right"),
    "top": ("at the top", "near the top", "on the top", "in the upper part"),
    "bottom": ("at the bottom", "near the bottom", "on the bottom", "in the lower part"),
    "top left": ("in the top left corner", "in the upper left corner", "at the top left"),
    "top right": ("in the top right corner", "in the upper right corner", "at the top right"),
    "bottom left": ("in the bottom left corner", "in the lower left corner", "at the bottom left"),
    "bottom right": ("in the bottom right corner", "in the lower right corner", "at the bottom right"),
}
RELATIONS: dict[str, tuple[str, ...]] = {
    "and": ("and", "and", "with", "next to", "beside", ","),
    "left of": ("to the left of", "left of", "on the left of"),
    "right of": ("to the right of", "right of", "on the right of"),
    "above": ("above", "over", "on top of"),
    "below": ("below", "under", "beneath"),
    "inside": ("inside", "inside of", "within", "in"),
}
BACKGROUNDS = (
    "on {a} background",
    "on {a} background",
    "on {a} background",
    "against {a} background",
    "with {a} background",
    "on {a} backdrop",
    ", {c} background",
    "over {a} background",
)
STYLES: dict[str, tuple[str, ...]] = {
    "flat": ("{}, flat style", "{} in flat style", "flat {}"),
    "outline": (
        "outline of {}",
        "{}, outline",
        "an outline drawing of {}",
        "a line drawing of {}",
        "{}, outline style",
        "{}, outlined",
    ),
    "watercolour": (
        "a watercolor of {}",
        "{}, watercolor",
        "a watercolour painting of {}",
        "{} in watercolour",
        "{}, watercolor style",
    ),
    "mosaic": ("a mosaic of {}", "{}, mosaic", "{} in mosaic style", "{} as a mosaic", "{}, mosaic tiles"),
}
OPENINGS = (
    "",
    "",
    "",
    "",
    "a picture of",
    "draw",
    "paint",
    "an image of",
    "a drawing of",
    "please draw",
    "show me",
    "i want",
    "there is",
)
FILLERS = (
    "beautiful",
    "nice",
    "very",
    "high",
    "quality",
    "photo",
    "art",
    "4k",
    "detailed",
    "cute",
    "pretty",
    "simple",
    "style",
    "lovely",
    "picture",
    "the",
    "of",
    "my",
    "best",
    "one",
    "single",
    "plain",
    "solid",
    "sky",
    "world",
)
SYNONYM_SHARE = 0.2


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _usual(rng: np.random.Generator, options: Sequence[T]) -> T:
    """The first option mostly, a synonym now and then."""
    if len(options) > 1 and rng.random() < SYNONYM_SHARE:
        return options[1 + int(rng.integers(len(options) - 1))]
    return options[0]


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _english_thing(rng: np.random.Generator, thing: world.Thing, bare: bool) -> str:
    words = [str(_usual(rng, COLOURS[thing.colour])), str(_usual(rng, SHAPES[thing.shape]))]
    if thing.size != "medium" or rng.random() < 0.03:
        size = str(_usual(rng, SIZES[thing.size]))
        words.insert(1 if rng.random() < 0.1 else 0, size)
    return " ".join(words) if bare else _article(" ".join(words))


def english(scene: world.Scene, rng: np.random.Generator) -> str:
    """An English caption of the scene."""
    bare = rng.random() < 0.15
    things = [_english_thing(rng, thing, bare) for thing in scene.things]
    if len(things) == 2:
        words = _pick(rng, RELATIONS[scene.relation or "and"])
        text = f"{things[0]} {words} {things[1]}".replace(" ,", ",")
    else:
        text = things[0]
        if scene.things[0].place:
            place = str(_usual(rng, PLACES[scene.things[0].place]))
            first = rng.random() < 0.12
            text = f"{place}, {text}" if first else f"{text} {place}"
    if scene.background_said:
        colour = str(_usual(rng, COLOURS[scene.background]))
        form = _pick(rng, BACKGROUNDS)
        text = f"{text} {form.format(a=_article(colour), c=colour)}".replace(" ,", ",")
    if scene.style != "flat" or rng.random() < 0.06:
        text = _pick(rng, STYLES[scene.style]).format(text)
    return f"{_pick(rng, OPENINGS)} {text}".strip()


def _russian_thing(rng: np.random.Generator, thing: world.Thing, case: str) -> str:
    noun = _usual(rng, russian.NOUNS[thing.shape])
    assert isinstance(noun, russian.Noun)
    words = [russian.decline(str(_usual(rng, russian.COLOURS[thing.colour])), noun.gender, case), noun.form(case)]
    if thing.size != "medium" or rng.random() < 0.03:
        size = russian.decline(str(_usual(rng, russian.SIZES[thing.size])), noun.gender, case)
        words.insert(1 if rng.random() < 0.1 else 0, size)
    return " ".join(words)


def russian_caption(scene: world.Scene, rng: np.random.Generator) -> str:
    """A Russian caption of the scene, inflected."""
    opening, case = russian.OPENINGS[0] if rng.random() < 0.4 else russian.OPENINGS[rng.integers(len(russian.OPENINGS))]
    first = _russian_thing(rng, scene.things[0], case)
    if len(scene.things) == 2:
        if scene.relation == "and":
            near = rng.random() < 0.15
            joint, second_case = ("рядом с", "ins") if near else (_pick(rng, ("и", "и", "и", ",")), case)
        else:
            options = russian.RELATIONS[scene.relation or "inside"]
            joint, second_case = options[0] if rng.random() < 0.7 else options[rng.integers(len(options))]
        text = f"{first} {joint} {_russian_thing(rng, scene.things[1], second_case)}".replace(" ,", ",")
    else:
        text = first
        if scene.things[0].place:
            place = str(_usual(rng, russian.PLACES[scene.things[0].place]))
            text = f"{place} {text}" if rng.random() < 0.25 else f"{text} {place}"
    if scene.background_said:
        form, ground_case = russian.BACKGROUNDS[rng.integers(len(russian.BACKGROUNDS))]
        colour = russian.decline(str(_usual(rng, russian.COLOURS[scene.background])), "m", ground_case)
        text = f"{text} {form.format(colour)}".replace(" ,", ",")
    if scene.style != "flat" or rng.random() < 0.06:
        text = _pick(rng, russian.STYLES[scene.style]).format(text)
    return f"{opening} {text}".strip()


def caption(scene: world.Scene, rng: np.random.Generator) -> str:
    """A caption in English or Russian, half and half."""
    return english(scene, rng) if rng.random() < 0.5 else russian_caption(scene, rng)


def setting(scene: world.Scene, rng: np.random.Generator, background: bool, style: bool) -> str:
    """Only the background or the style of a scene, or both, in English or Russian: its objects are not named."""
    if rng.random() < 0.5:
        text = _pick(rng, ("", "", "", "a picture", "the same", "this"))
        if background:
            colour = str(_usual(rng, COLOURS[scene.background]))
            text = f"{text} {_pick(rng, BACKGROUNDS).format(a=_article(colour), c=colour)}".strip(" ,")
        return _pick(rng, STYLES[scene.style]).format(text or "a picture") if style else text.strip()
    text = _pick(rng, ("", "", "", "картинка", "то же"))
    if background:
        form, case = russian.BACKGROUNDS[rng.integers(len(russian.BACKGROUNDS))]
        colour = russian.decline(str(_usual(rng, russian.COLOURS[scene.background])), "m", case)
        text = f"{text} {form.format(colour)}".strip(" ,")
    return _pick(rng, russian.STYLES[scene.style]).format(text or "картинка") if style else text.strip()


def disturb(text: str, rng: np.random.Generator, rate: float) -> str:
    """The caption as people type it: filler words, words from elsewhere, slips of a letter, capitals dropped."""
    words = []
    for word in text.split(" "):
        if rng.random() < rate:
            pool = FILLERS if rng.random() < 0.5 else russian.FILLERS
            letters = "abcdefghijklmnopqrstuvwxyz" if rng.random() < 0.5 else "абвгдежзиклмнопрстуфхцчшыя"
            invented = "".join(_pick(rng, letters) for _ in range(rng.integers(2, 9)))
            words.append(_pick(rng, pool) if rng.random() < 0.6 else invented)
        if len(word) > 4 and rng.random() < rate / 2:
            at = int(rng.integers(1, len(word)))
            word = word[:at] + (word[at + 1 :] if rng.random() < 0.5 else word[at - 1] + word[at:])
        words.append(word)
    return " ".join(words)
