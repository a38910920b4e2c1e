"""Look at a model while it trains: a grid of pictures for fixed prompts, and the share that paints what was said."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks import mini_accuracy, mini_prompts
from training import base, config, diffusion, movq
from training import flash as distillation

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


def accuracy(
    painter: base.Painter, prompts: base.Prompts, autoencoder: movq.VQModel, count: int = 64, *, flash: bool = False
) -> dict[str, float]:
    """Share of unseen prompts of one object, and of two, that are painted as said (batches of 32, seeds 0, 32...)."""

    def pictures(texts: list[str]) -> np.ndarray:
        batches = (
            paint(painter, prompts, texts[start : start + 32], flash=flash, seed=start)
            for start in range(0, len(texts), 32)
        )
        return np.concatenate([to_pictures(autoencoder, latents) for latents in batches])

    singles, pairs = mini_prompts.singles(count, seed=77), mini_prompts.pairs(count, seed=77)
    one = [mini_accuracy.judge(*seen) for seen in zip(pictures([s.prompt for s in singles]), singles, strict=True)]
    two = [mini_accuracy.judge_pair(*seen) for seen in zip(pictures([p.prompt for p in pairs]), pairs, strict=True)]
    return {
        name: round(sum(all(right.values()) for right in judged) / count, 3)
        for name, judged in (("one object", one), ("two objects", two))
    }


def grid(pictures: np.ndarray, columns: int, target: Path) -> None:
    rows = [np.concatenate(list(pictures[i : i + columns]), 1) for i in range(0, len(pictures), columns)]
    Image.fromarray(np.concatenate(rows, 0)).save(target)


def gallery(target: Path) -> None:
    """Sixteen prompts in two rows of eight, each row once by the base model and once by Flash below it."""
    settings = config.BaseConfig()
    prompts, autoencoder = base.load_prompts(), movq.load(config.MovqConfig())
    rows = []
    painted = {"base": base.load("base", settings.original), "flash": distillation.load()}
    for start in range(0, len(PROMPTS), 8):
        texts = list(PROMPTS[start : start + 8])
        for name, painter in painted.items():
            rows.append(to_pictures(autoencoder, paint(painter, prompts, texts, flash=name == "flash")))
    grid(np.concatenate(rows), 8, target)
