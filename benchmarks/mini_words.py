"""Which everyday words for colours and shapes the miniature family understands, judged from pixels alone.

python -m benchmarks.mini_words

Each word is asked for in four prompts; it counts as understood when at least three pictures show what it means.
"""

import argparse
import asyncio
from pathlib import Path

from benchmarks import mini_accuracy, mini_eye, report
from engines import tasks

PICTURES = 4
ENOUGH = 3
# Word -> colours that people would accept.
ENGLISH_COLOURS = {
    "crimson": {"red"}, "scarlet": {"red"}, "ruby": {"red"}, "maroon": {"red", "brown"}, "burgundy": {"red", "brown"},
    "tangerine": {"orange"}, "amber": {"orange", "yellow"}, "golden": {"yellow"}, "lemon": {"yellow"},
    "emerald": {"green"}, "lime": {"green"}, "olive": {"green"}, "mint": {"green"}, "navy": {"blue"}, "azure": {"blue"},
    "turquoise": {"blue", "green"}, "teal": {"blue", "green"}, "indigo": {"blue", "purple"}, "violet": {"purple"},
    "lilac": {"purple", "pink"}, "magenta": {"pink", "purple"}, "rose": {"pink"}, "chocolate": {"brown"},
    "beige": {"brown", "yellow"}, "charcoal": {"black", "gray"}, "silver": {"gray"}, "grey": {"gray"},
}  # fmt: skip
RUSSIAN_COLOURS = {
    "алый": {"red"}, "красненький": {"red"}, "бордовый": {"red", "brown"}, "рыжий": {"orange"}, "золотой": {"yellow"},
    "лимонный": {"yellow"}, "изумрудный": {"green"}, "салатовый": {"green"}, "голубой": {"blue"},
    "лазурный": {"blue"}, "бирюзовый": {"blue", "green"}, "лиловый": {"purple"}, "сиреневый": {"purple"},
    "малиновый": {"pink", "red"}, "розовенький": {"pink"}, "шоколадный": {"brown"}, "бежевый": {"brown", "yellow"},
    "чёрненький": {"black"}, "серебристый": {"gray"},
}  # fmt: skip
ENGLISH_SHAPES = {
    "disc": "circle", "ball": "circle", "dot": "circle", "sphere": "circle", "box": "square", "cube": "square",
    "block": "square", "pyramid": "triangle", "asterisk": "star", "hoop": "ring", "donut": "ring", "bagel": "ring",
    "plus": "cross", "rhombus": "diamond", "lozenge": "diamond", "love heart": "heart",
}  # fmt: skip
# Russian shape word -> shape, ending of "красн".
RUSSIAN_SHAPES = {
    "кружок": ("circle", "ый"), "кружочек": ("circle", "ый"), "шарик": ("circle", "ый"), "точка": ("circle", "ая"),
    "квадратик": ("square", "ый"), "кубик": ("square", "ый"), "треугольничек": ("triangle", "ый"),
    "звёздочка": ("star", "ая"), "сердечко": ("heart", "ое"), "колечко": ("ring", "ое"), "бублик": ("ring", "ый"),
    "крестик": ("cross", "ый"), "плюсик": ("cross", "ый"), "ромбик": ("diamond", "ый"),
}  # fmt: skip
COLUMNS = ("language", "kind", "understood", "not understood")


def words() -> list[tuple[str, str, str, list[str], set[str]]]:
    """Language, kind, word, its prompts, and what may be seen."""
    found = []
    for word, meaning in ENGLISH_COLOURS.items():
        prompts = [f"a {word} {shape}" for shape in ("circle", "square", "triangle", "diamond")]
        found.append(("English", "colour", word, prompts, meaning))
    for word, meaning in RUSSIAN_COLOURS.items():
        prompts = [f"{word} {shape}" for shape in ("круг", "квадрат", "треугольник", "ромб")]
        found.append(("Russian", "colour", word, prompts, meaning))
    for word, shape in ENGLISH_SHAPES.items():
        prompts = [f"a {colour} {word} on a white background" for colour in ("red", "blue", "green", "black")]
        found.append(("English", "shape", word, prompts, {shape}))
    for word, (shape, ending) in RUSSIAN_SHAPES.items():
        prompts = [f"{colour}{ending} {word} на белом фоне" for colour in ("красн", "зелён", "чёрн", "розов")]
        found.append(("Russian", "shape", word, prompts, {shape}))
    return found


def measure(model: tasks.Model, weights: Path | None = None) -> list[list[str]]:
    """One row a language and kind: the words that are understood, and those that are not."""
    asked = words()
    prompts = [prompt for _, _, _, prompts, _ in asked for prompt in prompts]
    pictures = iter(asyncio.run(mini_accuracy.paint(prompts, model, weights, refine=False)))
    rows: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for language, kind, word, its_prompts, meaning in asked:
        right = 0
        for _ in its_prompts:
            found = mini_eye.look(next(pictures))[1]
            right += bool(found) and (found[0].colour if kind == "colour" else found[0].shape) in meaning
        rows.setdefault((language, kind), ([], []))[right < ENOUGH].append(word)
    return [[*key, ", ".join(understood), ", ".join(missed)] for key, (understood, missed) in rows.items()]


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.mini_words")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--model", choices=list(tasks.Model), default=tasks.Model.KANDINSKY_3_FLASH)
    parser.add_argument("--folder", type=Path, default=report.RESULTS)
    arguments = parser.parse_args()
    report.publish(
        "mini_words",
        "Everyday words that the miniature family understands",
        COLUMNS,
        measure(tasks.Model(arguments.model), arguments.weights),
        notes=(f"{PICTURES} prompts a word; understood when {ENOUGH} pictures show it. Seeds 0, 1, 2...",),
        parameters={"model": str(arguments.model)},
        folder=arguments.folder,
    )


if __name__ == "__main__":
    main()
