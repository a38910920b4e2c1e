"""Just enough Russian grammar for captions: adjectives and nouns of the world in the cases that they need.

Cases: nom, gen (слева от), ins (над), acc (нарисуй), prep (на ... фоне). `ё` is written `е`, as the tokenizer does.
"""

from dataclasses import dataclass

# Endings by declension: case -> (masculine, feminine, neuter).
_HARD = {
    "nom": ("ый", "ая", "ое"),
    "gen": ("ого", "ой", "ого"),
    "ins": ("ым", "ой", "ым"),
    "acc": ("ый", "ую", "ое"),
    "prep": ("ом", "ой", "ом"),
}
_STRESSED = _HARD | {"nom": ("ой", "ая", "ое"), "acc": ("ой", "ую", "ое")}
_SOFT = {
    "nom": ("ий", "яя", "ее"),
    "gen": ("его", "ей", "его"),
    "ins": ("им", "ей", "им"),
    "acc": ("ий", "юю", "ее"),
    "prep": ("ем", "ей", "ем"),
}
_VELAR = _HARD | {"nom": ("ий", "ая", "ое"), "ins": ("им", "ой", "им"), "acc": ("ий", "ую", "ое")}
_SIBILANT = _VELAR | {"nom": ("ой", "ая", "ое"), "acc": ("ой", "ую", "ое")}


def decline(adjective: str, gender: str, case: str) -> str:
    """The form of an adjective given in the masculine nominative (`синий`, `маленький`, `большой`)."""
    stem, ending = adjective[:-2], adjective[-2:]
    if ending == "ой":
        table = _SIBILANT if stem[-1] in "жшчщкгх" else _STRESSED
    elif ending == "ий":
        table = _VELAR if stem[-1] in "кгх" else _SOFT
    else:
        table = _HARD
    return stem + table[case]["mfn".index(gender)]


@dataclass(frozen=True, slots=True)
class Noun:
    gender: str
    nom: str
    gen: str
    ins: str
    acc: str
    prep: str

    def form(self, case: str) -> str:
        return str(getattr(self, case))


def _masculine(stem: str, nominative: str | None = None) -> Noun:
    nominative = nominative or stem
    return Noun("m", nominative, stem + "а", stem + "ом", nominative, stem + "е")


def _feminine(stem: str, genitive: str = "ы") -> Noun:
    return Noun("f", stem + "а", stem + genitive, stem + "ой", stem + "у", stem + "е")


def _neuter(stem: str, nominative: str = "о", instrumental: str = "ом") -> Noun:
    return Noun(
        "n",
        stem + nominative,
        stem + "а",
        stem + instrumental,
        stem + nominative,
        stem + ("е" if nominative == "о" else nominative),
    )


# Shape -> nouns; the first is the usual one.
NOUNS: dict[str, tuple[Noun, ...]] = {
    "circle": (
        _masculine("круг"),
        _masculine("кружк", "кружок"),
        _masculine("диск"),
        _masculine("шар"),
        _masculine("шарик"),
    ),
    "square": (_masculine("квадрат"), _masculine("квадратик")),
    "triangle": (_masculine("треугольник"), _masculine("треугольничк", "треугольничек")),
    "star": (_feminine("звезд"), _feminine("звездочк", "и")),
    "heart": (_neuter("сердц", "е", "ем"), _neuter("сердечк")),
    "ring": (_neuter("кольц"), _neuter("колечк"), _masculine("бублик")),
    "cross": (_masculine("крест"), _masculine("крестик"), _masculine("плюс")),
    "diamond": (_masculine("ромб"), _masculine("ромбик")),
}
COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("красный", "алый", "красненький", "багровый", "ярко-красный"),
    "orange": ("оранжевый", "рыжий", "апельсиновый"),
    "yellow": ("желтый", "золотой", "желтенький", "лимонный"),
    "green": ("зеленый", "изумрудный", "зелененький", "салатовый", "темно-зеленый"),
    "blue": ("синий", "голубой", "синенький", "лазурный", "темно-синий"),
    "purple": ("фиолетовый", "лиловый", "сиреневый", "пурпурный"),
    "pink": ("розовый", "розовенький", "малиновый"),
    "brown": ("коричневый", "шоколадный", "бурый"),
    "black": ("черный", "черненький"),
    "white": ("белый", "беленький", "белоснежный"),
    "gray": ("серый", "серенький"),
}
SIZES = {
    "small": ("маленький", "небольшой", "крошечный", "мелкий"),
    "medium": ("средний",),
    "big": ("большой", "крупный", "огромный"),
}
PLACES: dict[str, tuple[str, ...]] = {
    "centre": ("в центре", "посередине", "по центру", "в середине"),
    "left": ("слева", "с левой стороны", "в левой части"),
    "right": ("справа", "с правой стороны", "в правой части"),
    "top": ("сверху", "вверху", "в верхней части", "наверху"),
    "bottom": ("снизу", "внизу", "в нижней части"),
    "top left": ("в левом верхнем углу", "в верхнем левом углу", "слева сверху", "слева вверху", "сверху слева"),
    "top right": ("в правом верхнем углу", "в верхнем правом углу", "справа сверху", "справа вверху"),
    "bottom left": ("в левом нижнем углу", "в нижнем левом углу", "слева снизу", "слева внизу", "снизу слева"),
    "bottom right": ("в правом нижнем углу", "в нижнем правом углу", "справа снизу", "справа внизу"),
}
# Relation -> (words between the two objects, case of the second).
RELATIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "left of": (("слева от", "gen"), ("левее", "gen")),
    "right of": (("справа от", "gen"), ("правее", "gen")),
    "above": (("над", "ins"), ("выше", "gen")),
    "below": (("под", "ins"), ("ниже", "gen")),
    "inside": (("внутри", "gen"), ("в", "prep")),
}
BACKGROUNDS = (
    ("на {} фоне", "prep"),
    ("на {} фоне", "prep"),
    ("на фоне {} цвета", "gen"),
    (", фон {}", "nom"),
    (", {} фон", "nom"),
)
STYLES: dict[str, tuple[str, ...]] = {
    "flat": ("{}, плоский стиль", "{} в плоском стиле"),
    "outline": ("контур: {}", "контурный рисунок, {}", "{}, контуром", "{}, только контур", "{} в стиле контура"),
    "watercolour": ("акварель: {}", "{}, акварель", "{}, акварелью", "{} в стиле акварели", "акварельный рисунок, {}"),
    "mosaic": ("мозаика: {}", "{}, мозаика", "{}, мозаикой", "{} в стиле мозаики"),
}
# (opening, case it asks for)
OPENINGS = (
    ("", "nom"),
    ("нарисуй", "acc"),
    ("картинка:", "nom"),
    ("на картинке", "nom"),
    ("изобрази", "acc"),
    ("покажи", "acc"),
    ("нарисуй мне", "acc"),
    ("хочу", "acc"),
    ("пожалуйста, нарисуй", "acc"),
)
FILLERS = (
    "красивый",
    "очень",
    "просто",
    "пожалуйста",
    "качество",
    "высокое",
    "рисунок",
    "фото",
    "яркий",
    "милый",
    "картина",
    "стиль",
    "искусство",
    "детали",
    "один",
    "одна",
    "здесь",
    "это",
    "и",
    "с",
    "на",
    "мир",
    "небо",
)
