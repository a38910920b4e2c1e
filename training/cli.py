"""`python -m training <recipe>`: one of ORDER, or all in order; or `restore`, to go on from the committed weights."""

import argparse
import dataclasses
import os
import time
from collections.abc import Callable
from typing import Any

TEXT_TO_IMAGE = ("movq", "bank", "text", "base", "flash", "decoder")
FAMILY = (  # hed before edges, clip before what sees through it, a decoder before what goes on from it
    "hed",
    "clip",
    "inpainting",
    "image_prompt",
    "together",
    "edges",
    "side_depth",
    "side_scribble",
    "super_resolution_x2",
    "kandinsky22_prior",
    "kandinsky22_decoder",
    "kandinsky22_inpainting",
    "kandinsky22_depth",
    "super_resolution_x4",
)
ORDER = (*TEXT_TO_IMAGE, *FAMILY, "export")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("recipe", choices=(*ORDER, "all", "restore"))
    parser.add_argument("--minutes", type=float, help="wall-clock budget of the recipe instead of its step count")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread that train together")
    parser.add_argument(
        "--rate", type=float, help="peak learning rate of the recipe, lower to go on with a finished run"
    )
    arguments = parser.parse_args()
    stop_at = time.time() + 60 * arguments.minutes if arguments.minutes else None
    recipes = ORDER if arguments.recipe == "all" else (arguments.recipe,)
    if arguments.workers > 1:
        from torch.multiprocessing.spawn import spawn

        rest = (arguments.workers, recipes, arguments.threads, stop_at, arguments.rate)
        spawn(_worker, rest, nprocs=arguments.workers)  # type: ignore[no-untyped-call]
    else:
        _train(recipes, arguments.threads, stop_at, arguments.rate)


def _worker(
    rank: int, workers: int, recipes: tuple[str, ...], threads: int, stop_at: float | None, rate: float | None
) -> None:
    from torch import distributed

    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": os.environ.get("MASTER_PORT", "29517")}
    distributed.init_process_group("gloo", rank=rank, world_size=workers)
    _train(recipes, threads, stop_at, rate)


def _train(recipes: tuple[str, ...], threads: int, stop_at: float | None, rate: float | None) -> None:
    from training import runtime

    runtime.prepare(threads)
    from training import bank, base, config, decoder, export, flash, loop, movq, text_encoder

    for recipe in recipes:
        if recipe in FAMILY:
            _train_family(recipe, stop_at, rate)
        elif recipe == "restore":
            from training import family_restore, restore

            restored = restore.restore() + family_restore.restored(export.WEIGHTS)
            print("restored:", ", ".join(restored) or "nothing: every recipe has a checkpoint")
        elif recipe == "movq":
            movq.train(config.at_rate(config.MovqConfig(), rate), stop_at)
            if not loop.worker():
                print(movq.finish(config.MovqConfig()))
        elif recipe == "bank":
            bank.grow(movq.load(config.MovqConfig()), config.BaseConfig().chunks)
        elif recipe == "text":
            text_encoder.train(config.TextConfig(), stop_at)
        elif recipe == "base":
            base.train(config.at_rate(config.BaseConfig(), rate), stop_at)
        elif recipe == "decoder":
            decoder.train(config.at_rate(config.DecoderConfig(), rate), stop_at)
        elif recipe == "flash":
            flash.train(config.at_rate(config.FlashConfig(), rate), stop_at)
        else:
            from training import family_export

            export.write()
            print("exported beside text to image:", ", ".join(family_export.write()) or "nothing")


def _train_family(recipe: str, stop_at: float | None, rate: float | None) -> None:
    from training import clip, family_config, loop

    train, settings = family()[recipe]
    train(dataclasses.replace(settings, learning_rate=rate) if rate else settings, stop_at)
    if recipe == "clip" and not loop.worker():
        print(clip.probe(clip.load(family_config.ClipConfig())))


def family() -> dict[str, tuple[Callable[..., Any], Any]]:
    """How each recipe of FAMILY trains, and its settings."""
    from training import (
        clip,
        edges,
        family_config,
        hed,
        image_prompt,
        inpainting,
        kandinsky22,
        kandinsky22_depth,
        kandinsky22_inpainting,
        side,
        super_resolution,
        together,
    )

    enlarging = family_config.SuperResolutionConfig
    return {
        "hed": (hed.train, family_config.HedConfig()),
        "clip": (clip.train, family_config.ClipConfig()),
        "inpainting": (inpainting.train, family_config.InpaintingConfig()),
        "image_prompt": (image_prompt.train, family_config.ImagePromptConfig()),
        "together": (together.train, family_config.TogetherConfig()),
        "edges": (edges.train, family_config.EdgesConfig()),
        **{side.name(one): (side.train, family_config.SideConfig(control=one)) for one in side.DRAW},
        "super_resolution_x2": (super_resolution.train, enlarging(factor=2)),
        "super_resolution_x4": (super_resolution.train, enlarging(factor=4)),
        "kandinsky22_prior": (kandinsky22.train_prior, family_config.PriorConfig()),
        "kandinsky22_decoder": (kandinsky22.train_decoder, family_config.Decoder22Config()),
        "kandinsky22_inpainting": (kandinsky22_inpainting.train, family_config.Inpainting22Config()),
        "kandinsky22_depth": (kandinsky22_depth.train, family_config.Depth22Config()),
    }
