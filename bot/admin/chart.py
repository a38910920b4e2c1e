"""The statistics as one picture. Matplotlib is imported when the first chart is drawn; nothing of pyplot is used."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot import wording, zones

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bot.database.statistics import Figures
    from bot.texts import Translator

WIDTH_PX: Final = 1280
HEIGHT_PX: Final = 960
_DPI: Final = 128
_LABELS_A_ROW: Final = 12
_ROWS: Final = 5  # of the lists
_CODE_LIMIT: Final = 24

# Kandinsky's: yellow, red, blue on paper.
_PAPER: Final = "#faf7f0"
_INK: Final = "#2b2a33"
_FAINT: Final = "#d8d2c4"
_BLUE: Final = "#2f5fa8"
_YELLOW: Final = "#e6b422"
_RED: Final = "#c8382e"
_GREY: Final = "#9a958a"


def png(t: Translator, figures: Figures, *, days: int, utc_offset_min: int) -> bytes:
    """The chart as PNG of WIDTH_PX x HEIGHT_PX. It takes about half a second: call it in a thread."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.16, h_pad=0.14, wspace=0.04, hspace=0.04)  # inches, shares
    sheet = Figure(figsize=(WIDTH_PX / _DPI, HEIGHT_PX / _DPI), dpi=_DPI, facecolor=_PAPER, layout=layout)
    canvas = FigureCanvasAgg(sheet)
    sheet.suptitle(
        t.plain("chart-title-day" if days == 1 else "chart-title-week"),
        color=_INK,
        fontsize=17,
        fontweight="bold",
    )
    grid = sheet.add_gridspec(2, 3, height_ratios=(1.2, 1))
    _jobs(sheet.add_subplot(grid[0, :]), t, figures, utc_offset_min)
    _times(sheet.add_subplot(grid[1, 0]), t, figures)
    failures = [(code[:_CODE_LIMIT].replace("_", " "), float(count)) for code, count in figures.failures[:_ROWS]]
    _list(sheet.add_subplot(grid[1, 1]), t, t.plain("chart-failures"), failures, _RED)
    busiest = [
        (t.plain("chart-person", number=number), float(busy.jobs))
        for number, busy in enumerate(figures.busiest[:_ROWS], 1)
    ]
    _list(sheet.add_subplot(grid[1, 2]), t, t.plain("chart-busiest"), busiest, _BLUE)
    out = io.BytesIO()
    canvas.print_png(out)
    return out.getvalue()


def _jobs(axes: Axes, t: Translator, figures: Figures, utc_offset_min: int) -> None:
    """Bars by hour or day, what ended how on top of each other."""
    places = range(len(figures.buckets))
    below = [0] * len(figures.buckets)
    for key, colour in (("done", _BLUE), ("failed", _RED), ("cancelled", _GREY)):
        counts = [int(getattr(bucket, key)) for bucket in figures.buckets]
        axes.bar(places, counts, bottom=below, color=colour, width=0.8, label=t.plain(f"chart-{key}"))
        below = [low + count for low, count in zip(below, counts, strict=True)]
    every = -(-len(figures.buckets) // _LABELS_A_ROW)
    shown = list(places)[::every]
    starts = [zones.local(figures.buckets[place].start, utc_offset_min) for place in shown]
    axes.set_xticks(shown, [_label(start, figures.step) for start in starts])
    axes.set_xlim(-0.6, len(figures.buckets) - 0.4)
    axes.set_ylim(0, max([*below, 4]) * 1.15)
    axes.locator_params(axis="y", integer=True)
    _frame(axes, t.plain("chart-jobs", zone=wording.utc_offset(utc_offset_min)))
    axes.legend(loc="upper right", ncols=3, frameon=False, labelcolor=_INK, fontsize=10)


def _times(axes: Axes, t: Translator, figures: Figures) -> None:
    """Half and 95 of 100 of the waits and runs."""
    spreads = [("chart-wait", figures.wait), ("chart-run", figures.run)]
    known = [(t.plain(key), spread) for key, spread in spreads if spread is not None]
    _frame(axes, t.plain("chart-seconds"))
    if not known:
        _nothing(axes, t)
        return
    places = range(len(known))
    for shift, percent, colour in ((-0.2, 50, _YELLOW), (0.2, 95, _BLUE)):
        values = [spread.p50_s if percent == 50 else spread.p95_s for _, spread in known]
        bars = axes.bar([place + shift for place in places], values, width=0.36, color=colour, label=f"{percent} %")
        axes.bar_label(bars, [_short(value) for value in values], color=_INK, fontsize=10, padding=2)
    axes.set_xticks(list(places), [label for label, _ in known])
    axes.set_ylim(0, max([spread.p95_s for _, spread in known] + [spread.p50_s for _, spread in known] + [0.1]) * 1.35)
    axes.legend(loc="upper right", ncols=2, frameon=False, labelcolor=_INK, fontsize=10)


def _list(axes: Axes, t: Translator, title: str, rows: list[tuple[str, float]], colour: str) -> None:
    """Horizontal bars, the longest on top, with their numbers."""
    _frame(axes, title)
    axes.grid(visible=False)
    axes.set_xticks([])
    if not rows:
        _nothing(axes, t)
        return
    bars = axes.barh(range(len(rows)), [value for _, value in rows], color=colour, height=0.62)
    axes.bar_label(bars, [f"{value:.0f}" for _, value in rows], color=_INK, fontsize=10, padding=4)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.set_ylim(_ROWS - 0.4, -0.6)
    axes.set_xlim(0, max(value for _, value in rows) * 1.2)


def _frame(axes: Axes, title: str) -> None:
    axes.set_facecolor(_PAPER)
    axes.set_title(title, loc="left", color=_INK, fontsize=12)
    axes.tick_params(colors=_INK, length=0, labelsize=10)
    axes.grid(visible=True, axis="y", color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_FAINT)


def _nothing(axes: Axes, t: Translator) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.text(0.5, 0.5, t.plain("chart-nothing"), transform=axes.transAxes, ha="center", color=_GREY, fontsize=12)


def _label(start: datetime, step: timedelta) -> str:
    return f"{start:%H:%M}" if step < timedelta(days=1) else f"{start:%d.%m.}"


def _short(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
