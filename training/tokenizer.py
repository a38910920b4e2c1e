"""The vocabulary of the miniature text encoder: each word of the captions one token, anything else letters or bytes.

A Unigram model with an explicit vocabulary: nothing is learned, so nothing can drift. Layout as T5: pad 0, eos 1.
"""

import json
import re
import string
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from training import captions, russian, world

PAD, EOS, UNKNOWN = "<pad>", "</s>", "<unk>"
MAX_LENGTH = 128
_SPACE = "▁"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
# Pieces that spell unseen forms of known words: "красн" + "енькому".
_STEMS = (
    "красн",
    "оранж",
    "желт",
    "зелен",
    "син",
    "голуб",
    "фиолет",
    "роз",
    "корич",
    "черн",
    "бел",
    "сер",
    "круг",
    "круж",
    "квадрат",
    "треуг",
    "звезд",
    "сердц",
    "сердеч",
    "кольц",
    "колеч",
    "крест",
    "ромб",
    "больш",
    "мал",
    "лев",
    "прав",
    "верх",
    "ниж",
    "центр",
    "фон",
    "контур",
    "акварел",
    "мозаик",
)
_ENDINGS = (
    "ый",
    "ий",
    "ой",
    "ая",
    "ое",
    "ого",
    "ому",
    "ым",
    "ом",
    "ую",
    "ые",
    "ых",
    "еньк",
    "оват",
    "ик",
    "ок",
    "ами",
    "ish",
    "s",
    "ing",
    "ed",
    "er",
    "ly",
)


def words(samples: int = 40_000) -> list[str]:
    """Every word that captions are made of, in order of frequency."""
    counts: dict[str, int] = {}
    for seed in range(samples):
        rng = np.random.default_rng((seed, 3))
        scene = world.sample_scene(20_000_000 + seed)
        for text in (captions.english(scene, rng), captions.russian_caption(scene, rng)):
            for word in re.findall(r"\w+", text):
                counts[word] = counts.get(word, 0) + 1
    for filler in (*captions.FILLERS, *russian.FILLERS):
        counts.setdefault(filler, 1)
    return sorted(counts, key=lambda word: (-counts[word], word))


def build(samples: int = 40_000) -> Tokenizer:
    """The tokenizer; scores make the longest known piece win."""
    pieces: list[tuple[str, float]] = [(PAD, 0.0), (EOS, 0.0), (UNKNOWN, -50.0)]
    pieces += [(f"<0x{byte:02X}>", -40.0) for byte in range(256)]
    known = {piece for piece, _ in pieces}

    def add(piece: str, score: float) -> None:
        if piece not in known:
            known.add(piece)
            pieces.append((piece, score))

    for word in words(samples):
        add(_SPACE + word, -4.0)
    for stem in _STEMS:
        add(_SPACE + stem, -8.0)
    for ending in _ENDINGS:
        add(ending, -8.0)
    add(_SPACE, -6.0)
    for letter in string.ascii_lowercase + string.digits + _CYRILLIC + string.punctuation:
        add(letter, -10.0)
        add(_SPACE + letter, -12.0)
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace("ё", "е"),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Punctuation("isolated"),
            pre_tokenizers.Metaspace(_SPACE, prepend_scheme="always"),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(f"$A {EOS}", special_tokens=[(EOS, 1)])
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(_SPACE)])
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json, which `AutoTokenizer.from_pretrained(folder)` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_LENGTH,
        "pad_token": PAD,
        "eos_token": EOS,
        "unk_token": UNKNOWN,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
