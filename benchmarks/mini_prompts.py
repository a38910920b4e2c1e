"""Unseen prompts of the miniature world, with what must be seen in each picture; every wish in English and in Russian.

Both languages say the same, so that their shares differ by language alone and not by what chance asked of each.

The words and their inflection are written here by hand; nothing comes from the captions of the training.
"""

import random
from dataclasses import dataclass

COLOURS = {
    "red": "красн", "orange": "оранжев", "yellow": "жёлт", "green": "зелён", "blue": "син", "purple": "фиолетов",
    "pink": "розов", "brown": "коричнев", "black": "чёрн", "white": "бел", "gray": "сер",
}  # fmt: skip
# Nominative, genitive, instrumental, gender.
SHAPES = {
    "circle": ("круг", "круга", "кругом", "m"),
    "square": ("квадрат", "квадрата", "квадратом", "m"),
    "triangle": ("треугольник", "треугольника", "треугольником", "m"),
    "star": ("звезда", "звезды", "звездой", "f"),
    "heart": ("сердце", "сердца", "сердцем", "n"),
    "ring": ("кольцо", "кольца", "кольцом", "n"),
    "cross": ("крест", "креста", "крестом", "m"),
    "diamond": ("ромб", "ромба", "ромбом", "m"),
}
# Endings by gender for the three cases; "син" is soft.
_HARD = {"m": ("ый", "ого", "ым"), "f": ("ая", "ой", "ой"), "n": ("ое", "ого", "ым")}
_SOFT = {"m": ("ий", "его", "им"), "f": ("яя", "ей", "ей"), "n": ("ее", "его", "им")}
SIZES = {
    "small": {"m": "маленький ", "f": "маленькая ", "n": "маленькое "},
    "big": {"m": "большой ", "f": "большая ", "n": "большое "},
    "": {"m": "", "f": "", "n": ""},
}
# English, Russian, and the centre as fractions of the width and the height.
PLACES = {
    "": ("", "", (0.5, 0.5)),
    "centre": (" in the center", " в центре", (0.5, 0.5)),
    "left": (" on the left", " слева", (0.25, 0.5)),
    "right": (" on the right", " справа", (0.75, 0.5)),
    "top": (" at the top", " сверху", (0.5, 0.25)),
    "bottom": (" at the bottom", " снизу", (0.5, 0.75)),
    "top left": (" in the top left corner", " в левом верхнем углу", (0.25, 0.25)),
    "top right": (" in the top right corner", " в правом верхнем углу", (0.75, 0.25)),
    "bottom left": (" in the bottom left corner", " в левом нижнем углу", (0.25, 0.75)),
    "bottom right": (" in the bottom right corner", " в правом нижнем углу", (0.75, 0.75)),
}
# English, Russian, case of the second object (0 nominative, 1 genitive, 2 instrumental).
RELATIONS = {
    "and": ("and", "и", 0),
    "left of": ("to the left of", "слева от", 1),
    "right of": ("to the right of", "справа от", 1),
    "above": ("above", "над", 2),
    "below": ("below", "под", 2),
    "inside": ("inside", "внутри", 1),
}


@dataclass(frozen=True, slots=True)
class Single:
    """A prompt of one object."""

    prompt: str
    language: str
    background: str
    colour: str
    shape: str
    size: str
    place: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt of two objects: "(colour, shape) relation (colour, shape)"."""

    prompt: str
    language: str
    background: str
    first: tuple[str, str]
    second: tuple[str, str]
    relation: str


def singles(count: int, seed: int = 0) -> list[Single]:
    """Prompts of one object, every attribute drawn evenly; each wish is said in English, then in Russian."""
    chance = random.Random(seed)
    prompts: list[Single] = []
    while len(prompts) < count:
        shape, size, place = chance.choice(list(SHAPES)), chance.choice(list(SIZES)), chance.choice(list(PLACES))
        colour, ground = chance.sample(list(COLOURS), 2)
        english = f"{_article(f'{size} {colour} {shape}'.strip())}{PLACES[place][0]}"
        russian = f"{SIZES[size][SHAPES[shape][3]]}{_russian(colour, shape, 0)}{PLACES[place][1]}"
        for language, prompt in (("English", english), ("Russian", russian)):
            prompts.append(Single(f"{prompt} {_on(ground, language)}", language, ground, colour, shape, size, place))
    return prompts[:count]


def pairs(count: int, seed: int = 0) -> list[Pair]:
    """Prompts of two objects of different colours, relations drawn evenly; in both languages as `singles`."""
    chance = random.Random(seed + 1)
    prompts: list[Pair] = []
    while len(prompts) < count:
        one, two, ground = chance.sample(list(COLOURS), 3)
        first, second = (one, chance.choice(list(SHAPES))), (two, chance.choice(list(SHAPES)))
        relation = chance.choice(list(RELATIONS))
        joint, russian_joint, case = RELATIONS[relation]
        english = f"{_article(' '.join(first))} {joint} {_article(' '.join(second))}"
        russian = f"{_russian(*first, 0)} {russian_joint} {_russian(*second, case)}"
        for language, prompt in (("English", english), ("Russian", russian)):
            prompts.append(Pair(f"{prompt} {_on(ground, language)}", language, ground, first, second, relation))
    return prompts[:count]


def _article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _russian(colour: str, shape: str, case: int) -> str:
    gender = SHAPES[shape][3]
    endings = _SOFT if colour == "blue" else _HARD
    return f"{COLOURS[colour]}{endings[gender][case]} {SHAPES[shape][case]}"


def _on(ground: str, language: str) -> str:
    if language == "English":
        return f"on {_article(ground)} background"
    return f"на {COLOURS[ground]}{'ем' if ground == 'blue' else 'ом'} фоне"
