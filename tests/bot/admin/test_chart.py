"""The chart of the statistics: drawn for every kind of day, in both languages, without a warning."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from bot.admin import chart
from bot.admin.reports import span_end
from bot.database.statistics import Bucket, BusyUser, Figures, Spread
from bot.texts import Texts

TEXTS = Texts()
UNTIL = datetime(2026, 3, 2, 15, tzinfo=UTC)


def figures(days: int, *, painted: int) -> Figures:
    step = timedelta(hours=1) if days == 1 else timedelta(days=1)
    since = UNTIL - timedelta(days=days)
    number = 24 if days == 1 else days
    spread = Spread(12.4, 6.1, 3000.0) if painted else None
    return Figures(
        since=since,
        until=UNTIL,
        step=step,
        buckets=tuple(Bucket(since + index * step, painted, index % 3, index % 2) for index in range(number)),
        wait=spread,
        run=spread,
        failures=(("out_of_memory", 7), ("a_code_that_is_longer_than_any_that_exists", 1)),
        busiest=tuple(BusyUser(user_id, 60 - user_id, 1) for user_id in range(painted % 11)),
        active_users=3,
        new_users=1,
    )


@pytest.mark.parametrize("language", TEXTS.languages)
@pytest.mark.parametrize(("days", "painted"), [(1, 0), (1, 1_000_000), (7, 10)])
def test_a_chart_is_a_picture_of_its_size_with_something_in_it(language: str, days: int, painted: int) -> None:
    png = chart.png(TEXTS.translator(language), figures(days, painted=painted), days=days, utc_offset_min=345)
    drawn = Image.open(io.BytesIO(png))
    assert drawn.size == (chart.WIDTH_PX, chart.HEIGHT_PX)
    colours = {colour for count, colour in drawn.convert("RGB").getcolors(1 << 24) or [] if count > 500}
    red, blue = (200, 56, 46), (47, 95, 168)
    assert red in colours
    assert (blue in colours) == (painted > 0)


def test_a_day_ends_with_the_hour_that_has_begun_and_a_week_with_the_day() -> None:
    now = datetime(2026, 3, 2, 14, 37, 12, 5, tzinfo=UTC)
    assert span_end(now, 1, 0) == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert span_end(now, 7, 0) == datetime(2026, 3, 3, tzinfo=UTC)


def test_hours_and_days_end_by_the_readers_clock() -> None:
    now = datetime(2026, 3, 2, 22, 10, tzinfo=UTC)  # 3:55 of the next day in Nepal
    assert span_end(now, 1, 345) == datetime(2026, 3, 2, 22, 15, tzinfo=UTC)
    assert span_end(now, 7, 345) == datetime(2026, 3, 3, 18, 15, tzinfo=UTC)
    assert span_end(now, 7, -300) == datetime(2026, 3, 3, 5, tzinfo=UTC)
