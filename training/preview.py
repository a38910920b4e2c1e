"""Look at a model while it trains: a grid of pictures for fixed prompts, and the share that paints what was said."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks import mini_eye
from training import base, captions, config, diffusion, flash, movq, world

PROMPTS = (
    "a big red circle on a blue background",
    "a small yellow star on a black background",
    "a green square on a white background",
    "маленькое розовое сердце на зеленом фоне",
    "большой фиолетовый треугольник на желтом фоне",
    "an orange ring in the top left corner on a gray background",
    "a white cross on the right on a brown background",
    "черный ромб слева на красном фоне",
    "a red circle and a blue star on a white background",
    "a green heart above a purple square on a yellow background",
    "a white star inside a blue circle on an orange background",
    "желтый круг слева от красного квадрата на синем фоне",
    "a watercolour painting of a pink heart on a white background",
    "outline of a blue diamond on a yellow background",
    "a mosaic of a green cross on a black background",
    "a beautiful dog 😀",
)


@torch.no_grad()
def paint(
    painter: base.Painter,
    prompts: base.Prompts,
    texts: list[str],
    *,
    flash: bool = False,
    steps: int = 50,
    guidance: float = 3.0,
    seed: int = 0,
    canvas: tuple[int, int] = (128, 128),
) -> Tensor:
    """Latents [B, 4, h, w] for texts, sampled as the official pipelines do."""
    generator = torch.Generator().manual_seed(seed)
    hidden, mask = prompts.encode(texts)
    context = painter.context(hidden, mask)
    start = torch.randn(len(texts), 4, canvas[1] // 8, canvas[0] // 8, generator=generator)
    if flash:
        return diffusion.sample_flash(
            lambda x, t: painter(x, torch.full((len(x),), t), context, mask), start, generator
        )
    return diffusion.sample(
        lambda x, t: painter.guided(x, torch.full((len(x),), t), context, mask, guidance), start, generator, steps
    )


def to_pictures(autoencoder: movq.VQModel, latents: Tensor) -> np.ndarray:
    """uint8 [B, H, W, 3]."""
    with torch.no_grad():
        painted = movq.decode(autoencoder, latents)
    return ((painted + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()


def judge(picture: np.ndarray, scene: world.Scene) -> dict[str, bool]:
    """Which attributes of a flat scene with one object are right."""
    ground, found = mini_eye.look(picture)
    thing = scene.things[0]
    result = {"background": ground == scene.background, "colour": False, "shape": False, "size": False, "place": False}
    if found:
        x, y = thing.cx / scene.width, thing.cy / scene.height
        size = "small" if found[0].size < 0.29 else "medium" if found[0].size < 0.48 else "big"
        result |= {
            "colour": found[0].colour == thing.colour,
            "shape": found[0].shape == thing.shape,
            "size": size == thing.size,
            "place": abs(found[0].x - x) < 0.14 and abs(found[0].y - y) < 0.14,
        }
    return result


def single_scenes(count: int, seed: int = 50_000_000) -> list[world.Scene]:
    """Unseen flat square scenes with one object."""
    scenes = (world.sample_scene(seed + i, (128, 128)) for i in range(100 * count))
    good = (s for s in scenes if s.style == "flat" and len(s.things) == 1)
    return [scene for scene, _ in zip(good, range(count), strict=False)]


def accuracy(
    painter: base.Painter, prompts: base.Prompts, autoencoder: movq.VQModel, count: int = 64, **sampling: object
) -> dict[str, float]:
    """Share of unseen single-object captions whose attributes come out right, each and all together."""
    scenes = single_scenes(count)
    texts = [captions.caption(scene, np.random.default_rng((scene.seed, 7))) for scene in scenes]
    latents = paint(painter, prompts, texts, **sampling)  # type: ignore[arg-type]
    judged = [judge(p, s) for p, s in zip(to_pictures(autoencoder, latents), scenes, strict=True)]
    shares = {name: sum(j[name] for j in judged) / count for name in judged[0]}
    shares["colours"] = sum(j["background"] and j["colour"] for j in judged) / count
    shares["all"] = sum(all(j.values()) for j in judged) / count
    return {name: round(value, 3) for name, value in shares.items()}


def grid(pictures: np.ndarray, columns: int, target: Path) -> None:
    rows = [np.concatenate(list(pictures[i : i + columns]), 1) for i in range(0, len(pictures), columns)]
    Image.fromarray(np.concatenate(rows, 0)).save(target)


def gallery(target: Path) -> None:
    """Sixteen prompts in two rows of eight, each row once by the base model and once by Flash below it."""
    settings = config.BaseConfig()
    prompts, autoencoder = base.load_prompts(), movq.load(config.MovqConfig())
    rows = []
    painted = {"base": base.load("base", settings.original), "flash": flash.load()}
    for start in range(0, len(PROMPTS), 8):
        texts = list(PROMPTS[start : start + 8])
        for name, painter in painted.items():
            rows.append(to_pictures(autoencoder, paint(painter, prompts, texts, flash=name == "flash")))
    grid(np.concatenate(rows), 8, target)
