"""Makes `docs/gallery.md` and its picture from the miniature models: `.venv/bin/python docs/make_gallery.py`.

Eight rows of eight prompts; of each, the base model, Flash and the refined picture side by side, with the seed that is
the prompt's number. Nothing is chosen or painted again. Look at the picture before committing it.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from engines import pool, tasks

DOCS = Path(__file__).parent
SIDE_PX, LABEL_PX, GAP_PX = 128, 22, 6
VARIANTS = (
    ("Kandinsky 3", tasks.Model.KANDINSKY_3, False),
    ("Flash", tasks.Model.KANDINSKY_3_FLASH, False),
    ("refined", tasks.Model.KANDINSKY_3, True),
)
ROWS: dict[str, tuple[str, ...]] = {
    "Every shape": (
        "a red circle on a white background",
        "a green square on a yellow background",
        "a blue triangle on an orange background",
        "a yellow star on a purple background",
        "a pink heart on a black background",
        "an orange ring on a blue background",
        "a white cross on a red background",
        "a brown diamond on a green background",
    ),
    "Sizes and places": (
        "a big black star on a pink background",
        "a small white circle on a black background",
        "a small red heart in the top left corner on a gray background",
        "a green diamond on the right on a white background",
        "a big yellow ring on a brown background",
        "a purple square at the bottom on a yellow background",
        "a small orange cross at the top on a blue background",
        "a blue triangle in the bottom right corner on a pink background",
    ),
    "Two objects": (
        "a red circle and a blue star on a white background",
        "a green square to the left of a yellow circle on a black background",
        "a pink heart above a purple square on a gray background",
        "a white star inside a blue circle on an orange background",
        "an orange triangle below a white ring on a green background",
        "a black cross to the right of a red diamond on a yellow background",
        "a yellow ring and a brown heart on a blue background",
        "a red heart inside a white square on a purple background",
    ),
    "Russian": (
        "большой красный круг на синем фоне",
        "маленькая жёлтая звезда на чёрном фоне",
        "зелёный квадрат слева на белом фоне",
        "розовое сердце сверху на сером фоне",
        "белое кольцо в правом нижнем углу на коричневом фоне",
        "чёрный ромб и оранжевый круг на зелёном фоне",
        "синий треугольник над красным квадратом на жёлтом фоне",
        "жёлтый круг слева от белого креста на фиолетовом фоне",
    ),
    "Outline": (
        "outline of a red circle on a white background",
        "a line drawing of a blue star on a yellow background",
        "a black heart on a pink background, outline",
        "outline of a green triangle on a black background",
        "контур фиолетового квадрата на белом фоне",
        "outline of a white ring on a blue background",
        "an outline drawing of an orange diamond on a gray background",
        "a white cross on a red background, outlined",
    ),
    "Watercolour": (
        "a watercolour painting of a pink heart on a white background",
        "a watercolor of a blue circle on a yellow background",
        "a green star on a white background, watercolor",
        "red square on a gray background in watercolour",
        "акварель: жёлтая звезда на синем фоне",
        "a watercolour painting of a purple ring on a white background",
        "a watercolor of a brown triangle on a pink background",
        "an orange diamond on a blue background, watercolor style",
    ),
    "Mosaic": (
        "a mosaic of a green cross on a black background",
        "a red heart on a white background in mosaic style",
        "a mosaic of a yellow circle on a blue background",
        "a purple star on an orange background, mosaic",
        "мозаика: белый квадрат на красном фоне",
        "a mosaic of a black ring on a yellow background",
        "a pink triangle on a brown background as a mosaic",
        "a blue diamond on a gray background, mosaic tiles",
    ),
    "Other words": (
        "crimson disc",
        "красненький кружок",
        "a golden hoop on a navy backdrop",
        "please draw a tiny emerald box, thank you!",
        "ромбик",
        "a beautiful dog in the rain",
        "❤️ 🌟 🎨",
        "画一个红色的圆",
    ),
}


async def paint(weights: Path | None) -> list[list[Image.Image]]:
    """Pictures by prompt and variant."""
    prompts = [prompt for row in ROWS.values() for prompt in row]
    studio = pool.Pool.from_profile("mini", weights)
    await studio.start()
    try:
        results = await asyncio.gather(
            *(
                studio.run(tasks.TextToImage(prompt=prompt, model=model, refine=refine, seed=seed))
                for seed, prompt in enumerate(prompts)
                for _, model, refine in VARIANTS
            )
        )
    finally:
        await studio.close()
    pictures = [Image.open(io.BytesIO(result.pictures[0].png)).convert("RGB") for result in results]
    return [pictures[start : start + len(VARIANTS)] for start in range(0, len(pictures), len(VARIANTS))]


def sheet(pictures: list[list[Image.Image]], columns: int = 8) -> Image.Image:
    """All pictures with the number of their prompt."""
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 13)
    cell = (SIDE_PX * len(VARIANTS) + GAP_PX, SIDE_PX + LABEL_PX)
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", (cell[0] * columns + GAP_PX, cell[1] * rows + GAP_PX), "white")
    draw = ImageDraw.Draw(canvas)
    for number, variants in enumerate(pictures):
        left, top = GAP_PX + number % columns * cell[0], GAP_PX + number // columns * cell[1]
        for index, picture in enumerate(variants):
            canvas.paste(picture, (left + index * SIDE_PX, top))
        draw.text((left, top + SIDE_PX + 2), str(number + 1), fill="black", font=font)
    return canvas


def page() -> str:
    """The Markdown page around the picture."""
    names = ", ".join(name for name, _, _ in VARIANTS)
    lines = [
        "# Gallery of the miniature models",
        "",
        f"Made by `docs/make_gallery.py`. Of each prompt three pictures side by side: {names}.",
        "The seed is the number of the prompt minus one; nothing was chosen or painted again.",
        "",
        "![Eight rows of eight prompts](images/gallery.webp)",
        "",
    ]
    number = 0
    for title, prompts in ROWS.items():
        lines += [f"**{title}**", ""]
        for prompt in prompts:
            number += 1
            lines.append(f"{number}. {prompt}")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path)
    arguments = parser.parse_args()
    sheet(asyncio.run(paint(arguments.weights))).save(DOCS / "images" / "gallery.webp", quality=88, method=6)
    (DOCS / "gallery.md").write_text(page())


if __name__ == "__main__":
    main()
