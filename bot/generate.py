"""Painting from the command line: the same pool as the bot's, without chat or database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bot import generation_options
from bot.errors import StartError
from bot.parameters import values
from bot.pools import pool_for
from engines import catalog, styles, tasks
from engines.errors import EngineError

if TYPE_CHECKING:
    from bot.settings import EngineSettings


async def generate(
    settings: EngineSettings,
    output: Path,
    *,
    prompt: str,
    options: Mapping[str, Any],
    kind: str = generation_options.DEFAULT_KIND,
) -> None:
    """Paint and write PNG files, with a bar on the terminal. Raises StartError with a text for the user.

    `options` are values of options by key, such as {"ar": "16:9", "image": ["a.png"]}.
    """
    try:
        models = catalog.ProfileCatalog.of(settings.profile, settings.weights_dir).models
        choices = values.Choices(models, styles.of(settings.profile), settings.weights_dir)
        wish = generation_options.wish(kind, prompt, options, choices)
    except (generation_options.BadWish, EngineError) as error:
        raise StartError(str(error)) from error
    if output.suffix.lower() != ".png":
        raise StartError(f"The output is a PNG file: write -o {output.with_suffix('.png')}")
    if not output.parent.is_dir():
        raise StartError(f"There is no folder {output.parent}. Create it first.")

    console = Console()
    for sentence in generation_options.unheard(wish.task, options, settings.profile):
        console.print(sentence, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    pool = pool_for(settings)
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("loading", total=None)

        def show(progress: tasks.Progress) -> None:
            bars.update(bar, description=progress.stage.value, completed=progress.step, total=progress.steps)

        try:
            await pool.start()
            result = await pool.run(wish.task, media=wish.media, on_progress=show)
        except EngineError as error:
            raise StartError(str(error)) from error
        finally:
            await pool.close()
    for path, picture in zip(_paths(output, wish.task.count), result.pictures, strict=True):
        path.write_bytes(picture.png)
        console.print(f"{path}  {picture.width_px}x{picture.height_px}  seed {picture.seed}", highlight=False)


def _paths(output: Path, count: int) -> list[Path]:
    return [output if number == 1 else output.with_stem(f"{output.stem}-{number}") for number in range(1, count + 1)]
