"""A bar of text that shows how far a job is."""

from __future__ import annotations

from typing import Final

CELLS: Final = 10


def progress_bar(done: int, total: int, cells: int = CELLS) -> str:
    """A bar such as "▰▰▰▱▱▱▱▱▱▱ 30 %"; it is full only when all of `total` is done."""
    share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
    filled = int(share * cells)
    return f"{'▰' * filled}{'▱' * (cells - filled)} {int(share * 100)} %"
