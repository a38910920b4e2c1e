"""Writes down what happened: `training/curves.json` from the logs, `docs/mini.md` from vocabulary and measurements.

python -m training.report
"""

import json
from collections.abc import Iterable
from pathlib import Path

from training import captions, cli, config, runtime, russian, world

ROOT = Path(__file__).resolve().parent.parent
POINTS = 40  # of a curve
RECIPES = tuple(name for name in (*cli.TEXT_TO_IMAGE, *cli.FAMILY) if name != "bank")  # those that log


def curves() -> dict[str, dict[str, list[float | None]]]:
    """Recipe -> series of its log, thinned to about POINTS points; a restored recipe's is told apart."""
    result = {}
    for recipe in RECIPES:
        path = config.workspace() / recipe / "log.jsonl"
        if not path.exists():
            continue
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        kept = lines[:: max(1, len(lines) // POINTS)] + lines[-1:]
        names = dict.fromkeys(name for line in kept for name in line)
        name_of_run = f"{recipe}, restored" if (path.parent / config.RESTORED).exists() else recipe
        result[name_of_run] = {name: [line.get(name) for line in kept] for name in names}
    return result


def vocabulary() -> list[str]:
    """The words of the world as a Markdown table, English and Russian."""

    def row(*cells: str) -> str:
        return "| " + " | ".join(cells) + " |"

    def listed(words: Iterable[str]) -> str:
        return ", ".join(dict.fromkeys(words))

    both = russian.RELATIONS | {"and": (("и", ""), ("рядом с", "ins"))}
    return [
        row("meaning", "English", "Russian"),
        row("---", "---", "---"),
        *(row(n, listed(captions.COLOURS[n]), listed(russian.COLOURS[n])) for n in world.COLOURS),
        *(row(n, listed(captions.SHAPES[n]), listed(x.nom for x in russian.NOUNS[n])) for n in world.SHAPES),
        *(row(n, listed(captions.SIZES[n]), listed(russian.SIZES[n])) for n in ("small", "big")),
        *(row(n, listed(captions.PLACES[n]), listed(russian.PLACES[n])) for n in world.PLACES),
        *(row(n, listed(captions.RELATIONS[n]), listed(words for words, _ in both[n])) for n in world.RELATIONS),
        *(
            row(
                n,
                *(
                    "; ".join(form.format("...") for form in forms[n][:3])
                    for forms in (captions.STYLES, russian.STYLES)
                ),
            )
            for n in world.STYLES
        ),
    ]


def measured(benchmark: str) -> list[str]:
    """The table of a benchmark's committed result, if it is there."""
    path = ROOT / "benchmarks" / "results" / f"{benchmark}.json"
    if not path.exists():
        return [f"Not measured yet: `python -m benchmarks.{benchmark}`."]
    document = json.loads(path.read_text())
    names = list(document["rows"][0])
    rows = ["| " + " | ".join(names) + " |", "| " + " | ".join("---" for _ in names) + " |"]
    rows += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in document["rows"]]
    return [*rows, "", *(f"- {note}" for note in document["notes"])]


def write() -> None:
    """Write curves, gallery and page."""
    runtime.prepare()
    from training import preview  # after prepare: it imports diffusers

    found = curves()
    if found:
        kept = ROOT / "training" / "curves.json"  # what ran elsewhere stays
        known = json.loads(kept.read_text()) if kept.exists() else {}
        kept.write_text(json.dumps(known | found) + "\n")
    preview.gallery(ROOT / "docs" / "mini.png")
    text = (Path(__file__).parent / "mini.template.md").read_text()
    text = text.replace("{vocabulary}", "\n".join(vocabulary()))
    text = text.replace("{accuracy}", "\n".join(measured("mini_accuracy")))
    family = measured("mini_family")
    if (ROOT / "docs" / "family.md").exists():
        family += ["", "Pictures: [family.md](family.md)."]
    text = text.replace("{family}", "\n".join(family))
    text = text.replace("{words}", "\n".join(measured("mini_words")))
    text = text.replace("{prompts}", "\n".join(f"{i}. {prompt}" for i, prompt in enumerate(preview.PROMPTS, 1)))
    (ROOT / "docs" / "mini.md").write_text(text)


if __name__ == "__main__":
    write()
