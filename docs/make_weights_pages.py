"""Makes `docs/memory.md` and the tables of `docs/weights.md`: `.venv/bin/python docs/make_weights_pages.py`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot import memory_report, weights_report

DOCS = Path(__file__).parent


def filled(page: str) -> str:
    """The page with what stands between `<!-- NAME -->` and `<!-- / -->` replaced by the table of that name."""
    for name, lines in weights_report.tables().items():
        table = "\n".join(lines)
        page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- / -->)", rf"\g<1>{table}\n\g<2>", page, flags=re.DOTALL)
    return page


def main() -> None:
    (DOCS / "memory.md").write_text(memory_report.page(), "utf-8")
    page = DOCS / "weights.md"
    page.write_text(filled(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
