"""What each kind of task costs on this machine: seconds of a picture, first and later, and the peak of memory.

    python -m benchmarks engines

Every kind runs in a process of its own, so that its memory is its own. The profile, the weights and the devices are
the operator's; a kind whose weights are not there says so.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import numpy as np

from benchmarks import mini_drawing, report
from bot import settings
from engines import catalog, devices, errors, pool, sizes, tasks

COLUMNS: Final = ("kind", "pictures", "first s", "later s", "peak MiB", "beside an idle pool MiB")
PROMPT: Final = "a big red circle on a blue background"
SOURCE, SECOND, MASK = "source.png", "second.png", "mask.png"
MIB: Final = 2**20
ENOUGH_S: Final = 30.0  # no further picture of a kind begins later than this


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured; `steps` are those of every sampler that lets a task choose."""

    steps: int
    repeats: int
    kinds: tuple[str, ...] | None = None  # None is all


FULL: Final = Scale(steps=50, repeats=3)
QUICK: Final = Scale(steps=2, repeats=1, kinds=("img2img",))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a process saw of its kind; `later_s` has one value a picture."""

    first_s: float
    later_s: list[float]
    idle_bytes: int
    peak_bytes: int


REFINED: Final = "upscale x2 refined"
Make = Callable[[int, int], tasks.Task]  # of a seed and a number of steps


def _text(model: tasks.Model, refine: bool = False) -> Make:
    return lambda seed, steps: tasks.TextToImage(prompt=PROMPT, model=model, refine=refine, seed=seed, steps=steps)


def _controlled(control: tasks.Control) -> Make:
    return lambda seed, steps: tasks.StyleTransfer(prompt=PROMPT, image=SOURCE, control=control, seed=seed, steps=steps)


_SOURCES: Final = (tasks.WeightedImage(image=SOURCE), tasks.WeightedImage(image=SECOND))
KINDS: Final[Mapping[str, Make]] = {
    "text_to_image flash": _text(tasks.Model.KANDINSKY_3_FLASH),
    "text_to_image base": _text(tasks.Model.KANDINSKY_3),
    "text_to_image refined": _text(tasks.Model.KANDINSKY_3, refine=True),
    "text_to_image 2.2": _text(tasks.Model.KANDINSKY_22),
    "img2img": lambda seed, steps: tasks.ImageToImage(
        prompt=PROMPT, image=SOURCE, strength=0.5, seed=seed, steps=steps
    ),
    "inpaint": lambda seed, steps: tasks.Inpaint(prompt=PROMPT, image=SOURCE, mask=MASK, seed=seed, steps=steps),
    "outpaint": lambda seed, steps: tasks.Outpaint(prompt=PROMPT, image=SOURCE, zoom_out=2.0, seed=seed, steps=steps),
    "image_variation": lambda seed, steps: tasks.ImageVariation(image=SOURCE, seed=seed, steps=steps),
    "image_fusion": lambda seed, steps: tasks.ImageFusion(images=_SOURCES, seed=seed, steps=steps),
    "image_text_fusion": lambda seed, steps: tasks.ImageTextFusion(
        prompt="on a green background", images=_SOURCES[:1], seed=seed, steps=steps
    ),
    "style_transfer": lambda seed, steps: tasks.StyleTransfer(prompt=PROMPT, image=SOURCE, seed=seed, steps=steps),
    "style_transfer by an image": lambda seed, steps: tasks.StyleTransfer(
        image=SOURCE, style_image=SECOND, seed=seed, steps=steps
    ),
    "style_transfer depth": _controlled(tasks.Control.DEPTH),
    "style_transfer scribble": _controlled(tasks.Control.SCRIBBLE),
    "upscale x2": lambda seed, _: tasks.Upscale(image=SOURCE, factor=2, refine=False, seed=seed),
    REFINED: lambda seed, _: tasks.Upscale(image=SOURCE, factor=2, seed=seed),
    "upscale x4": lambda seed, _: tasks.Upscale(image=SOURCE, factor=4, seed=seed),
}


def media() -> tasks.Media:
    """The files that the tasks of `KINDS` name: two drawings, and a mask over the object of the first."""
    thing = mini_drawing.Thing("red", "circle")
    drawings = (
        mini_drawing.Drawing("blue", (thing,)),
        mini_drawing.Drawing("white", (mini_drawing.Thing("green", "star"),)),
    )
    mask = mini_drawing.to_png(np.asarray(mini_drawing.around([thing])))
    return {SOURCE: drawings[0].png(), SECOND: drawings[1].png(), MASK: mask}


def run(quick: bool) -> report.Report:
    """Every kind in a process of its own."""
    scale = QUICK if quick else FULL
    # the miniature does not refine what it enlarges (docs/adr): that row would say plain x2 once more
    refines = settings.load().engines.profile != sizes.Profile.MINI.value
    rows = [row(name, scale) for name in scale.kinds or KINDS if refines or name != REFINED]
    return report.Report(
        "Kinds: seconds and memory",
        COLUMNS,
        rows,
        notes=[
            f"One picture at a time, {scale.steps} steps where a task chooses them; `later` is the median of the "
            "pictures after the first, which also loads the weights.",
            "Peak memory of the process on a processor, of the card's allocator on a card.",
        ],
        parameters={"steps": scale.steps, "repeats": scale.repeats},
    )


def row(name: str, scale: Scale) -> tuple[report.Cell, ...]:
    """A row of the table, measured in a fresh process."""
    print(f"engines: {name}", file=sys.stderr)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_report, args=(theirs, name, scale))
    process.start()
    theirs.close()
    try:
        seen: Seen | str = ours.recv()
    except EOFError:
        seen = "the process ended before its first picture"
    finally:
        process.join()
    if isinstance(seen, str):
        return (name, 0, seen, "-", "-", "-")
    later_s = statistics.median(seen.later_s)
    beside = (seen.peak_bytes - seen.idle_bytes) // MIB
    return (name, 1 + len(seen.later_s), seen.first_s, later_s, seen.peak_bytes // MIB, beside)


def _report(connection: Connection, name: str, scale: Scale) -> None:
    """In the process of a kind: send what was seen, or why there is nothing to see."""
    try:
        connection.send(asyncio.run(_see(KINDS[name], scale)))
    except errors.CheckpointMissing:
        connection.send("its weights are not there")
    finally:
        connection.close()


async def _see(make: Make, scale: Scale) -> Seen:
    chosen = settings.load().engines
    profile = catalog.ProfileCatalog.of(chosen.profile, chosen.weights_dir)
    threads = chosen.cpu_threads or profile.cpu_threads
    found = devices.discover(chosen.devices, threads)[:1]
    running, files = pool.Pool(found, profile), media()
    await running.start()
    try:
        idle_bytes = _peak_bytes(found[0])

        async def one(seed: int) -> float:
            began_s = time.perf_counter()
            await running.run(make(seed, scale.steps), media=files)
            return time.perf_counter() - began_s

        first_s = await one(0)
        later_s = [await one(1)]
        until_s = time.perf_counter() + ENOUGH_S
        while len(later_s) < scale.repeats and time.perf_counter() < until_s:
            later_s.append(await one(1 + len(later_s)))
        return Seen(first_s, later_s, idle_bytes, _peak_bytes(found[0]))
    finally:
        await running.close()


def _peak_bytes(device: devices.Device) -> int:
    """The most memory that this process has taken on the device until now."""
    if isinstance(device, devices.CUDA):
        import torch

        return int(torch.cuda.max_memory_allocated(device.index))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
