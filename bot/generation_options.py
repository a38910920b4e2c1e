"""The options of `kandinsky-bot generate`, declared once: which there are, which kinds take them, what they become.

Parameters that a prompt in a chat may carry (`--ar`, `--model`...) are read as there. A kind takes an option if its
task has the option's field; what values are possible is the task's own knowledge.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from bot.parameters import command_line, table, values
from engines import tasks
from engines import unheard as engine_unheard
from engines.unheard import Reason

DEFAULT_KIND: Final = "text_to_image"
FILE_LIMIT_BYTES: Final = 50 * 2**20
MODELS: Final[Mapping[str, type[BaseModel]]] = {
    model.model_fields["kind"].default: model for model in get_args(tasks.Task)
}


class BadWish(ValueError):
    """The options do not make a task; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `field` of a task takes it, `margins.left` being a field inside one.

    A `switch` has a flag for yes and one for no; `many` may be given several times; a `file` is the path of a picture.
    """

    name: str
    field: str
    explained: str
    type: type[object] = str
    also: tuple[str, ...] = ()
    switch: bool = False
    many: bool = False
    file: bool = False
    parameter: table.Parameter | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """How it is written on the command line."""
        if self.switch:
            return (f"--{self.name}/--no-{self.name}",)
        return tuple(f"--{name}" for name in (self.name, *self.also))

    @property
    def key(self) -> str:
        """The name under which its value comes."""
        return self.name.replace("-", "_")


def _of_prompt(parameter: table.Parameter, explained: str) -> Option:
    """The option of a prompt's parameter, under the names that it has in a prompt."""
    name, *also = (flag.removeprefix("--") for flag in parameter.flags)
    switch = isinstance(parameter.kind, values.Switch)
    return Option(name, parameter.field, explained, also=tuple(also), switch=switch, parameter=parameter)


IMAGE: Final = Option("image", "image", "Picture that goes in; a fusion takes several.", many=True, file=True)
WEIGHT: Final = Option("weight", "images", "Weight of each picture of a fusion, in order.", float, many=True)
OPTIONS: Final = (
    IMAGE,
    WEIGHT,
    Option("mask", "mask", "Picture of the same size: white is painted anew, black is kept.", file=True),
    Option("style-image", "style_image", "Picture whose style is taken.", file=True),
    _of_prompt(table.MODEL, "Which network paints: kandinsky-3, flash or kandinsky-2.2."),
    _of_prompt(table.RATIO, "Aspect ratio, such as 16:9."),
    _of_prompt(table.STYLE, "Drawing style; a wrong one lists them all."),
    _of_prompt(table.SEED, "A number that repeats a picture; random if absent."),
    _of_prompt(table.COUNT, f"How many pictures, up to {tasks.COUNT_LIMIT}."),
    _of_prompt(table.NO, "What the picture should not show."),
    _of_prompt(table.REFINE, "Let Flash refine the base result, or an enlarged picture."),
    Option("strength", "strength", "How much of the picture changes, above 0 to 1.", float),
    Option("image-weight", "image_weight", "What the pictures count beside the prompt, 0 to 2.", float),
    Option("control", "control", "What of the picture stays: edges, depth or scribble."),
    Option("control-scale", "control_scale", "How strongly depth or scribble hold, 0 to 2.", float),
    Option("control-end", "control_end", "Share of the steps that depth or scribble hold.", float),
    Option("zoom-out", "zoom_out", "New canvas as a multiple of the picture, such as 2.", float),
    Option("left", "margins.left", "New canvas at the left, in pixels.", int),
    Option("top", "margins.top", "New canvas at the top, in pixels.", int),
    Option("right", "margins.right", "New canvas at the right, in pixels.", int),
    Option("bottom", "margins.bottom", "New canvas at the bottom, in pixels.", int),
    Option("keep-pixels", "keep_pixels", "Lay what is kept over the result, exactly.", switch=True),
    Option("factor", "factor", "How many times larger: 2 or 4.", int),
    Option("steps", "steps", "Steps of the base sampler.", int),
    Option("guidance", "guidance", "How closely the prompt is followed.", float),
)
BY_KEY: Final = {option.key: option for option in OPTIONS}
_SOURCES: Final = "images"  # the field of kinds that take several pictures with weights
WHY: Final[Mapping[Reason, str]] = {
    Reason.FOUR_STEPS: "Flash takes four steps without guidance and hears no negative prompt",
    Reason.IS_REFINER: "Flash is what refines",
    Reason.OTHER_LATENTS: "Kandinsky 2.2 has no refiner",
    Reason.MINIATURE: "the miniature family does not refine what it enlarges",
    Reason.FACTOR: f"only a factor of {engine_unheard.REFINED_FACTOR} is refined",
}


@dataclass(frozen=True, slots=True)
class File:
    """A picture that goes in, as it was named on the command line."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """A task, and the files that it names, by their names there."""

    task: tasks.Task
    files: Mapping[str, File]

    @property
    def media(self) -> tasks.Media:
        """What goes to the engines beside the task."""
        return {name: file.content for name, file in self.files.items()}


def takes(kind: str, option: Option) -> bool:
    """Whether a kind has this option."""
    fields = MODELS[kind].model_fields
    return option.field.partition(".")[0] in fields or (option is IMAGE and _SOURCES in fields)


def wish(kind: str, prompt: str, said: Mapping[str, Any], choices: values.Choices) -> Wish:
    """The task that a command line asks for, pictures read. `said` are the options given, by key. Raises BadWish."""
    if kind not in MODELS:
        raise BadWish(f"There is no kind {kind!r}. Kinds: {', '.join(MODELS)}.")
    model = MODELS[kind]
    given = [(BY_KEY[key], value) for key, value in said.items()]
    for option, _ in given:
        if not takes(kind, option):
            others = ", ".join(f"--{known.name}" for known in OPTIONS if takes(kind, known))
            raise BadWish(f"{kind} has no --{option.name}. It takes {others}.")
    if prompt and "prompt" not in model.model_fields:
        raise BadWish(f"{kind} takes no prompt.")
    files: dict[str, File] = {}
    fields = _parameters(given, choices)
    if prompt or model.model_fields.get("prompt") is not None:
        fields["prompt"] = prompt
    for option, value in given:
        if option.parameter is None and option not in (IMAGE, WEIGHT):
            _put(fields, option.field, _read(option.name, value, files) if option.file else value)
    fields |= _pictures(kind, said.get(IMAGE.key) or (), said.get(WEIGHT.key) or (), files)
    try:
        return Wish(tasks.TASKS.validate_python({"kind": kind, **fields}), files)
    except ValidationError as error:
        raise BadWish(_refusal(kind, error)) from error


def unheard(task: tasks.Task, said: Mapping[str, Any], profile: str) -> list[str]:
    """A sentence for each option, of those said by key, that changes nothing of this task."""
    wanted = [BY_KEY[key] for key, value in said.items() if value is not None and value is not False]
    names, deaf = {option.field: option.name for option in wanted}, engine_unheard.of(task, profile)
    return [f"--{names[field]} changes nothing here: {WHY[why]}." for field, why in deaf.items() if field in names]


def _parameters(given: Iterable[tuple[Option, Any]], choices: values.Choices) -> dict[str, Any]:
    """The fields that a prompt's parameters set; a seed is always among them."""
    said = {
        option.parameter.name: value if isinstance(value, str) else "on" if value else "off"
        for option, value in given
        if option.parameter is not None
    }
    try:
        changes = command_line.changes_of(said, choices)
    except command_line.BadOption as error:
        raise BadWish(str(error)) from error
    fields = {parameter.field: getattr(changes, parameter.field) for parameter in table.PARAMETERS}
    seed = fields.pop("seed")
    fresh = secrets.randbelow(tasks.SEED_LIMIT)
    return {name: value for name, value in fields.items() if value is not None} | {
        "seed": seed if isinstance(seed, int) else fresh
    }


def _pictures(kind: str, paths: Sequence[str], weights: Sequence[float], files: dict[str, File]) -> dict[str, Any]:
    """The fields of what goes in by --image and --weight. Without weights every picture counts alike, 1 together."""
    if _SOURCES not in MODELS[kind].model_fields:
        if len(paths) > 1:
            raise BadWish(f"{kind} takes one --image.")
        return {IMAGE.field: _read(IMAGE.name, paths[0], files)} if paths else {}
    if weights and len(weights) != len(paths):
        raise BadWish(f"Give one --weight for each --image: there are {len(weights)} for {len(paths)}.")
    names = [_read(f"image-{number}", path, files) for number, path in enumerate(paths, 1)]
    shares = weights or [1 / len(names) for _ in names]
    return {_SOURCES: [{"image": name, "weight": share} for name, share in zip(names, shares, strict=True)]}


def _read(name: str, path: str, files: dict[str, File]) -> str:
    """Put a file beside the task, and give its name there."""
    if not path:
        raise BadWish("A picture has an empty name: write the path of its file.")
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise BadWish(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > FILE_LIMIT_BYTES:
        raise BadWish(f"{path} is larger than {FILE_LIMIT_BYTES // 2**20} MB.")
    files[name] = File(path, content)
    return name


def _put(fields: dict[str, Any], path: str, value: object) -> None:
    outer, _, inner = path.partition(".")
    if inner:
        fields.setdefault(outer, {})[inner] = value
    else:
        fields[outer] = value


def _refusal(kind: str, error: ValidationError) -> str:
    """What is wrong with a task, in the words of the command line."""
    sentences = []
    faults = error.errors(include_url=False, include_input=False)
    for fault in faults:
        outer = fault["loc"]
        if any(inner["loc"] != outer and inner["loc"][: len(outer)] == outer for inner in faults):
            continue  # it follows from what is wrong inside: a picture with a wrong weight is not counted
        where = [str(part) for part in fault["loc"] if part != kind]
        sentences.append(_sentence(kind, where, fault["type"], fault["msg"]))
    return " ".join(dict.fromkeys(sentences))


def _sentence(kind: str, where: Sequence[str], fault: str, message: str) -> str:
    if not where:
        return f"{kind}: {_in_flags(kind, message.removeprefix('Value error, '))}."
    if where[0] == "prompt":
        return f"The prompt must have 1 to {tasks.PROMPT_LIMIT} characters."
    if where[0] == _SOURCES and not fault.startswith(("less", "greater")):
        return f"{kind} needs --image, from {_fewest(kind)} to {tasks.FUSION_LIMIT} times."
    named = [option for option in OPTIONS if option.field in (where[0], ".".join(where)) and takes(kind, option)]
    flag = f"--{named[0].name}" if named else where[0]
    if fault == "missing":
        return f"{kind} needs {flag}."
    possible = get_args(MODELS[kind].model_fields[where[0]].annotation)
    if fault == "literal_error":
        return f"{flag} cannot be that with {kind}. Possible: {', '.join(str(value) for value in possible)}."
    return f"{flag}: {message[0].lower()}{message[1:]}."


def _in_flags(kind: str, message: str) -> str:
    """A task's own words, with the options in place of fields whose names nobody would say."""
    for option in (known for known in OPTIONS if takes(kind, known)):
        field = option.field.partition(".")[0]
        if "_" in field or "." in option.field:
            message = re.sub(rf"\b(?<!-){field}\b", f"--{option.name}", message)
    return message


def _fewest(kind: str) -> int:
    """The fewest pictures of a fusion."""
    limits = MODELS[kind].model_fields[_SOURCES].metadata
    return next((limit.min_length for limit in limits if hasattr(limit, "min_length")), 1)
