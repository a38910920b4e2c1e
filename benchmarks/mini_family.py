"""What the miniature family makes of pictures that it is given, judged from pixels alone (see `mini_judges`).

    python -m benchmarks.mini_family --count 100 --kind inpaint

Every case is a task for the pool, as the bot would send it: source pictures are drawn here, seeds are 0, 1, 2...
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from benchmarks import mini_accuracy, mini_drawing, mini_eye, mini_judges, mini_prompts, report
from engines import errors, pool, tasks

COLUMNS: Final = ("measure", "cases", "right", "goal", "details")
SOURCE, SECOND, MASK = "source.png", "second.png", "mask.png"
IN_FLIGHT: Final = 16  # tasks that wait in the pool at once
LARGER_PX: Final = 256  # side of the picture that an upscale is to find again, for a factor of 2


def nothing_claimed(_: np.ndarray) -> mini_judges.Claims:
    """No claim: the picture is judged elsewhere, or only looked at."""
    return {}


@dataclass(frozen=True, slots=True)
class Case:
    """A task, its files, what must hold of its first picture, and what is told beside that."""

    task: tasks.Task
    media: tasks.Media
    judge: Callable[[np.ndarray], mini_judges.Claims]
    aside: Callable[[np.ndarray], mini_judges.Claims] = nothing_claimed


@dataclass(frozen=True, slots=True)
class Measure:
    """Cases of one kind, and the share in percent that is asked for, if any is."""

    name: str
    goal: float | None
    cases: Callable[[int], list[Case]]


def inpainting(count: int) -> list[Case]:
    """One object, or one of two, is marked; the prompt says what shall stand there."""
    cases = []
    for seed, dice in _dice("inpaint", count):
        source = mini_drawing.single(dice) if seed % 2 else mini_drawing.couple(dice)
        old, others = source.things[0], source.things[1:]
        taken = {source.background, *(thing.colour for thing in source.things)}
        colour = dice.choice([name for name in mini_eye.REFERENCE if name not in taken])
        shape = dice.choice([name for name in mini_eye.SILHOUETTES if name != old.shape])
        mask = mini_drawing.around([old], margin=0.04 if others else 0.07)
        wanted = replace(old, colour=colour, shape=shape)
        task = tasks.Inpaint(image=SOURCE, mask=MASK, seed=seed, prompt=_words((wanted, *others), source.background))
        media = {SOURCE: source.png(), MASK: mini_drawing.to_png(mask)}
        cases.append(Case(task, media, _bound(mini_judges.inpainted, source, mask, wanted)))
    return cases


def zoom_out(count: int, *, told: bool = False) -> list[Case]:
    """A picture with a new rim of half its size; its background goes on, whether or not the prompt is told of it."""
    cases = []
    for seed, dice in _dice("zoom out", count):
        source = mini_drawing.single(dice)
        prompt = _words(source.things, source.background) if told else ""
        task = tasks.Outpaint(image=SOURCE, zoom_out=1.5, seed=seed, prompt=prompt)
        cases.append(Case(task, {SOURCE: source.png()}, _bound(mini_judges.continued, source)))
    return cases


def variation(count: int) -> list[Case]:
    """One picture with one object."""
    cases = []
    for seed, dice in _dice("variation", count):
        source = mini_drawing.single(dice)
        task = tasks.ImageVariation(image=SOURCE, seed=seed)
        judge = _bound(mini_judges.varied, source)
        cases.append(Case(task, {SOURCE: source.png()}, judge, mini_judges.alone))
    return cases


def fusion(count: int) -> list[Case]:
    """Two pictures with one object each, in colours of their own, at equal weights."""
    cases = []
    for seed, dice in _dice("fusion", count):
        one, two = mini_drawing.single(dice), mini_drawing.single(dice)
        while two.things[0].colour in (one.things[0].colour, one.background) or one.things[0].colour == two.background:
            two = mini_drawing.single(dice)
        images = tuple(tasks.WeightedImage(image=name, weight=0.5) for name in (SOURCE, SECOND))
        task = tasks.ImageFusion(images=images, seed=seed)
        media = {SOURCE: one.png(), SECOND: two.png()}
        judge, aside = _bound(mini_judges.fused, (one, two)), _bound(mini_judges.fused_objects, (one, two))
        cases.append(Case(task, media, judge, aside))
    return cases


def image_and_text(count: int) -> list[Case]:
    """The image brings the object; the text says another background, or in every fourth case the mosaic."""
    cases = []
    for seed, dice in _dice("image and text", count):
        source = mini_drawing.single(dice)
        images = (tasks.WeightedImage(image=SOURCE, weight=1.0),)
        if seed % 4 == 3:
            prompt, judge = "a mosaic", _bound(mini_judges.tiled, source)
        else:
            taken = (source.background, source.things[0].colour)
            ground = dice.choice([name for name in mini_eye.REFERENCE if name not in taken])
            prompt, judge = f"on {_a(ground)} background", _bound(mini_judges.reworded, source, ground)
        cases.append(
            Case(tasks.ImageTextFusion(prompt=prompt, images=images, seed=seed), {SOURCE: source.png()}, judge)
        )
    return cases


def edges(count: int) -> list[Case]:
    """The forms of a picture in other colours, said by the prompt."""
    return [
        _traced(seed, dice, tasks.Control.EDGES, mini_drawing.Drawing.pixels) for seed, dice in _dice("edges", count)
    ]


def depth(count: int) -> list[Case]:
    """An object that is nearer than the ground, in colours that the prompt says."""
    return [_traced(seed, dice, tasks.Control.DEPTH, mini_drawing.depth) for seed, dice in _dice("depth", count)]


def scribble(count: int) -> list[Case]:
    """By turns a line drawing, whose lines are followed as they are, and a picture, whose edges become strokes."""
    return [
        _traced(seed, dice, tasks.Control.SCRIBBLE, mini_drawing.lines if seed % 2 else mini_drawing.Drawing.pixels)
        for seed, dice in _dice("scribble", count)
    ]


def _traced(
    seed: int,
    dice: random.Random,
    control: tasks.Control,
    seen: Callable[[mini_drawing.Drawing], np.ndarray],
    model: tasks.Model = tasks.Model.KANDINSKY_3,
) -> Case:
    """The forms of what is `seen` of a drawing, in two colours that it does not have."""
    source = mini_drawing.single(dice)
    thing = source.things[0]
    free = [name for name in mini_eye.REFERENCE if name not in (source.background, thing.colour)]
    colour, ground = dice.sample(free, 2)
    prompt = _words((replace(thing, colour=colour),), ground)
    task = tasks.StyleTransfer(image=SOURCE, seed=seed, prompt=prompt, control=control, model=model)
    return Case(task, {SOURCE: mini_drawing.to_png(seen(source))}, _bound(mini_judges.traced, source, ground, colour))


def kandinsky_22(count: int) -> list[Case]:
    """Prompts of one object, as `mini_accuracy` has them."""
    return [
        Case(
            tasks.TextToImage(prompt=one.prompt, model=tasks.Model.KANDINSKY_22, seed=seed),
            {},
            _bound(mini_accuracy.judge, one),
        )
        for seed, one in enumerate(mini_prompts.singles(count, seed=22))
    ]


def inpainting_22(count: int) -> list[Case]:
    """The only object of a picture is marked; the prompt says what shall stand there."""
    cases = []
    for seed, dice in _dice("inpaint 2.2", count):
        source = mini_drawing.single(dice)
        old = source.things[0]
        colour = dice.choice([name for name in mini_eye.REFERENCE if name not in (source.background, old.colour)])
        shape = dice.choice([name for name in mini_eye.SILHOUETTES if name != old.shape])
        mask = mini_drawing.around([old], margin=0.07)
        wanted = replace(old, colour=colour, shape=shape)
        prompt = _words((wanted,), source.background)
        task = tasks.Inpaint(image=SOURCE, mask=MASK, seed=seed, prompt=prompt, model=tasks.Model.KANDINSKY_22)
        media = {SOURCE: source.png(), MASK: mini_drawing.to_png(mask)}
        cases.append(Case(task, media, _bound(mini_judges.inpainted, source, mask, wanted)))
    return cases


def depth_22(count: int) -> list[Case]:
    """As `depth`, with Kandinsky 2.2."""
    return [
        _traced(seed, dice, tasks.Control.DEPTH, mini_drawing.depth, tasks.Model.KANDINSKY_22)
        for seed, dice in _dice("depth 2.2", count)
    ]


MEASURES: Final = (
    Measure("inpaint", 80, inpainting),
    Measure("zoom out without words", None, zoom_out),
    Measure("variation", 80, variation),
    Measure("fusion", 60, fusion),
    Measure("image and text", 65, image_and_text),
    Measure("edges", 75, edges),
    Measure("depth", 75, depth),
    Measure("scribble", 75, scribble),
    Measure("kandinsky 2.2", 80, kandinsky_22),
    Measure("inpaint 2.2", 80, inpainting_22),
    Measure("depth 2.2", 75, depth_22),
)
ENLARGING: Final = {"upscale x2": 2, "upscale x4": 4}
NAMES: Final = (*(measure.name for measure in MEASURES), *ENLARGING)


async def paint(cases: Sequence[Case], weights: Path | None) -> list[np.ndarray]:
    """The first picture of each case, through the pool. Raises EngineError."""
    studio = pool.Pool.from_profile("mini", weights)
    await studio.start()
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(case: Case) -> np.ndarray:
        async with room:
            result = await studio.run(case.task, media=case.media)
            return mini_drawing.from_file(result.pictures[0].png)

    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(case)) for case in cases]
    except* errors.EngineError as failed:
        raise failed.exceptions[0] from None
    finally:
        await studio.close()
    return [task.result() for task in running]


def guided(cases: Sequence[Case], guidance: float | None) -> list[Case]:
    """The cases with this guidance; None leaves that of the tasks."""
    if guidance is None:
        return list(cases)
    return [replace(case, task=case.task.model_copy(update={"guidance": guidance})) for case in cases]


def measured(measure: Measure, count: int, weights: Path | None, guidance: float | None) -> tuple[report.Cell, ...]:
    """A row: the share of cases in which every claim holds, and that of each claim."""
    cases = guided(measure.cases(count), guidance)
    pictures = asyncio.run(paint(cases, weights))
    claims = [case.judge(picture) for case, picture in zip(cases, pictures, strict=True)]
    asides = [case.aside(picture) for case, picture in zip(cases, pictures, strict=True)]
    details = "; beside that ".join(told for told in (_shares(claims), _shares(asides)) if told)
    return (measure.name, count, _percent([all(claim.values()) for claim in claims]), measure.goal or "-", details)


def enlarged(name: str, count: int, weights: Path | None) -> tuple[report.Cell, ...]:
    """A row: how many dB an upscale is nearer to the large picture than a bicubic enlargement, on average."""
    factor = ENLARGING[name]
    side_px = LARGER_PX * factor // 2
    drawings = [
        mini_drawing.couple(dice) if seed % 2 else mini_drawing.single(dice) for seed, dice in _dice("upscale", count)
    ]
    truths = [drawing.pixels(side_px) for drawing in drawings]
    small = [_resized(truth, side_px // factor) for truth in truths]
    cases = [
        Case(
            tasks.Upscale(image=SOURCE, factor=factor, refine=False, seed=seed),
            {SOURCE: mini_drawing.to_png(one)},
            nothing_claimed,
        )
        for seed, one in enumerate(small)
    ]
    results = asyncio.run(paint(cases, weights))
    ours = [mini_judges.psnr_db(*pair) for pair in zip(results, truths, strict=True)]
    plain = [mini_judges.psnr_db(_resized(one, side_px), truth) for one, truth in zip(small, truths, strict=True)]
    gain_db = round(statistics.mean(ours) - statistics.mean(plain), 2)
    return (
        name,
        count,
        f"+{gain_db} dB",
        "+2 dB",
        f"{statistics.mean(ours):.1f}, bicubic {statistics.mean(plain):.1f}",
    )


def row(name: str, count: int, weights: Path | None, guidance: float | None) -> tuple[report.Cell, ...]:
    """The row of a measure, or what is missing for it."""
    try:
        if name in ENLARGING:
            return enlarged(name, count, weights)
        return measured(next(measure for measure in MEASURES if measure.name == name), count, weights, guidance)
    except errors.CheckpointMissing:
        return (name, 0, "-", "-", "its weights are not there")


def kept(folder: Path, measured_now: Sequence[tuple[report.Cell, ...]]) -> list[tuple[report.Cell, ...]]:
    """The rows of now, and those of the last run for what was not measured now, in the usual order."""
    path = folder / "mini_family.json"
    last = json.loads(path.read_text("utf-8"))["rows"] if path.is_file() else []
    rows = {one["measure"]: tuple(one[column] for column in COLUMNS) for one in last}
    rows |= {str(one[0]): one for one in measured_now}
    return [rows[name] for name in NAMES if name in rows]


def _dice(name: str, count: int) -> list[tuple[int, random.Random]]:
    """A seed and the dice of each case."""
    return [(seed, random.Random(f"{name} {seed}")) for seed in range(count)]


def _bound(judge: Callable[..., mini_judges.Claims], *known: object) -> Callable[[np.ndarray], mini_judges.Claims]:
    return lambda picture: judge(picture, *known)


def _words(things: Sequence[mini_drawing.Thing], background: str) -> str:
    """A prompt for one thing, or for two side by side, the left one first."""
    ordered = sorted(things, key=lambda thing: thing.x)
    return f"{' and '.join(_a(f'{thing.colour} {thing.shape}') for thing in ordered)} on {_a(background)} background"


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _resized(picture: np.ndarray, side_px: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((side_px, side_px), Image.Resampling.BICUBIC))


def _shares(claims: Sequence[mini_judges.Claims]) -> str:
    """Each claim's name and the share in percent of the cases that make it in which it holds."""
    names = dict.fromkeys(name for claim in claims for name in claim)
    return ", ".join(f"{name} {_percent([claim[name] for claim in claims if name in claim])}" for name in names)


def _percent(claims: Sequence[bool]) -> float:
    return round(100.0 * sum(claims) / max(1, len(claims)), 1)


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.mini_family")
    parser.add_argument("--count", type=int, default=100, help="cases of each kind; upscales take a fifth of it")
    parser.add_argument("--kind", action="append", choices=NAMES, help="which; all if none is named")
    parser.add_argument("--guidance", type=float, help="instead of what the tasks have of themselves")
    parser.add_argument("--keep", action="store_true", help="keep the published rows of kinds that are not named")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--folder", type=Path, default=report.RESULTS)
    arguments = parser.parse_args()
    began_s = time.time()
    rows = []
    for name in arguments.kind or NAMES:
        count = max(1, arguments.count // 5) if name in ENLARGING else arguments.count
        rows.append(row(name, count, arguments.weights, arguments.guidance))
        print(*rows[-1], sep=" | ")
    names = ", ".join(str(one[0]) for one in rows)
    told = [f"Measured by this run: {names}; the other rows are kept from runs before it."]
    report.publish(
        "mini_family",
        "The miniature family beyond text to image",
        COLUMNS,
        kept(arguments.folder, rows) if arguments.keep else rows,
        notes=(
            "Percent of cases in which every claim of `details` holds, judged from pixels alone; upscales: mean gain "
            "over a bicubic enlargement of pictures that were reduced before.",
            "Seeds 0, 1, 2...; sources are drawn by the benchmark, not by the renderer that taught the models.",
            "A variation is `another` when its object and the source's overlap by less than 90 %. `kept`: no pixel "
            f"further than {mini_judges.SEAM_PX} from the mask differs by more than {mini_judges.KEPT_LEVELS} levels.",
            *(told if arguments.keep else ()),
        ),
        parameters={
            "count": arguments.count,
            "guidance": arguments.guidance or "each kind's",
            "seconds": round(time.time() - began_s),
        },
        folder=arguments.folder,
    )


if __name__ == "__main__":
    main()
