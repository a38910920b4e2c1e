"""Painting from the command line: the same pool as the bot's, without chat or database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bot import generation_options
from bot import output as outputs
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
        _look_at(wish)
    except generation_options.BadWish as error:
        raise StartError(str(error)) from error
    except EngineError as error:
        raise StartError(f"{error}.") from error
    paths = outputs.paths(output, wish.task.count)

    console = Console()
    for sentence in generation_options.unheard(wish.task, options, settings.profile):
        console.print(sentence, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    pool = pool_for(settings)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("loading", total=None)

        def show(progress: tasks.Progress) -> None:
            bars.update(bar, description=progress.stage.value, completed=progress.step, total=progress.steps)

        try:
            await pool.start()
            result = await pool.run(wish.task, media=wish.media, on_progress=show)
        except EngineError as error:
            raise StartError(f"{error}.") from error
        finally:
            await pool.close()
    for path, picture in zip(paths, result.pictures, strict=True):
        outputs.put(path, picture.png)
        words = f"{path}  {picture.width_px}x{picture.height_px}  seed {picture.seed}"
        console.print(words, highlight=False, markup=False, soft_wrap=True)


def _look_at(wish: generation_options.Wish) -> None:
    """Raise InvalidTask, in the words of the command line, for a file that is no picture: before anything is loaded."""
    from engines import media

    for file in wish.files.values():
        media.decode(file.path, {file.path: file.content})
