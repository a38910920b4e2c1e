"""What admins write behind a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admin import asking
from bot.admin.asking import ById, ByName, Daily, Grant


@pytest.mark.parametrize(
    ("word", "who"),
    [
        ("1001", ById(1001)),
        ("@ann_77", ByName("ann_77")),
        ("Ann_77", ByName("Ann_77")),
        ("@1001", None),
        ("-5", None),
        ("@", None),
        ("анна", None),
        ("ann!", None),
        ("9" * 16, None),
    ],
)
def test_somebody_is_named_by_id_or_name(word: str, who: asking.Who | None) -> None:
    assert asking.who(word) == who


@given(st.integers(0, 10**9 - 1))
def test_an_amount_is_read_as_it_is_written(number: int) -> None:
    assert asking.amount(str(number)) == Daily(number)
    assert asking.amount(f"+{number}") == (Grant(number) if number else None)
    for minus in "-−–":
        assert asking.amount(f"{minus}{number}") == (Grant(-number) if number else None)


@given(st.text())
def test_no_text_is_more_than_one_kind_of_amount_and_none_is_an_error(text: str) -> None:
    found = asking.amount(text)
    assert found is None or isinstance(found, Daily | Grant)


def test_default_is_the_usual_amount() -> None:
    assert asking.amount("DEFAULT") == Daily(None)


@pytest.mark.parametrize(("word", "too_large"), [("1000000", False), ("1000001", True), ("-1000001", True)])
def test_the_books_take_a_million(word: str, too_large: bool) -> None:
    amount = asking.amount(word)
    assert amount is not None
    assert asking.is_too_large(amount) is too_large
