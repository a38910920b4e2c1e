"""How often the miniature family paints what it is told, judged from pixels alone (see `mini_eye`).

python -m benchmarks.mini_accuracy --count 64 --model kandinsky-3-flash
"""

import argparse
import asyncio
import io
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import mini_eye, report
from engines import pool, tasks

# Prompts: (English, Russian by gender) of each word. "" is left out of the prompt.
_RUSSIAN_SHAPES = {
    "circle": ("круг", "m"), "square": ("квадрат", "m"), "triangle": ("треугольник", "m"), "star": ("звезда", "f"),
    "heart": ("сердце", "n"), "ring": ("кольцо", "n"), "cross": ("крест", "m"), "diamond": ("ромб", "m"),
}  # fmt: skip
_RUSSIAN_COLOURS = {
    "red": "красн", "orange": "оранжев", "yellow": "жёлт", "green": "зелён", "blue": "син", "purple": "фиолетов",
    "pink": "розов", "brown": "коричнев", "black": "чёрн", "white": "бел", "gray": "сер",
}  # fmt: skip
_RUSSIAN_SIZES = {
    "small": {"m": "маленький ", "f": "маленькая ", "n": "маленькое "},
    "big": {"m": "большой ", "f": "большая ", "n": "большое "},
    "": {"m": "", "f": "", "n": ""},
}
_PLACES = {
    "": ("", "", (0.5, 0.5)),
    "left": (" on the left", " слева", (0.25, 0.5)),
    "right": (" on the right", " справа", (0.75, 0.5)),
    "top": (" at the top", " сверху", (0.5, 0.25)),
    "bottom": (" at the bottom", " снизу", (0.5, 0.75)),
    "top left": (" in the top left corner", " в левом верхнем углу", (0.25, 0.25)),
    "bottom right": (" in the bottom right corner", " в правом нижнем углу", (0.75, 0.75)),
}
PLACE_TOLERANCE = 0.17  # of a side; a big object cannot lie in a corner
SIZE_BOUNDS = {"small": (0.0, 0.29), "": (0.27, 0.52), "big": (0.46, 1.0)}
COLUMNS = ("model", "language", "prompts", "background", "colour", "shape", "size", "place", "both colours", "all")


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt and what must be seen in its picture."""

    prompt: str
    language: str
    background: str
    colour: str
    shape: str
    size: str
    place: str


def asked(count: int, seed: int = 0) -> list[Asked]:
    """Prompts of one object, English and Russian in turn."""
    chance = random.Random(seed)
    prompts = []
    for index in range(count):
        shape, size, place = (
            chance.choice(list(mini_eye.SILHOUETTES)),
            chance.choice(["", "small", "big"]),
            chance.choice(list(_PLACES)),
        )
        colour, ground = chance.sample(list(mini_eye.REFERENCE), 2)
        if index % 2 == 0:
            said = f"{size} {colour}".strip()
            article, under = ("an" if w[0] in "aeiou" else "a" for w in (said, ground))
            prompt = f"{article} {said} {shape}{_PLACES[place][0]} on {under} {ground} background"
        else:
            noun, gender = _RUSSIAN_SHAPES[shape]
            ending = {"m": "ый", "f": "ая", "n": "ое"} if colour != "blue" else {"m": "ий", "f": "яя", "n": "ее"}
            under = _RUSSIAN_COLOURS[ground] + ("ем" if ground == "blue" else "ом")
            adjective = _RUSSIAN_COLOURS[colour] + ending[gender]
            prompt = f"{_RUSSIAN_SIZES[size][gender]}{adjective} {noun}{_PLACES[place][1]} на {under} фоне"
        prompts.append(Asked(prompt, "English" if index % 2 == 0 else "Russian", ground, colour, shape, size, place))
    return prompts


def judge(picture: np.ndarray, wanted: Asked) -> dict[str, bool]:
    """Which attributes of the picture are as asked."""
    ground, found = mini_eye.look(picture)
    right = dict.fromkeys(("background", "colour", "shape", "size", "place"), False)
    right["background"] = ground == wanted.background
    if found:
        thing, at = found[0], _PLACES[wanted.place][2]
        low, high = SIZE_BOUNDS[wanted.size]
        right["colour"], right["shape"] = thing.colour == wanted.colour, thing.shape == wanted.shape
        right["size"] = low <= thing.size <= high
        right["place"] = abs(thing.x - at[0]) < PLACE_TOLERANCE and abs(thing.y - at[1]) < PLACE_TOLERANCE
    right["both colours"] = right["background"] and right["colour"]
    right["all"] = all(right.values())
    return right


async def paint(prompts: Sequence[Asked], model: tasks.Model, weights: Path | None, refine: bool) -> list[np.ndarray]:
    """The pictures, through the pool, as the bot paints them; the seed of a prompt is its number."""
    studio = pool.Pool.from_profile("mini", weights)
    await studio.start()
    try:
        results = await asyncio.gather(
            *(
                studio.run(tasks.TextToImage(prompt=one.prompt, model=model, seed=seed, refine=refine))
                for seed, one in enumerate(prompts)
            )
        )
    finally:
        await studio.close()
    return [np.asarray(Image.open(io.BytesIO(result.pictures[0].png)).convert("RGB")) for result in results]


def measure(
    count: int, model: tasks.Model, weights: Path | None = None, refine: bool = False
) -> list[list[str | int | float]]:
    """Rows of shares in percent, by language and together."""
    prompts = asked(count)
    judged = [
        judge(p, one) for p, one in zip(asyncio.run(paint(prompts, model, weights, refine)), prompts, strict=True)
    ]
    rows: list[list[str | int | float]] = []
    for language in ("English", "Russian", "both"):
        chosen = [j for j, one in zip(judged, prompts, strict=True) if language in (one.language, "both")]
        shares = [round(100 * sum(j[name] for j in chosen) / max(1, len(chosen)), 1) for name in COLUMNS[3:]]
        rows.append([f"{model}{' refined' if refine else ''}", language, len(chosen), *shares])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.mini_accuracy")
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--model", action="append", choices=list(tasks.Model))
    parser.add_argument("--folder", type=Path, default=report.RESULTS)
    arguments = parser.parse_args()
    rows = []
    began = time.time()
    for model in arguments.model or list(tasks.Model):
        rows += measure(arguments.count, tasks.Model(model), arguments.weights)
    report.publish(
        "mini_accuracy",
        "Share of single-object prompts painted as asked, in percent",
        COLUMNS,
        rows,
        notes=(
            "Judged from pixels alone; one flat object, unseen prompts, seeds 0, 1, 2...",
            "`all`: background, colour, shape, size and place together.",
        ),
        parameters={"count": arguments.count, "seconds": round(time.time() - began)},
        folder=arguments.folder,
    )


if __name__ == "__main__":
    main()
