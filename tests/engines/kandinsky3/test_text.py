"""Tokens, the rules about length, the cache, and the encoder's official form."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sentencepiece
import torch
from hypothesis import given
from hypothesis import strategies as st

from engines import catalog, sizes, styles
from engines.kandinsky3 import text

CPU = torch.device("cpu")
IDS = st.lists(st.integers(2, 60), max_size=150)


class Fixed:
    """A tokenizer of known ids."""

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids

    def ids(self, text: str) -> list[int]:
        return self._ids


@given(IDS)
def test_a_prompt_ends_with_one_end_mark_within_the_limit(ids: list[int]) -> None:
    cut = text.tokens("", Fixed(ids))
    assert len(cut) == min(len(ids) + 1, 128)
    assert cut[-1] == text.EOS
    assert list(cut[:-1]) == ids[: len(cut) - 1]


class Letters:
    """A tokenizer of one id a character."""

    def ids(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]


@given(st.text(max_size=300), st.text("abc,", max_size=60), st.text("abc,", max_size=60))
def test_a_long_prompt_loses_its_end_and_keeps_its_style(prompt: str, before: str, after: str) -> None:
    wording, letters = styles.Wording(before, after), Letters()
    ids = text.worded_tokens(prompt, wording, letters)
    assert len(ids) <= text.TOKENS
    assert ids[-1] == text.EOS
    assert list(ids[: len(before)]) == letters.ids(before)
    assert list(ids[len(ids) - 1 - len(after) : -1]) == letters.ids(after)
    if len(before) + len(prompt) + len(after) < text.TOKENS:
        assert list(ids[:-1]) == letters.ids(wording.around(prompt))


@given(st.text(max_size=300))
def test_without_a_style_the_tokens_are_those_of_the_prompt(prompt: str) -> None:
    letters = Letters()
    assert text.worded_tokens(prompt, styles.NONE.english, letters) == text.tokens(prompt, letters)


def test_the_miniature_tokenizer_knows_the_words_of_every_style() -> None:
    tokenizer = text.load_tokenizer(catalog.MINI_WEIGHTS / "flan_ul2_encoder")
    for style in styles.STYLES[sizes.Profile.MINI]:
        for wording in (style.english, style.russian):
            assert wording is not None
            assert len(tokenizer.ids(wording.after)) <= 4


@given(IDS, IDS)
def test_a_negative_prompt_is_as_long_as_the_positive(positive: list[int], negative: list[int]) -> None:
    said = text.tokens("", Fixed(positive))
    unsaid = text.negative_tokens(said, text.tokens("", Fixed(negative)))
    assert len(unsaid) == len(said)
    kept = min(len(said), len(negative) + 1, 128)
    assert unsaid[kept - 1] == text.EOS
    assert set(unsaid[kept:]) <= {text.PAD}


@pytest.mark.parametrize(("length", "rows"), [(1, 2), (5, 6), (127, 128), (128, 128)])
def test_a_context_keeps_one_zero_row_below_the_limit(length: int, rows: int) -> None:
    projection = text.Projection(3, 8)
    said = text.context(torch.randn(length, 3), projection)
    assert said.rows.shape == (rows, 8)
    assert int(said.mask.sum()) == length
    assert not said.rows[length:].any()
    assert said.rows[:length].any(dim=1).all()


def test_the_cache_forgets_the_longest_unused_and_stays_within_its_bound() -> None:
    cache = text.Cache(limit_bytes=3 * 40)
    for number in (1, 2, 3):
        cache.put((number,), torch.zeros(10))
    assert cache.get((1,)) is not None
    cache.put((4,), torch.zeros(10))
    assert [number for number in (1, 2, 3, 4) if cache.get((number,)) is not None] == [1, 3, 4]
    cache.put((5,), torch.zeros(1000))
    assert all(cache.get((number,)) is None for number in range(6))


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SentencePiece model with T5's special ids."""
    folder = tmp_path_factory.mktemp("pieces")
    (folder / "words.txt").write_text(
        "\n".join(["a red circle on a blue background", "красный круг на синем фоне"] * 20)
    )
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "words.txt"),
        model_prefix=str(folder / "spiece"),
        vocab_size=60,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    return folder


def test_the_official_tokenizer_is_its_sentencepiece_model(pieces: Path) -> None:
    tokenizer = text.load_tokenizer(pieces)
    ids = text.tokens("a red  circle", tokenizer)
    assert ids[-1] == text.EOS
    assert ids == text.tokens("a red circle", tokenizer)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(pieces / "spiece.model"))
    assert processor.decode(list(ids[:-1])) == "a red circle"
    assert len(text.tokens("кот 🎨 " * 300, tokenizer)) == 128


def test_the_official_encoder_format_is_read_as_well(tiny_weights: Path, tmp_path: Path) -> None:
    folder = tiny_weights / "flan_ul2_encoder"
    encoder = text.load_encoder(folder, CPU, torch.float32)
    torch.save(encoder.model.state_dict(), tmp_path / "pytorch_model.bin")
    shutil.copy(folder / "config.json", tmp_path)
    again = text.load_encoder(tmp_path, CPU, torch.float32)
    ids = (5, 6, 7, text.EOS)
    assert torch.equal(encoder.encode(ids), again.encode(ids))


def test_a_bfloat16_encoder_says_nearly_the_same(tiny_weights: Path) -> None:
    folder = tiny_weights / "flan_ul2_encoder"
    ids = (5, 6, 7, text.EOS)
    exact, rough = (text.load_encoder(folder, CPU, dtype).encode(ids) for dtype in (torch.float32, torch.bfloat16))
    assert rough.dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), exact, atol=0.05, rtol=0.05)
    projection = text.load_projection(folder / "projection.safetensors", CPU, torch.float32)
    assert text.context(rough, projection).rows.dtype == torch.float32
