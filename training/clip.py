"""A small CLIP on the world: the image encoder of image prompts (paper section 5.4) and of Kandinsky 2.2.

Contrastive as CLIP is, on scenes and their captions; half of a batch are scenes that differ from their neighbour in
one attribute. Pictures enter as any CLIP takes them: shortest side to the input size, centre cut out, CLIP's own mean
and deviation. Forced by scale: four hundred million pairs make an embedding from which everything can be read, thirty
thousand do not, so linear maps, thrown away afterwards, have to read the attributes of the scene off the embedding of
either tower and off every patch, and both objects off a weighted sum of two pictures' embeddings (`blended`): that sum
is all that a fusion shows. And a transformer has no idea of neighbourhood, so that without help it learns colours
and never a shape: the picture tower begins with whitened patches and places on a grid (`eye.py`), and reads alone at
first, single objects in the middle, then further and further from there.
"""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPVisionConfig, CLIPVisionModelWithProjection

from training import captions, config, eye, family_config, loop, relatives, renderer, text_encoder, world

NAME = "clip"
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # openai/CLIP
IGNORED = -100
# What a sum of embeddings must tell of each of its pictures: the object as a whole, its colour, the background.
OBJECTS = tuple((colour, shape) for colour in world.COLOURS for shape in world.SHAPES)
BLEND_SLOTS = (len(OBJECTS), len(world.COLOURS), len(world.COLOURS))
BLEND_WEIGHTS = (0.35, 0.65)  # between which the first picture's weight is drawn
SQUARE = eye.SQUARE


def vision_config(settings: family_config.ClipConfig) -> CLIPVisionConfig:
    return CLIPVisionConfig(
        hidden_size=settings.width,
        intermediate_size=settings.d_ff,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        image_size=settings.image_px,
        patch_size=settings.patch_px,
        projection_dim=settings.projection,
    )


def text_config(settings: family_config.ClipConfig, vocabulary: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=settings.width,
        intermediate_size=settings.d_ff,
        num_hidden_layers=settings.text_layers,
        num_attention_heads=settings.heads,
        max_position_embeddings=settings.text_tokens,
        projection_dim=settings.projection,
        pad_token_id=0,
        bos_token_id=0,  # captions begin without a mark
        eos_token_id=1,
    )


def pixels(pictures: list[np.ndarray], side_px: int) -> Tensor:
    """Float32 [B, 3, side, side] of uint8 pictures [H, W, 3] of any sizes, as the stock CLIP processor makes them."""
    rows = []
    for picture in pictures:
        height, width, _ = picture.shape
        scale = side_px / min(height, width)
        size = (max(side_px, int(width * scale)), max(side_px, int(height * scale)))
        resized = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
        top, left = (size[1] - side_px) // 2, (size[0] - side_px) // 2
        rows.append(resized[top : top + side_px, left : left + side_px])
    scaled = torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float() / 255
    return (scaled - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(DEVIATION).view(3, 1, 1)


class Clip(nn.Module):
    """Both towers, the temperature, and the reader of attributes."""

    def __init__(self, settings: family_config.ClipConfig, vocabulary: int) -> None:
        super().__init__()
        self.settings = settings
        self.vision = CLIPVisionModelWithProjection(vision_config(settings))
        self.text = CLIPTextModelWithProjection(text_config(settings, vocabulary))
        self.temperature = nn.Parameter(torch.tensor(2.0))
        slots = sum(map(len, text_encoder.SLOTS.values()))
        self.reader = nn.Linear(settings.projection, slots)
        self.patch_reader = nn.Linear(settings.width, slots)
        self.blend_reader = nn.Linear(settings.projection, sum(BLEND_SLOTS))

    def see(self, pictures: Tensor) -> Tensor:
        """Embeddings [B, projection], not normalised, of normalised pixels [B, 3, side, side]."""
        return self.see_patches(pictures)[0]

    def see_patches(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings as `see` gives them, and what every patch holds in the end [B, patches, width]."""
        seen = self.vision(pixel_values=pictures)
        return seen.image_embeds, seen.last_hidden_state[:, 1:]

    def read(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Embeddings [B, projection], not normalised, of captions."""
        embeddings: Tensor = self.text(input_ids=ids, attention_mask=mask).text_embeds
        return embeddings


def tokenise(processor: Tokenizer, texts: list[str], limit: int) -> tuple[Tensor, Tensor]:
    """Ids and mask [B, T] with T at most the limit; the end mark of a longer text stays."""
    ids, mask = text_encoder.tokenise(processor, texts)
    if ids.shape[1] > limit:
        cut = mask[:, limit - 1] == 1
        ids, mask = ids[:, :limit], mask[:, :limit]
        ids[cut, limit - 1] = 1
    return ids, mask


def seen_answers(scene: world.Scene) -> list[int]:
    """What can be seen in a picture, one index a slot; what a caption must not say is ignored."""
    said = text_encoder.answers(dataclasses.replace(scene, background_said=True))
    names = list(text_encoder.SLOTS)
    if scene.things[0].place is None and scene.relation is None:
        said[names.index("place 1")] = IGNORED
    return said


def contrast(images: Tensor, texts: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
    """CLIP's symmetric loss over a batch, and the share of pictures that find their own caption first."""
    logits = functional.normalize(images) @ functional.normalize(texts).T * temperature.clamp(max=4.6).exp()
    own = torch.arange(len(logits))
    loss = (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2
    return loss, (logits.argmax(1) == own).float().mean()


def by_slot(logits: Tensor) -> tuple[Tensor, ...]:
    """The logits [..., values] of each slot, of logits of all of them."""
    return torch.split(logits, [len(values) for values in text_encoder.SLOTS.values()], dim=-1)


def patches_loss(logits: Tensor, answers: Tensor) -> Tensor:
    """`reading_loss` of every patch [B, patches, values]: each must know the whole scene."""
    return reading_loss(logits.flatten(0, 1), answers.repeat_interleave(logits.shape[1], 0))


def shapes_read(logits: Tensor, answers: Tensor) -> Tensor:
    """The share of pictures whose first shape is read right."""
    slot = list(text_encoder.SLOTS).index("shape 1")
    return (by_slot(logits)[slot].argmax(1) == answers[:, slot]).float().mean()


def reading_loss(logits: Tensor, answers: Tensor) -> Tensor:
    """Sum of the cross-entropies of all slots; answers int64 [B, slots]."""
    total = torch.zeros(())
    for slot, part in enumerate(by_slot(logits)):
        if (answers[:, slot] != IGNORED).any():
            total = total + functional.cross_entropy(part, answers[:, slot], ignore_index=IGNORED)
    return total


def blended(scenes: list[world.Scene], images: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Weighted sums [B, projection] of the embeddings of single objects, two each, and the rows [B, 2] that they have.

    B is the number of scenes with a single object.
    """
    singles = np.array([row for row, scene in enumerate(scenes) if scene.relation is None], int)
    rows = np.stack([singles, rng.permutation(singles)], 1)
    weights = torch.from_numpy(rng.uniform(*BLEND_WEIGHTS, len(rows))).float()[:, None]
    return weights * images[rows[:, 0]] + (1 - weights) * images[rows[:, 1]], torch.from_numpy(rows)


def blend_answers(scene: world.Scene) -> list[int]:
    """What a sum of embeddings must tell of the scene's single object, an index for each of BLEND_SLOTS."""
    thing, colours = scene.things[0], list(world.COLOURS)
    return [
        OBJECTS.index((thing.colour, thing.shape)),
        colours.index(thing.colour),
        colours.index(scene.background),
    ]


def blend_loss(logits: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy of logits [B, values] with two answers each [B, 2, slots], and how often it knows both colours."""
    parts = torch.split(logits, list(BLEND_SLOTS), 1)
    total = torch.zeros(())
    for slot, part in enumerate(parts):
        total = total - functional.log_softmax(part, 1).gather(1, answers[:, :, slot]).mean()
    colours = parts[1].topk(2, 1).indices
    both = (answers[:, :, 1, None] == colours[:, None]).any(2).all(1)
    return total, both.float().mean()


class Pool:
    """Scenes as pictures of the encoder's size, in groups that stay together, renewed a little at every step."""

    def __init__(self, settings: family_config.ClipConfig, size: int) -> None:
        self._settings, self._size = settings, size
        self._groups: list[tuple[tuple[world.Scene, ...], np.ndarray]] = []
        self._oldest = 0

    def draw(
        self, rng: np.random.Generator, make: Callable[[np.random.Generator], tuple[world.Scene, ...]], groups: int
    ) -> tuple[list[world.Scene], list[np.ndarray]]:
        """Scenes and pictures of so many groups, one group after the other; some of them have just been made."""
        for _ in range(max(self._settings.fresh, groups - len(self._groups))):
            self._keep(make(rng))
        scenes: list[world.Scene] = []
        pictures: list[np.ndarray] = []
        for index in rng.choice(len(self._groups), groups, replace=False):
            group, seen = self._groups[index]
            scenes += group
            pictures += list(seen)
        return scenes, pictures

    def _keep(self, group: tuple[world.Scene, ...]) -> None:
        seen = np.stack([_thumbnail(renderer.render(one), self._settings.image_px) for one in group])
        if len(self._groups) < self._size:
            self._groups.append((group, seen))
        else:
            self._groups[self._oldest] = (group, seen)
            self._oldest = (self._oldest + 1) % len(self._groups)


def neighbours(rng: np.random.Generator) -> tuple[world.Scene, world.Scene]:
    """A scene in any style, four of five with one object, and one that differs from it in one attribute."""
    canvas = SQUARE if rng.random() < 0.9 else None
    scene = world.sample_scene(int(rng.integers(2**40, 2**50)), canvas)
    if scene.relation and rng.random() < 0.7:
        scene = world.sample_scene(int(rng.integers(2**40, 2**50)), canvas)
    scene = dataclasses.replace(scene, style=world.STYLES[rng.integers(4)] if rng.random() < 0.3 else scene.style)
    return scene, relatives.neighbour(scene, rng)


def _thumbnail(picture: np.ndarray, side_px: int) -> np.ndarray:
    height, width, _ = picture.shape
    edge = min(height, width)
    left, top = (width - edge) // 2, (height - edge) // 2
    cut = Image.fromarray(picture[top : top + edge, left : left + edge])
    return np.asarray(cut.resize((side_px, side_px), Image.Resampling.BICUBIC))


def train(settings: family_config.ClipConfig, stop_at: float | None = None) -> Clip:
    """Train (or go on training) both towers."""
    torch.manual_seed(0)
    processor = text_encoder.vocabulary()
    model = Clip(settings, processor.get_vocab_size())
    easy, pool, ladder = Pool(settings, settings.easy_pool), Pool(settings, settings.pool), eye.Ladder()
    samples, _ = pool.draw(np.random.default_rng(19), neighbours, settings.batch)
    eye.begin(model.vision, pixels([renderer.render(scene) for scene in samples], settings.image_px))

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 10, loop.worker()))
        climbing = share < settings.eye_first and not ladder.is_climbed
        if climbing:
            scenes, pictures = easy.draw(rng, lambda dice: (eye.eased(dice, ladder.reach),), settings.batch)
        else:
            scenes, pictures = pool.draw(rng, neighbours, settings.batch)
        images, patches = model.see_patches(pixels(pictures, settings.image_px))
        seen = torch.tensor([seen_answers(scene) for scene in scenes])
        logits = model.reader(images)
        by_eye, by_patch = reading_loss(logits, seen), patches_loss(model.patch_reader(patches), seen)
        shapes = shapes_read(logits, seen)
        ladder.step(float(shapes))
        sums, rows = blended(scenes, images, rng)
        told = torch.tensor([blend_answers(scene) for scene in scenes])[rows]
        by_sum, both = blend_loss(model.blend_reader(sums), told) if len(rows) else (torch.zeros(()), torch.zeros(()))
        values = {"by_eye": by_eye, "by_patch": by_patch, "shapes": shapes, "reach": torch.tensor(ladder.reach)}
        values |= {"by_sum": by_sum, "both_colours": both}
        loss = settings.reading * (by_eye + by_patch) + settings.blending * by_sum
        if share < settings.eye_first:
            return {"loss": loss} | values
        texts = [captions.caption(scene, rng) for scene in scenes]
        texts = [captions.disturb(text, rng, 0.05) if rng.random() < 0.3 else text for text in texts]
        said = model.read(*tokenise(processor, texts, settings.text_tokens))
        contrastive, found = contrast(images, said, model.temperature)
        by_word = reading_loss(model.reader(said), torch.tensor([text_encoder.answers(scene) for scene in scenes]))
        loss = loss + contrastive + settings.reading * by_word
        return {"loss": loss, "contrastive": contrastive, "found": found, "by_word": by_word} | values

    loop.run(
        model, losses, settings, config.workspace() / NAME, weight_decay=0.02, stop_at=stop_at, every=25, save_every=100
    )
    return model


def load(settings: family_config.ClipConfig) -> Clip:
    """The averaged weights of the checkpoint, frozen."""
    model = Clip(settings, text_encoder.vocabulary().get_vocab_size())
    return loop.restored(model, config.workspace() / NAME).requires_grad_(False)


@torch.inference_mode()
def embed(model: Clip, pictures: list[np.ndarray]) -> Tensor:
    """Embeddings [B, projection] of uint8 pictures of any sizes."""
    return model.see(pixels(pictures, model.settings.image_px))


def silence(model: Clip) -> Tensor:
    """The embedding [projection] of an all-zero pixel tensor: what guidance takes for no picture at all."""
    side = model.settings.image_px
    with torch.inference_mode():
        return model.see(torch.zeros(1, 3, side, side))[0].clone()


def probe(model: Clip, train_scenes: int = 2500, test_scenes: int = 500) -> dict[str, float]:
    """Accuracy of linear maps, fitted by ridge regression on frozen embeddings, on unseen scenes of one object.

    Also written to `probe.json` beside the checkpoint.
    """
    rng = np.random.default_rng(11)
    scenes: list[world.Scene] = []
    while len(scenes) < train_scenes + test_scenes:
        scene = world.sample_scene(int(rng.integers(2**50, 2**51)), SQUARE)
        if scene.relation is None:
            scenes.append(dataclasses.replace(scene, style=world.STYLES[rng.integers(4)]))
    rows = [
        embed(model, [renderer.render(one) for one in scenes[start : start + 50]])
        for start in range(0, len(scenes), 50)
    ]
    features = functional.normalize(torch.cat(rows)).double()
    features = torch.cat([features, torch.ones(len(features), 1, dtype=torch.float64)], 1)
    known = features[:train_scenes]
    inverse = torch.linalg.inv(known.T @ known + 1e-3 * torch.eye(known.shape[1], dtype=torch.float64))
    answers = torch.tensor([seen_answers(scene) for scene in scenes])
    result = {}
    for slot, (name, values) in enumerate(text_encoder.SLOTS.items()):
        if name in ("colour 1", "shape 1", "size 1", "style", "background"):
            target = functional.one_hot(answers[:train_scenes, slot], len(values)).double()
            predicted = features[train_scenes:] @ (inverse @ known.T @ target)
            result[name] = round(float((predicted.argmax(1) == answers[train_scenes:, slot]).double().mean()), 3)
    (config.workspace() / NAME / "probe.json").write_text(json.dumps(result) + "\n")
    return result
