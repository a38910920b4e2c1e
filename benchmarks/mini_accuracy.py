"""How often the miniature family paints what it is told, judged from pixels alone (see `mini_eye`).

python -m benchmarks.mini_accuracy --count 300 --model kandinsky-3-flash
"""

import argparse
import asyncio
import io
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import mini_eye, mini_prompts, report
from engines import catalog, pool, tasks

PLACE_TOLERANCE = 0.17  # of a side; a big object cannot lie in a corner
SIZE_BOUNDS = {"small": (0.0, 0.32), "": (0.30, 0.54), "big": (0.48, 1.0)}
ATTRIBUTES = ("background", "colour", "shape", "size", "place", "relation")
COLUMNS = ("model", "objects", "language", "prompts", *ATTRIBUTES, "all")


def judge(picture: np.ndarray, wanted: mini_prompts.Single) -> dict[str, bool]:
    """Which attributes of a picture of one object are as asked."""
    ground, found = mini_eye.look(picture)
    right = dict.fromkeys(("background", "colour", "shape", "size", "place"), False)
    right["background"] = ground == wanted.background
    if found:
        thing, at = found[0], mini_prompts.PLACES[wanted.place][2]
        low, high = SIZE_BOUNDS[wanted.size]
        right["colour"], right["shape"] = thing.colour == wanted.colour, thing.shape == wanted.shape
        right["size"] = low <= thing.size <= high
        right["place"] = abs(thing.x - at[0]) < PLACE_TOLERANCE and abs(thing.y - at[1]) < PLACE_TOLERANCE
    return right


def judge_pair(picture: np.ndarray, wanted: mini_prompts.Pair) -> dict[str, bool]:
    """Which attributes of a picture of two objects are as asked."""
    right = dict.fromkeys(("background", "colour", "shape", "relation"), False)
    if wanted.relation == "inside":
        ground, nested = mini_eye.look_inside(picture)
        if nested:
            right["colour"] = (nested.inner.colour, nested.outer.colour) == (wanted.first[0], wanted.second[0])
            right["shape"] = nested.inner.shape == wanted.first[1] and wanted.second[1] in nested.outer_shapes
            right["relation"] = True
    else:
        ground, found = mini_eye.look(picture)
        if len(found) >= 2:
            pair = sorted(found[:2], key=lambda thing: thing.colour != wanted.first[0])
            right["colour"] = [thing.colour for thing in pair] == [wanted.first[0], wanted.second[0]]
            right["shape"] = [thing.shape for thing in pair] == [wanted.first[1], wanted.second[1]]
            right["relation"] = _stands(pair[0], pair[1], wanted.relation)
    right["background"] = ground == wanted.background
    return right


def _stands(first: mini_eye.Found, second: mini_eye.Found, relation: str) -> bool:
    dx, dy = second.x - first.x, second.y - first.y
    if relation == "and":
        return max(abs(dx), abs(dy)) > 0.2
    along, across = (dx, dy) if relation in ("left of", "right of") else (dy, dx)
    return (along if relation in ("left of", "above") else -along) > max(0.2, abs(across))


async def paint(prompts: Sequence[str], model: tasks.Model, weights: Path | None, refine: bool) -> list[np.ndarray]:
    """The pictures, through the pool, as the bot paints them; both languages of a wish have the same seed."""
    studio = pool.Pool.from_profile("mini", weights)
    await studio.start()
    try:
        results = await asyncio.gather(
            *(
                studio.run(tasks.TextToImage(prompt=prompt, model=model, seed=number // 2, refine=refine))
                for number, prompt in enumerate(prompts)
            )
        )
    finally:
        await studio.close()
    return [np.asarray(Image.open(io.BytesIO(result.pictures[0].png)).convert("RGB")) for result in results]


def measure(
    count: int, model: tasks.Model, weights: Path | None = None, refine: bool = False, seed: int = 0
) -> list[list[str | int | float]]:
    """Rows of shares in percent for one and two objects, by language and together."""
    singles, couples = mini_prompts.singles(count, seed), mini_prompts.pairs(count, seed)
    prompts = [*(one.prompt for one in singles), *(one.prompt for one in couples)]
    pictures = asyncio.run(paint(prompts, model, weights, refine))
    judged = [judge(picture, one) for picture, one in zip(pictures, singles, strict=False)]
    judged_pairs = [judge_pair(picture, one) for picture, one in zip(pictures[count:], couples, strict=True)]
    name = f"{model}{' refined' if refine else ''}"
    rows: list[list[str | int | float]] = []
    spoken = [one.language for one in singles], [one.language for one in couples]
    for objects, results, languages in ((1, judged, spoken[0]), (2, judged_pairs, spoken[1])):
        for language in ("English", "Russian", "both"):
            chosen = [r for r, own in zip(results, languages, strict=True) if language in (own, "both")]
            shares = [_percent([r[attribute] for r in chosen if attribute in r]) for attribute in ATTRIBUTES]
            rows.append([name, objects, language, len(chosen), *shares, _percent([all(r.values()) for r in chosen])])
    return rows


def _percent(claims: Sequence[bool]) -> float | str:
    return round(100.0 * sum(map(bool, claims)) / len(claims), 1) if claims else ""


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.mini_accuracy")
    parser.add_argument("--count", type=int, default=300, help="prompts of one object, and as many of two")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--model", action="append", choices=list(tasks.Model))
    parser.add_argument("--refine", action="store_true", help="measure the refined base model too")
    parser.add_argument("--folder", type=Path, default=report.RESULTS)
    arguments = parser.parse_args()
    rows = []
    began = time.time()
    for model in arguments.model or catalog.ProfileCatalog.of("mini", arguments.weights).models:
        rows += measure(arguments.count, tasks.Model(model), arguments.weights)
    if arguments.refine:
        rows += measure(arguments.count, tasks.Model.KANDINSKY_3, arguments.weights, refine=True)
    report.publish(
        "mini_accuracy",
        "Share of prompts painted as asked, in percent",
        COLUMNS,
        rows,
        notes=(
            "Judged from pixels alone; flat style, unseen prompts. Each wish is said in English and in Russian and "
            "painted with one seed (0, 1, 2...) for both.",
            "One object: background, colour, shape, size and place. Two: background, both colours, both shapes and "
            "the relation. `all`: everything together.",
        ),
        parameters={"count": arguments.count, "seconds": round(time.time() - began)},
        folder=arguments.folder,
    )


if __name__ == "__main__":
    main()
