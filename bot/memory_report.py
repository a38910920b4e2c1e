"""The memory plan of a card, for eyes: a table on the terminal, and the same in Markdown."""

from __future__ import annotations

from rich.table import Table

from engines import memory_plan
from engines.weights import disk

_PREFACE = f"""\
# What fits which card

Made by `docs/make_weights_pages.py` from `engines/memory_plan.py`: the pool's own shelf is run with components of the
real sizes, through three tasks of each kind one after the other. What the third task still has to bring is what every
further one costs; a prompt that was encoded before does not need the text encoder. All of it is computed: the official
weights were never loaded where this was written. `kandinsky-bot doctor` prints the plan of the card that it finds.

A card's gigabytes are counted as 10⁹ bytes, a little less than most have. Of them a quarter, 6.4 GB at most, is kept
for activations; weights may take the rest. Networks are in bfloat16, super-resolution and Kandinsky 2.2 in float16,
projections and the edge detector (HED) in float32. What leaves the card waits in the machine's memory while that has
room, and comes back over the bus: at 20 GB a second, 24 GB are a good second.

The text encoder takes {disk.gigabytes(memory_plan.BYTES[memory_plan.ENCODER])} in 16 bits. On a card that does not
hold that it is put into 4 bits (NF4, {disk.gigabytes(memory_plan.FOUR_BIT_ENCODER_BYTES)}) when it is loaded, by plain
torch, without a further library; `text_encoder_bits = 4` in bot.toml does it on any card. With it a card of 24 GB keeps
everything of a kind loaded. It costs some exactness: on the miniature encoder the hidden states of a prompt turn by
about 5 degrees (cosine 0.996), and what that does to the official pictures was not measured. The smallest card on which
every kind fits has {disk.gigabytes(memory_plan.least_bytes())}.
"""
HEADINGS = ("kind", "in memory at most", "moved for each further task", "stays loaded")


def title(plan: memory_plan.Plan, name: str) -> str:
    """What the plan is of: the card, what weights may take of it, and the text encoder."""
    budget = disk.gigabytes(plan.budget_bytes)
    return f"Official models on {name}: {budget} for weights, text encoder in {plan.encoder_bits} bits"


def notes(plan: memory_plan.Plan) -> list[str]:
    """What else is to be known of the card, a sentence each."""
    told = []
    if not plan.fits:
        told.append(f"Not every kind fits; {disk.gigabytes(memory_plan.least_bytes())} are enough.")
    if not plan.decodes_beside_weights:
        told.append("A picture of 1024x1024 is decoded after weights have made room for it.")
    told.append("Larger pictures are decoded in tiles of 1024x1024.")
    return told


def rows(plan: memory_plan.Plan) -> list[tuple[str, str, str, str]]:
    """The table's rows under `HEADINGS`."""
    return [_row(row) for row in plan.rows]


def table(plan: memory_plan.Plan, name: str) -> Table:
    """The plan on a terminal."""
    shown = Table(*HEADINGS, title=title(plan, name), caption=" ".join(notes(plan)))
    for row in rows(plan):
        shown.add_row(*row)
    return shown


def page() -> str:
    """The page on memory: the cards that people have, and 24 GB with a smaller text encoder."""
    cards = ((24, None), (24, 4), (48, None), (80, None))
    plans = [(memory_plan.plan(size * memory_plan.GB, bits), f"{size} GB") for size, bits in cards]
    return "\n".join([_PREFACE, *(_section(plan, name) for plan, name in plans)])


def _section(plan: memory_plan.Plan, name: str) -> str:
    lines = [f"## {title(plan, name)}", "", _line(HEADINGS), _line(["---"] * len(HEADINGS)), *map(_line, rows(plan))]
    return "\n".join([*lines, "", *notes(plan), ""])


def _row(row: memory_plan.Row) -> tuple[str, str, str, str]:
    if not row.fits:
        return row.kind, "does not fit", "", ""
    moved = disk.gigabytes(row.moved_bytes) if row.moved_bytes else "nothing"
    return row.kind, disk.gigabytes(row.together_bytes), moved, ", ".join(row.residents)


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
