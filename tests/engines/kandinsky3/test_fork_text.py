"""The fork's rules about silent rows and negative prompts."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from engines.kandinsky3 import fork_text, text, unet

PROJECTION = text.Projection(3, 8)
torch.nn.init.normal_(PROJECTION.projection_norm.bias)


@given(tokens=st.integers(1, 128), cut=st.booleans())
def test_a_prompt_is_cut_to_its_tokens_and_one_silent_row_or_fills_the_limit(tokens: int, cut: bool) -> None:
    rows = fork_text.kept_rows(range(tokens), cut)
    assert rows == (min(tokens + 1, 128) if cut else 128)


@given(tokens=st.integers(1, 12), silent=st.integers(0, 4))
def test_silent_rows_of_a_prompt_are_the_bias_and_those_of_a_sliced_negative_zero(tokens: int, silent: int) -> None:
    hidden = torch.randn(tokens, 3)
    said = fork_text.said(hidden, PROJECTION, tokens + silent)
    negative = fork_text.sliced(hidden, PROJECTION, tokens + silent)
    for context in (said, negative):
        assert context.mask.tolist() == [True] * tokens + [False] * silent
    torch.testing.assert_close(said.rows[:tokens], negative.rows[:tokens])
    torch.testing.assert_close(said.rows[tokens:], PROJECTION.projection_norm.bias.expand(silent, -1))
    assert not negative.rows[tokens:].any()


@given(tokens=st.integers(2, 20), rows=st.integers(1, 20))
def test_a_negative_prompt_is_as_long_as_the_prompt(tokens: int, rows: int) -> None:
    sliced = fork_text.sliced(torch.randn(tokens, 3), PROJECTION, rows)
    assert (len(sliced.rows), int(sliced.mask.sum())) == (rows, min(tokens, rows))
    fitted = fork_text.fitted_tokens((*range(2, tokens + 1), text.EOS), rows)
    assert len(fitted) == min(tokens, rows)
    assert fitted[-1] == text.EOS


def test_nothing_said_against_is_silent_zeros() -> None:
    silence = unet.silent(fork_text.said(torch.randn(4, 3), PROJECTION, 6))
    assert silence.rows.shape == (6, 8)
    assert not silence.rows.any()
    assert not silence.mask.any()
