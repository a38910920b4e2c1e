"""The text encoder (paper section 4): in place of FLAN-UL2, a tiny T5 encoder taught alone, then frozen.

FLAN-UL2 arrives in Kandinsky 3 already knowing what words mean and which adjective belongs to which noun. The stand-in
must know that too before diffusion begins, or the U-Net would have to learn language from noise. So it is taught to
read a caption into the attributes of its scene. Two readers are trained with it and thrown away: slot queries that
attend to its output (as the U-Net's cross-attention will), and one linear map that must find the whole scene in every
single token (as the U-Net's attention pooling, paper section 4, sees the prompt through one vector).
"""

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import T5Config, T5EncoderModel

from training import captions, config, loop, tokenizer, world

_UNSAID = "unsaid"
_COLOURS, _SHAPES = (*world.COLOURS, _UNSAID), (*world.SHAPES, _UNSAID)
_PLACES = (*world.PLACES, _UNSAID)
# Attribute -> its possible values. The second object's are "unsaid" where there is one object.
SLOTS: dict[str, tuple[str, ...]] = {
    "background": _COLOURS,
    "style": world.STYLES,
    "colour 1": _COLOURS,
    "shape 1": _SHAPES,
    "size 1": world.SIZES,
    "place 1": _PLACES,
    "relation": (*world.RELATIONS, _UNSAID),
    "colour 2": _COLOURS,
    "shape 2": _SHAPES,
    "size 2": (*world.SIZES, _UNSAID),
}


def answers(scene: world.Scene) -> list[int]:
    """What a reader of the caption should find: one index a slot."""
    one, two = scene.things[0], scene.things[1] if len(scene.things) == 2 else None
    said = {
        "background": scene.background if scene.background_said else _UNSAID,
        "style": scene.style,
        "colour 1": one.colour,
        "shape 1": one.shape,
        "size 1": one.size,
        "place 1": one.place or _UNSAID,
        "relation": scene.relation or _UNSAID,
        "colour 2": two.colour if two else _UNSAID,
        "shape 2": two.shape if two else _UNSAID,
        "size 2": two.size if two else _UNSAID,
    }
    if scene.relation == "inside":  # sizes follow from the relation and are not said
        said["size 1"] = said["size 2"] = "medium"
    return [values.index(said[name]) for name, values in SLOTS.items()]


def build(settings: config.TextConfig, vocabulary: int) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=vocabulary,
            d_model=settings.d_model,
            d_kv=settings.d_kv,
            num_heads=settings.heads,
            d_ff=settings.d_ff,
            num_layers=settings.layers,
            feed_forward_proj="gated-silu",
            dropout_rate=0.0,
            layer_norm_epsilon=1e-6,
            relative_attention_num_buckets=32,
            relative_attention_max_distance=128,
            pad_token_id=0,
            eos_token_id=1,
            use_cache=False,
            is_encoder_decoder=False,
        )
    )


class Reader(nn.Module):
    """The encoder and the two readers that teach it."""

    def __init__(self, encoder: T5EncoderModel, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        total = sum(len(values) for values in SLOTS.values())
        self.queries = nn.Parameter(torch.randn(len(SLOTS), width) * width**-0.5)
        self.norm = nn.LayerNorm(width)
        self.key = nn.Linear(width, width, bias=False)
        self.heads = nn.ModuleList(nn.Linear(width, len(values)) for values in SLOTS.values())
        self.every_token = nn.Linear(width, total)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[list[Tensor], Tensor]:
        """Logits by the slot queries, one [B, values] a slot, and by every token [B, T, all values]."""
        hidden = self.norm(self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)
        scores = torch.einsum("sd,btd->bst", self.queries, self.key(hidden))
        scores = scores.masked_fill(mask[:, None] == 0, -1e4).softmax(-1)
        found = torch.einsum("bst,btd->bsd", scores, hidden)
        return [head(found[:, i]) for i, head in enumerate(self.heads)], self.every_token(hidden)


def tokenise(processor: Tokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Ids and mask [B, T], int64, padded to the longest plus the one zero row that the original keeps."""
    rows = [processor.encode(text).ids for text in texts]
    rows = [row if len(row) <= tokenizer.MAX_LENGTH else [*row[: tokenizer.MAX_LENGTH - 1], 1] for row in rows]
    longest = min(tokenizer.MAX_LENGTH, max(map(len, rows)) + 1)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def vocabulary() -> Tokenizer:
    """The tokenizer of this workspace, built once: new words in the captions must not renumber old ones."""
    path = config.workspace() / "text" / "tokenizer.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        tokenizer.build().save(str(path))
    return Tokenizer.from_file(str(path))


def train(settings: config.TextConfig, stop_at: float | None = None) -> T5EncoderModel:
    """Teach the encoder to read; returns it."""
    torch.manual_seed(0)
    processor = vocabulary()
    encoder = build(settings, processor.get_vocab_size())
    reader = Reader(encoder, settings.d_model)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 4))
        scenes = [world.sample_scene(int(seed)) for seed in rng.integers(30_000_000, 2**40, settings.batch)]
        texts = [captions.caption(scene, rng) for scene in scenes]
        texts = [captions.disturb(t, rng, settings.word_noise) if rng.random() < 0.4 else t for t in texts]
        ids, mask = tokenise(processor, texts)
        truth = torch.tensor([answers(scene) for scene in scenes])
        slots, tokens = reader(ids, mask)
        answered = (functional.cross_entropy(logits, truth[:, i]) for i, logits in enumerate(slots))
        by_query = sum(answered, torch.zeros(()))
        by_token, start = torch.zeros(()), 0
        live = mask.bool()
        owner = truth.unsqueeze(1).expand(-1, ids.shape[1], -1)[live]
        for i, values in enumerate(SLOTS.values()):
            logits = tokens[..., start : start + len(values)][live]
            by_token = by_token + functional.cross_entropy(logits, owner[:, i])
            start += len(values)
        right = torch.stack([logits.argmax(1) == truth[:, i] for i, logits in enumerate(slots)]).all(0)
        return {"loss": by_query + by_token, "by_query": by_query, "by_token": by_token, "read": right.float().mean()}

    folder = config.workspace() / "text"
    loop.run(reader, losses, settings, folder, stop_at=stop_at, weight_decay=0.02)
    return encoder


def load(settings: config.TextConfig) -> tuple[T5EncoderModel, Tokenizer]:
    """The trained encoder, frozen, and its tokenizer."""
    processor = vocabulary()
    reader = Reader(build(settings, processor.get_vocab_size()), settings.d_model)
    state = torch.load(config.workspace() / "text" / "checkpoint.pt", weights_only=True)
    reader.load_state_dict(state["module"])
    return reader.encoder.eval().requires_grad_(False), processor
