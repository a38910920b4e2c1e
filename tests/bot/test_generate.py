"""Pictures from the command line, painted by real engines on tiny weights."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PIL import Image

from bot import generate, settings
from bot.errors import StartError
from engines import sizes, tasks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> settings.EngineSettings:
    """The mini profile on weights that paint noise."""
    from tests import tiny_weights

    root = tmp_path_factory.mktemp("weights")
    tiny_weights.write(root)
    return settings.EngineSettings(weights_dir=root, devices="cpu", cpu_threads=1)


def painted(
    engines: settings.EngineSettings,
    output: Path,
    *,
    seed: int = 7,
    count: int = 1,
    ratio: tasks.AspectRatio = tasks.AspectRatio.SQUARE,
) -> bytes:
    """The bytes of the first picture."""
    options = {"model": "flash", "ar": ratio.value, "seed": str(seed), "n": str(count), "style": "mosaic"}
    asyncio.run(generate.generate(engines, output, prompt="a yellow star", options=options))
    return output.read_bytes()


def test_a_seed_repeats_its_picture_and_another_seed_does_not(engines: settings.EngineSettings, tmp_path: Path) -> None:
    first = painted(engines, tmp_path / "a.png", seed=7)
    assert painted(engines, tmp_path / "b.png", seed=7) == first
    assert painted(engines, tmp_path / "c.png", seed=8) != first


def test_the_picture_has_the_size_of_its_ratio_and_no_metadata(
    engines: settings.EngineSettings, tmp_path: Path
) -> None:
    ratio = tasks.AspectRatio.LANDSCAPE_3_2
    painted(engines, tmp_path / "wide.png", ratio=ratio)
    expected = sizes.SIZES[sizes.Profile.MINI][ratio]
    with Image.open(tmp_path / "wide.png") as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        assert picture.size == (expected.width_px, expected.height_px)
        assert picture.info == {}


def test_two_pictures_are_two_different_files(engines: settings.EngineSettings, tmp_path: Path) -> None:
    first = painted(engines, tmp_path / "star.png", count=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["star-2.png", "star.png"]
    assert (tmp_path / "star-2.png").read_bytes() != first


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    missing = settings.EngineSettings(weights_dir=tmp_path / "nothing", devices="cpu")
    with pytest.raises(StartError, match="nothing"):
        painted(missing, tmp_path / "star.png")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_goes_in_and_another_comes_out(engines: settings.EngineSettings, tmp_path: Path) -> None:
    painted(engines, tmp_path / "star.png", ratio=tasks.AspectRatio.LANDSCAPE_3_2)
    options = {"image": [str(tmp_path / "star.png")], "strength": 0.5, "steps": 2, "seed": "7"}
    output = tmp_path / "winter.png"
    asyncio.run(generate.generate(engines, output, prompt="in winter", options=options, kind="img2img"))
    with Image.open(output) as picture:
        assert picture.size == (192, 128)
    assert output.read_bytes() != (tmp_path / "star.png").read_bytes()


def test_what_is_printed_is_one_line_a_picture_with_the_name_as_it_is(
    engines: settings.EngineSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / ("[red]" + "long" * 20 + ".png")
    painted(engines, output)
    lines = [line for line in capsys.readouterr().out.splitlines() if "pool started" not in line]  # a log of the pool
    assert lines == [f"{output}  128x128  seed 7"]


def test_a_kind_that_is_not_installed_says_what_to_run(engines: settings.EngineSettings, tmp_path: Path) -> None:
    picture = tmp_path / "star.png"
    painted(engines, picture)
    options = {"image": [str(picture)], "mask": str(picture)}
    with pytest.raises(StartError, match="kandinsky-bot weights pull inpaint"):
        asyncio.run(generate.generate(engines, tmp_path / "new.png", prompt="", options=options, kind="inpaint"))
