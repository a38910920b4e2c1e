"""The command line's options: one table for all kinds, and mistakes answered with what to write instead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot import generation_options, parameters
from bot.parameters import command_line, table, values
from engines import styles, tasks, unheard

CHOICES = values.Choices(tuple(tasks.Model), styles.of("mini"))
PICTURE = b"the engines read it, not the command line"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    for name in ("a", "b", "m"):
        (tmp_path / name).write_bytes(PICTURE + name.encode())
    return {name: str(tmp_path / name) for name in ("a", "b", "m")}


def wish(kind: str, prompt: str = "", **said: Any) -> generation_options.Wish:
    return generation_options.wish(kind, prompt, said, CHOICES)


def refused(kind: str, prompt: str = "", **said: Any) -> str:
    with pytest.raises(generation_options.BadWish) as caught:
        wish(kind, prompt, **said)
    return str(caught.value)


def test_every_kind_of_the_engines_can_be_asked_for() -> None:
    assert set(generation_options.MODELS) == {
        "text_to_image",
        "img2img",
        "inpaint",
        "outpaint",
        "image_variation",
        "image_fusion",
        "image_text_fusion",
        "style_transfer",
        "upscale",
    }


@pytest.mark.parametrize("kind", list(generation_options.MODELS))
def test_every_field_of_a_task_has_its_option(kind: str) -> None:
    told = {
        field
        for option in generation_options.OPTIONS
        if generation_options.takes(kind, option)
        for field in (option.field.partition(".")[0],)
    }
    assert set(generation_options.MODELS[kind].model_fields) - {"kind", "prompt"} <= told


def test_the_page_of_kinds_lists_the_options_of_each() -> None:
    page = (Path(__file__).parents[2] / "docs" / "kinds.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", page, re.MULTILINE))
    assert set(rows) == set(generation_options.MODELS)
    for kind, listed in rows.items():
        known = [option for option in generation_options.OPTIONS if generation_options.takes(kind, option)]
        assert set(re.findall(r"`--([a-z-]+)`", listed)) == {option.name for option in known}


def test_options_have_names_of_their_own() -> None:
    flags = [flag for option in generation_options.OPTIONS for flag in option.flags]
    assert len(flags) == len(set(flags))


def test_files_come_beside_the_task_under_names_of_ours(files: dict[str, str]) -> None:
    asked = wish("inpaint", "a star", image=[files["a"]], mask=files["m"], keep_pixels=False, seed="7")
    assert asked.task == tasks.Inpaint(prompt="a star", image="image", mask="mask", keep_pixels=False, seed=7)
    assert asked.media == {"image": PICTURE + b"a", "mask": PICTURE + b"m"}


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("outpaint", {"left": 8, "top": 9}, {"margins": tasks.Margins(left=8, top=9)}),
        ("outpaint", {"zoom_out": 1.5}, {"zoom_out": 1.5}),
        ("outpaint", {"ar": "16:9"}, {"aspect_ratio": tasks.AspectRatio.LANDSCAPE_16_9}),
        ("upscale", {"factor": 4, "refine": False}, {"factor": 4, "refine": False}),
        (
            "style_transfer",
            {"control": "depth", "style_image": "a"},
            {"control": "depth", "style_image": "style-image"},
        ),
        ("image_variation", {"guidance": 5.0}, {"guidance": 5.0}),
    ],
    ids=["margins", "zoom", "ratio", "factor", "control", "guidance"],
)
def test_an_option_becomes_its_field(
    files: dict[str, str], kind: str, said: dict[str, Any], expected: dict[str, Any]
) -> None:
    paths = {name: files.get(value, value) if name == "style_image" else value for name, value in said.items()}
    task = wish(kind, image=[files["a"]], **paths).task
    assert {name: getattr(task, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("given", "expected"), [([], (0.5, 0.5)), ([0.3, 0.9], (0.3, 0.9))], ids=["equal shares", "as they are"]
)
def test_weights_of_a_fusion(files: dict[str, str], given: list[float], expected: tuple[float, float]) -> None:
    task = wish("image_fusion", image=[files["a"], files["b"]], weight=given).task
    assert isinstance(task, tasks.ImageFusion)
    assert tuple(source.weight for source in task.images) == expected
    assert task.media_names == ("image-1", "image-2")


def test_one_picture_beside_a_prompt_counts_whole(files: dict[str, str]) -> None:
    task = wish("image_text_fusion", "a star", image=[files["a"]]).task
    assert isinstance(task, tasks.ImageTextFusion)
    assert [source.weight for source in task.images] == [1.0]


def test_without_a_seed_every_task_has_its_own() -> None:
    assert len({wish("text_to_image", "a star", seed=said).task.seed for said in ("random", "random", "random")}) == 3


@pytest.mark.parametrize(
    ("kind", "said", "profile", "unheard"),
    [
        ("text_to_image", {"model": "flash", "steps": 9, "no": "x", "refine": True}, "mini", {"steps", "no", "refine"}),
        ("text_to_image", {"model": "flash", "refine": False}, "mini", set()),
        ("text_to_image", {"model": "2.2", "refine": True, "steps": 9}, "kandinsky3", {"refine"}),
        ("text_to_image", {"refine": True, "steps": 9}, "kandinsky3", set()),
        ("upscale", {"image": ["a"], "refine": True}, "mini", {"refine"}),
        ("upscale", {"image": ["a"], "refine": True}, "kandinsky3", set()),
        ("upscale", {"image": ["a"], "refine": True, "factor": 4}, "kandinsky3", {"refine"}),
    ],
)  # fmt: skip
def test_an_option_that_changes_nothing_is_told(
    files: dict[str, str], kind: str, said: dict[str, Any], profile: str, unheard: set[str]
) -> None:
    paths = {name: [files[one] for one in value] if name == "image" else value for name, value in said.items()}
    prompt = "a star" if kind == "text_to_image" else ""
    told = generation_options.unheard(wish(kind, prompt, **paths).task, paths, profile)
    assert {sentence.split()[0].removeprefix("--") for sentence in told} == unheard


@pytest.mark.parametrize("model", list(tasks.Model))
def test_the_command_line_and_the_chat_are_deaf_to_the_same(model: tasks.Model) -> None:
    written = {"model": table.MODEL.kind.write(model), "refine": True, "no": "x", "n": "2", "style": "flat"}
    told = generation_options.unheard(wish("text_to_image", "a star", **written).task, written, "mini")
    changes = command_line.changes_of({**written, "refine": "on"}, CHOICES)
    in_chat = {hint.parameter for hint in parameters.without_effect(changes, model)}
    assert {sentence.split()[0].removeprefix("--") for sentence in told} == in_chat
    assert in_chat == {one.name for one in table.PARAMETERS if one.field in unheard.by(model)}


def test_every_reason_has_its_sentence() -> None:
    assert set(generation_options.WHY) == set(unheard.Reason)


def test_a_model_that_is_not_installed_is_told_with_the_command_that_fetches_it() -> None:
    models = (tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_3_FLASH)
    installed = values.Choices(models, styles.of("mini"), Path("my weights"))
    for spelling in ("kandinsky-2.2", "2.2"):
        with pytest.raises(generation_options.BadWish, match=r"installed: `.* pull kandinsky-2\.2 --dir 'my weights'`"):
            generation_options.wish("text_to_image", "a star", {"model": spelling}, installed)
    with pytest.raises(generation_options.BadWish, match=r"The nearest is flash"):
        generation_options.wish("text_to_image", "a star", {"model": "flashh"}, installed)


@pytest.mark.parametrize(
    ("kind", "said", "says"),
    [
        ("collage", {}, "Kinds: text_to_image, img2img"),
        ("upscale", {"strength": 0.5}, "upscale has no --strength. It takes --image, --seed, --refine, --factor."),
        ("inpaint", {}, "inpaint needs --image. inpaint needs --mask."),
        ("inpaint", {"image": ["a", "b"]}, "inpaint takes one --image"),
        ("img2img", {"image": ["nowhere.png"]}, "nowhere.png cannot be read"),
        ("img2img", {"image": ["a"], "strength": 1.5}, "--strength: input should be less than or equal to 1"),
        ("img2img", {"image": ["a"], "model": "flash"}, "Possible: kandinsky-3, kandinsky-2.2"),
        ("image_fusion", {"image": ["a"]}, "needs --image, from 2 to 5 times"),
        ("image_fusion", {}, "needs --image, from 2 to 5 times"),
        ("image_text_fusion", {}, "needs --image, from 1 to 5 times"),
        ("image_fusion", {"image": ["a", "b"], "weight": [1.0]}, "there are 1 for 2"),
        ("image_fusion", {"weight": [1.0]}, "there are 1 for 0"),
        ("img2img", {"image": [""]}, "A picture has an empty name"),
        ("image_fusion", {"image": ["a", "b"], "weight": [1.0, 3.0]}, "--weight: input should be less"),
        ("image_fusion", {"image": ["a", "b"], "weight": [0.0, 0.0]}, "at least one picture needs a weight above 0"),
        ("outpaint", {"image": ["a"]}, "exactly one of --left, --zoom-out and --ar"),
        ("upscale", {"image": ["a"], "factor": 3}, "--factor cannot be that with upscale. Possible: 2, 4"),
        ("style_transfer", {"image": ["a"], "control": "pose"}, "--control: input should be 'edges', 'depth'"),
        ("text_to_image", {"ar": "4:3"}, "The nearest is 5:4"),
        ("text_to_image", {"seed": "abc"}, "--seed cannot be 'abc'. Possible: 0 to 4294967295, random."),
        ("text_to_image", {"no": "b" * 1001}, "--no takes up to 1000 characters."),
    ],
)
def test_a_mistake_is_told_with_what_to_write(
    files: dict[str, str], kind: str, said: dict[str, Any], says: str
) -> None:
    prompt = "a star" if kind in ("img2img", "text_to_image") else ""
    paths = {name: [files.get(one, one) for one in value] if name == "image" else value for name, value in said.items()}
    assert says in refused(kind, prompt, **paths)


@pytest.mark.parametrize("weight", [3.0, -1.0, float("nan")])
def test_a_wrong_weight_is_told_once_and_its_picture_is_counted(files: dict[str, str], weight: float) -> None:
    told = refused("image_fusion", image=[files["a"], files["b"]], weight=[1.0, weight])
    assert told.startswith("--weight: input should be")
    assert told.count(".") == 1


def test_a_kind_without_words_takes_no_prompt(files: dict[str, str]) -> None:
    assert "takes no prompt" in refused("image_variation", "a star", image=[files["a"]])


def test_a_file_that_is_too_large_is_not_taken(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(generation_options.FILE_LIMIT_BYTES + 1)
    assert "larger than 50 MB" in refused("upscale", image=[str(large)])
