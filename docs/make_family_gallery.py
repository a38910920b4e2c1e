"""Makes `docs/family.md` and its picture from the miniature models: `.venv/bin/python docs/make_family_gallery.py`.

Of each kind the first cases of `benchmarks.mini_family`: what goes in (a mask is laid over it in grey), and what comes
out. Nothing is chosen or painted again; a kind whose weights are not there is left out. Look before committing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from benchmarks import mini_drawing, mini_family
from engines import errors, tasks

DOCS = Path(__file__).parent
SIDE_PX, GAP_PX, TITLE_PX = 128, 6, 24
CASES = 5
ZOOMED_PX = 48  # side of the part of a small picture that an upscale is shown by
Row = tuple[str, list[list[np.ndarray]], list[str]]  # title, pictures of each case, and what was said


def rows(weights: Path | None) -> list[Row]:
    """Title, pictures and words of every kind that there are weights for."""
    found: list[Row] = []
    for title, cases in _kinds().items():
        try:
            results = asyncio.run(mini_family.paint(cases, weights))
        except errors.CheckpointMissing as missing:
            print(f"{title}: {missing}", file=sys.stderr)
            continue
        pictures = [_shown(case, result) for case, result in zip(cases, results, strict=True)]
        found.append((title, pictures, [getattr(case.task, "prompt", "") for case in cases]))
    return found


def _kinds() -> dict[str, Sequence[mini_family.Case]]:
    kinds: dict[str, Sequence[mini_family.Case]] = {
        measure.name: measure.cases(CASES) for measure in mini_family.MEASURES
    }
    drawing = mini_family.variation(CASES)
    kinds["zoom out with words"] = mini_family.zoom_out(CASES, told=True)
    kinds["upscale x2"] = _upscaled(drawing, 2)
    kinds["upscale x4"] = _upscaled(drawing, 4)
    return kinds


def _upscaled(drawing: Sequence[mini_family.Case], factor: Literal[2, 4]) -> list[mini_family.Case]:
    return [
        mini_family.Case(
            tasks.Upscale(image=mini_family.SOURCE, factor=factor, refine=False, seed=seed),
            case.media,
            mini_family.nothing_claimed,
        )
        for seed, case in enumerate(drawing)
    ]


def _shown(case: mini_family.Case, result: np.ndarray) -> list[np.ndarray]:
    """What goes in and what comes out, square; of an upscale the middle of both, enlarged."""
    sources = [mini_drawing.from_file(case.media[name]) for name in case.task.media_names if name != mini_family.MASK]
    if isinstance(case.task, tasks.Upscale):
        middle = (SIDE_PX - ZOOMED_PX) // 2
        part = sources[0][middle : middle + ZOOMED_PX, middle : middle + ZOOMED_PX]
        start, length = middle * case.task.factor, ZOOMED_PX * case.task.factor
        return [_square(part), _square(result[start : start + length, start : start + length])]
    if isinstance(case.task, tasks.Inpaint):
        mask = mini_drawing.from_file(case.media[mini_family.MASK]) > 127
        sources[0] = np.where(mask, sources[0] // 2 + 64, sources[0]).astype(np.uint8)
    return [_square(picture) for picture in (*sources, result)]


def _square(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC))


def sheet(found: Sequence[Row]) -> Image.Image:
    """All rows, each below its title."""
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 14)
    widest = max(sum(len(one) * SIDE_PX + GAP_PX for one in pictures) for _, pictures, _ in found)
    canvas = Image.new("RGB", (widest + GAP_PX, len(found) * (SIDE_PX + TITLE_PX + GAP_PX)), "white")
    draw = ImageDraw.Draw(canvas)
    for number, (title, pictures, _) in enumerate(found):
        top = number * (SIDE_PX + TITLE_PX + GAP_PX)
        draw.text((GAP_PX, top + 4), title, fill="black", font=font)
        left = GAP_PX
        for one in pictures:
            for picture in one:
                canvas.paste(Image.fromarray(picture), (left, top + TITLE_PX))
                left += SIDE_PX
            left += GAP_PX
    return canvas


def page(found: Sequence[Row]) -> str:
    """The Markdown page around the picture."""
    lines = [
        "# The miniature family at work",
        "",
        "Made by `docs/make_family_gallery.py`: of each kind the first cases of `benchmarks/mini_family.py`. Of each "
        "case what goes in, and last what comes out; seeds are 0, 1, 2..., nothing was chosen or painted again.",
        "",
        "![A row a kind](images/family.webp)",
        "",
    ]
    for title, _, said in found:
        told = "; ".join(words for words in said if words)
        lines.append(f"- **{title}**" + (f": {told}" if told else ""))
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path)
    found = rows(parser.parse_args().weights)
    sheet(found).save(DOCS / "images" / "family.webp", quality=88, method=6)
    (DOCS / "family.md").write_text(page(found))


if __name__ == "__main__":
    main()
