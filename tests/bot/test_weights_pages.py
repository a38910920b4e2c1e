"""The pages on weights and memory say what the program says."""

from __future__ import annotations

from pathlib import Path

from bot import memory_report, weights_report

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_on_memory_is_the_plan() -> None:
    assert (DOCS / "memory.md").read_text("utf-8") == memory_report.page(), "run docs/make_weights_pages.py"


def test_the_page_on_weights_has_the_tables_of_the_manifest() -> None:
    page = (DOCS / "weights.md").read_text("utf-8")
    for name, lines in weights_report.tables().items():
        table = "\n".join(lines)
        assert f"<!-- {name} -->\n{table}\n<!-- / -->" in page, "run docs/make_weights_pages.py"
