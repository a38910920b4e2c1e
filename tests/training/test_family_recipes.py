"""Each recipe begins from what it should begin from, and its loss falls; nothing is trained to be good here."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from engines import bridges

bridges.install()

from engines.kandinsky3.control import hint_block  # noqa: E402
from tests.training.test_family_export import MASK, TIMES, TINY_CLIP, TINY_INPAINTING, TINY_SR  # noqa: E402
from tests.training.test_recipes import TINY_MOVQ, TINY_UNET  # noqa: E402
from training import (  # noqa: E402
    base,
    cli,
    clip,
    companions,
    config,
    edges,
    enlarger,
    enlarging,
    family_config,
    hed,
    hints,
    image_prompt,
    inpainting,
    lessons,
    loop,
    movq,
    relatives,
    renderer,
    restore,
    super_resolution,
    text_encoder,
    together,
    views,
    world,
)

SQUARE = (128, 128)


def test_every_recipe_of_the_family_can_be_named_on_the_command_line() -> None:
    assert set(cli.family()) == set(cli.FAMILY)
    assert cli.FAMILY.index("clip") < cli.FAMILY.index("image_prompt")
    assert cli.FAMILY.index("hed") < cli.FAMILY.index("edges")
    for name in ("kandinsky22_inpainting", "kandinsky22_depth"):
        assert cli.FAMILY.index("kandinsky22_decoder") < cli.FAMILY.index(name)


def falls(loss, parameters, steps: int = 12, rate: float = 3e-3) -> bool:
    """Whether Adam brings `loss(step)` down on what it is shown."""
    optimiser = torch.optim.Adam(list(parameters), lr=rate)
    values = []
    for step in range(steps):
        torch.manual_seed(7)
        value = loss(step)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        values.append(float(value.detach()))
    return values[-1] < 0.9 * values[0]


@torch.no_grad()
def test_a_widened_painter_does_not_hear_its_new_channels_yet() -> None:
    torch.manual_seed(0)
    painter = base.Painter(TINY_UNET).eval()
    repainter = inpainting.widened(painter, TINY_INPAINTING).eval()
    noisy, rows = torch.randn(2, 4, 8, 8), painter.context(torch.randn(2, 4, 8), MASK)
    expected = painter(noisy, TIMES, rows, MASK)
    for _ in range(2):
        found = repainter(torch.cat([noisy, torch.randn(2, 5, 8, 8)], 1), TIMES, rows, MASK)
        assert torch.allclose(found, expected, atol=1e-5)


def test_what_inpainting_keeps_hides_what_is_marked() -> None:
    torch.manual_seed(0)
    autoencoder = movq.build(TINY_MOVQ).eval()
    scenes = [world.sample_scene(9_000_000 + i, SQUARE) for i in range(2)]
    added = inpainting.additions(family_config.InpaintingConfig(), autoencoder)(scenes, np.random.default_rng(0))
    marked = np.unpackbits(added["marked"], axis=1).astype(bool).reshape(2, 128, 128)
    pictures = np.stack([renderer.render(scene) for scene in scenes])
    changed = pictures.copy()
    changed[marked] = 7
    one, other = (inpainting.kept_latents(autoencoder, seen, marked) for seen in (pictures, changed))
    assert torch.equal(one, other)
    assert torch.allclose(one.half().float(), torch.from_numpy(added["kept"]).float(), atol=2e-3)
    assert inpainting.latent_mask(marked)[0, 0, 0, 0] == float(not marked[0, 0, 0])


def test_what_is_shown_to_inpainting_early_lies_where_colours_are_unknown() -> None:
    latents, rng = torch.randn(400, 4, 2, 2), np.random.default_rng(0)
    _, _, times = lessons.noised(latents, rng, early=0.5)
    first, last = lessons.EARLY
    assert 0.5 <= float(((times >= first) & (times < last)).float().mean()) <= 0.65  # half of them, and some by chance
    assert int(times.min()) < 100


@torch.no_grad()
def test_a_new_image_prompt_and_a_new_hint_change_nothing() -> None:
    torch.manual_seed(0)
    painter = base.Painter(TINY_UNET).eval()
    noisy, rows, long = torch.randn(2, 4, 8, 8), painter.context(torch.randn(2, 4, 8), MASK), MASK.sum(1) + 1
    expected = painter(noisy, TIMES, rows, MASK)
    tracer = edges.Tracer(TINY_UNET).eval()
    tracer.load_state_dict(painter.state_dict(), strict=False)
    assert torch.allclose(tracer.traced(noisy, TIMES, rows, MASK, long, torch.rand(2, 3, 64, 64)), expected, atol=1e-5)
    prompter = image_prompt.Prompter(painter, tokens=4, embedding=6).eval()
    assert torch.allclose(prompter(noisy, TIMES, rows, MASK, long, torch.randn(2, 6)), expected, atol=1e-5)


def test_inside_is_what_objects_cover_and_an_inner_object_is_a_hole() -> None:
    scenes = (world.sample_scene(9_360_000 + i, SQUARE) for i in range(400))
    nested = next(s for s in scenes if s.relation == "inside" and s.things[1].shape == "square")
    cover = hints.inside(nested)
    assert cover.shape == (32, 32)
    inner, outer = nested.things
    assert cover[int(inner.cy) // 4, int(inner.cx) // 4] == pytest.approx(0.0, abs=0.01) or inner.shape == "ring"
    assert cover[int(outer.cy) // 4, int(outer.cx + 0.78 * outer.radius) // 4] == pytest.approx(1.0)
    assert cover[0, 0] == 0


def test_a_hint_block_keeps_a_weak_signal_and_says_it_as_loud_as_wanted() -> None:
    torch.manual_seed(0)
    block = hints.Reader(hint_block.HintBlock(8)).block
    drawn = torch.zeros(1, 3, 64, 64)
    drawn[..., 20:22, 10:50] = 1
    with torch.no_grad():
        assert float((block(drawn) - block(torch.zeros_like(drawn))).abs().max()) > 0.05
    hints.scale(block, drawn, 0.2)
    with torch.no_grad():
        assert float(block(drawn).std()) == pytest.approx(0.2, rel=1e-3)


def test_only_the_adapter_learns() -> None:
    torch.manual_seed(0)
    prompter = image_prompt.Prompter(base.Painter(TINY_UNET), tokens=4, embedding=6)
    torch.nn.init.normal_(prompter.painter.unet.conv_out.weight, std=0.1)
    assert {name.split(".")[0] for name, _ in prompter.named_parameters()} == {"adapter"}
    noisy, rows = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8) * MASK[..., None]
    target, embeddings = torch.randn(2, 4, 8, 8), torch.randn(2, 6)

    def loss(_: int) -> torch.Tensor:
        found = prompter(noisy, TIMES, rows, MASK, MASK.sum(1) + 1, embeddings)
        return base.weighted_losses(found, target, TIMES)["epsilon"]

    first = loss(0).item()
    loss(0).backward()
    assert all(parameter.grad is None for parameter in prompter.painter.parameters())
    falls(loss, prompter.parameters(), steps=6, rate=1e-2)
    assert loss(0).item() < first


def test_the_forks_padding_is_the_bias_of_the_norm_in_one_row_only() -> None:
    torch.manual_seed(0)
    painter = base.Painter(TINY_UNET)
    torch.nn.init.normal_(painter.projection[1].bias)
    rows = lessons.fork_context(painter, torch.randn(2, 4, 8), MASK)
    assert torch.allclose(rows[0, 3], painter.projection[1].bias)
    assert torch.allclose(rows[1, 1], painter.projection[1].bias)
    assert torch.count_nonzero(rows[1, 2:]) == 0
    silent, unseen = lessons.silenced(rows, MASK, torch.tensor([False, True]))
    assert torch.count_nonzero(silent[1]) == 0
    assert unseen.tolist() == [[1, 1, 1, 0], [0, 0, 0, 0]]


def test_a_small_clip_learns_to_find_the_caption_of_a_picture() -> None:
    torch.manual_seed(0)
    model = clip.Clip(TINY_CLIP, vocabulary=40)
    scenes = [world.sample_scene(9_100_000 + i, SQUARE) for i in range(6)]
    seen = clip.pixels([renderer.render(scene) for scene in scenes], TINY_CLIP.image_px)
    ids = torch.randint(2, 40, (6, 5))
    ids[:, -1] = 1
    answers = torch.tensor([clip.seen_answers(scene) for scene in scenes])

    def loss(_: int) -> torch.Tensor:
        images = model.see(seen)
        contrastive, _ = clip.contrast(images, model.read(ids, torch.ones_like(ids)), model.temperature)
        return contrastive + clip.reading_loss(model.reader(images), answers)

    assert falls(loss, model.parameters())


def test_a_sum_of_two_pictures_is_asked_for_both_objects() -> None:
    scenes = [world.sample_scene(9_100_200 + i, SQUARE) for i in range(12)]
    singles = [row for row, scene in enumerate(scenes) if scene.relation is None]
    sums, rows = clip.blended(scenes, torch.eye(12), np.random.default_rng(0))
    assert rows[:, 0].tolist() == singles
    assert sorted(rows[:, 1].tolist()) == singles
    assert torch.allclose(sums.sum(1), torch.ones(len(singles)))
    known = torch.tensor([clip.blend_answers(scenes[row]) for row in singles])
    told = torch.stack([known, known.roll(1, 0)], 1)
    sure = torch.full((len(singles), sum(clip.BLEND_SLOTS)), -20.0)
    for slot, first in enumerate(np.cumsum((0, *clip.BLEND_SLOTS))[:-1]):
        sure.scatter_(1, told[:, :, slot] + int(first), 0.0)
    loss, both = clip.blend_loss(sure, told)
    unsure, _ = clip.blend_loss(torch.zeros_like(sure), told)
    assert float(both) == 1.0
    assert float(loss) < 0.4 * float(unsure)


def test_without_single_objects_there_is_no_sum() -> None:
    pairs = [scene for i in range(40) if (scene := world.sample_scene(9_100_300 + i, SQUARE)).relation]
    sums, rows = clip.blended(pairs, torch.eye(len(pairs)), np.random.default_rng(0))
    assert sums.shape == (0, len(pairs))
    assert rows.shape == (0, 2)


def test_base_and_adapter_learn_together_and_are_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KANDINSKY_TRAINING_DIR", str(tmp_path))
    torch.manual_seed(0)
    painter = base.Painter(TINY_UNET)
    pair = together.Pair(image_prompt.Prompter(painter, tokens=4, embedding=6))
    noisy, hidden, embeddings = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8), torch.randn(2, 6)
    rows = MASK.sum(1) + 1
    torch.nn.init.normal_(painter.unet.conv_out.weight, std=0.1)
    torch.nn.init.normal_(pair.prompter.adapter.attentions[0].to_out.weight)
    with torch.no_grad():
        context = painter.context(hidden, MASK)
        alone = painter(noisy, TIMES, context, MASK, rows)
        shown = pair.prompter(noisy, TIMES, context, MASK, rows, embeddings)
        assert not torch.allclose(shown, alone, atol=1e-4)
        assert torch.equal(pair.only_text()(noisy, TIMES, context, MASK, rows), alone)
    pair.prompter(noisy, TIMES, context, MASK, rows, embeddings).square().mean().backward()
    moved = {name.split(".")[0] for name, value in pair.named_parameters() if value.grad is not None}
    assert moved == {"painter", "prompter"}
    restore.begin(pair, together.NAME)
    together.give_back(pair)
    kept = torch.load(tmp_path / "base" / "checkpoint.pt", weights_only=True)["module"]
    assert all(torch.equal(kept[name], value) for name, value in painter.state_dict().items())
    adapter = torch.load(tmp_path / image_prompt.NAME / "checkpoint.pt", weights_only=True)["module"]
    assert set(adapter) == set(pair.prompter.state_dict())


def test_a_picture_is_not_asked_for_a_place_that_no_caption_names() -> None:
    scene = world.sample_scene(9_100_100, SQUARE)
    while scene.relation is not None or scene.things[0].place is not None:
        scene = world.sample_scene(scene.seed + 1, SQUARE)
    slot = list(text_encoder.SLOTS).index("place 1")
    assert clip.seen_answers(scene)[slot] == clip.IGNORED
    ground = list(text_encoder.SLOTS).index("background")
    unsaid = dataclasses.replace(scene, background_said=False)
    assert clip.seen_answers(unsaid)[ground] == clip.seen_answers(scene)[ground]


def test_a_small_hed_learns_the_rim_of_shapes() -> None:
    torch.manual_seed(0)
    detector = hed.build(family_config.HedConfig(widths=(4, 4, 4, 4, 4)))
    scene = world.sample_scene(9_200_000, SQUARE)
    seen = torch.from_numpy(renderer.render(scene)).permute(2, 0, 1)[None].float() / 255
    truth = torch.from_numpy(hed.true_edges(scene))[None, None]
    assert falls(lambda _: hed.loss(detector.logits(seen), truth, 0.4)[0], detector.parameters(), steps=15)


def test_super_resolution_learns_from_crops_that_fit_each_other() -> None:
    pictures = super_resolution.Pictures(2, factor=2)
    large, small = pictures.batch(np.random.default_rng(0), 2, 32)
    assert (large.shape, small.shape) == ((2, 3, 32, 32), (2, 3, 16, 16))
    pooled = torch.nn.functional.avg_pool2d(large, 2)
    assert (pooled - small).abs().mean() < 0.05
    torch.manual_seed(0)
    model = super_resolution.build(TINY_SR)

    def loss(_: int) -> torch.Tensor:
        return super_resolution.losses_of(model, large, small, torch.tensor([229, 979]), 3.0)["loss"]

    assert falls(loss, model.parameters())


def test_painted_pictures_are_enlarged_towards_the_drawing() -> None:
    torch.manual_seed(0)
    always = family_config.Painted(share=1.0)
    autoencoder = movq.build(TINY_MOVQ).eval()
    plain, through = (super_resolution.Pictures(2, 2, model, always) for model in (None, autoencoder))
    drawn, clean = plain.batch(np.random.default_rng(0), 2, 128)
    same, small = through.batch(np.random.default_rng(0), 2, 128)
    assert drawn.shape == same.shape == (2, 3, 128, 128)
    assert small.shape == clean.shape
    assert not torch.allclose(small, clean, atol=0.05)
    whole = super_resolution.painted(autoencoder, enlarging.reduced(through.large[0], 2), 0.0, np.random.default_rng(1))
    assert whole.shape == (128, 128, 3)


@torch.no_grad()
def test_a_new_super_resolution_is_a_plain_enlargement() -> None:
    torch.manual_seed(0)
    model = super_resolution.build(family_config.SuperResolutionConfig()).eval()
    enlarger.begin(model)
    flat = torch.tensor([-0.9, 0.1, 0.8]).view(1, 3, 1, 1).expand(1, 3, 32, 32)
    painted = model(torch.randn(1, 3, 32, 32), [979], flat)
    assert float((painted - flat).abs().max()) * 127.5 < 1  # of 255 levels, the rim included
    slope = torch.linspace(-1, 1, 64).view(1, 1, 1, 64).expand(1, 3, 32, 64)
    painted = model(torch.randn(1, 3, 32, 64), [229], slope)
    assert float((painted - slope).abs().max()) * 127.5 < 4


def test_a_batch_has_the_wanted_compositions_as_far_as_there_are_any() -> None:
    scenes = [world.sample_scene(9_350_000 + i) for i in range(64)]
    places = lessons.portioned(scenes, {"single": 0.7, "beside": 0.25}, 20)
    found = [lessons.composition(scenes[place]) for place in places]
    assert len(set(places)) == 20
    assert (found.count("single"), found.count("beside")) >= (14, 5)
    singles = [scene for scene in scenes if scene.relation is None]
    assert sorted(lessons.portioned(singles, {"beside": 1.0}, 8)) == list(range(8))


def test_a_fusion_shows_both_objects_and_its_target_has_both() -> None:
    settings, rng = family_config.ImagePromptConfig(), np.random.default_rng(0)
    kinds = set()
    for seed in range(9_300_000, 9_300_120):
        scene = world.sample_scene(seed)
        chosen = image_prompt.kind(scene, settings.shares, rng)
        kinds.add(chosen)
        assert chosen != "fused" or len(scene.things) == 2
        text = image_prompt.said(chosen, scene, 1, rng)
        assert (chosen in ("captioned", "unseen", "elsewhere")) <= bool(text)
    assert kinds == set(image_prompt.KINDS)
    seen = torch.eye(len(views.VIEWS))
    mixed = image_prompt.shown("fused", seen, torch.zeros(len(views.VIEWS)), rng)
    assert mixed[:3].sum() == 0
    assert float(mixed[3] + mixed[4]) == pytest.approx(1.0)


def test_two_objects_of_a_fusion_stand_in_the_order_of_their_colours() -> None:
    rank = list(world.COLOURS).index
    latents, mirrored = torch.arange(8.0).view(1, 1, 8).expand(4, 2, 8), set()
    for seed in range(9_300_000, 9_300_200):
        scene = world.sample_scene(seed)
        if lessons.composition(scene) == "beside":
            left, right = (thing.colour for thing in sorted(scene.things, key=lambda thing: thing.cx))
            ordered = image_prompt.in_order(latents, scene)
            mirrored.add(bool(ordered[0, 0, 0] == 7))
            assert torch.equal(ordered, latents if rank(left) <= rank(right) else latents.flip(-1))
    assert mirrored == {True, False}


def test_companions_stay_beside_their_rows(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KANDINSKY_TRAINING_DIR", str(tmp_path))
    (config.workspace() / "bank").mkdir()
    arrays = {}
    for width, height in world.CANVASES:
        count = 5 if width == height else 1
        seeds = [s for s in range(200) if (c := world.sample_scene(s)).width == width and c.height == height][:count]
        arrays[f"seeds_{width}x{height}"] = np.array(seeds)
        arrays[f"latents_{width}x{height}"] = np.array(seeds, np.float16)[:, None, None, None] * np.ones((1, 4, 2, 2))
    np.savez(config.workspace() / "bank" / "0000.npz", **arrays)

    def make(scenes: list[world.Scene], rng: np.random.Generator) -> companions.Arrays:
        return {"own": np.array([scene.seed for scene in scenes], np.float16)}

    monkeypatch.setitem(companions.MADE_BY, "numbers", "counter")
    companions.grow("numbers", 1, make)
    companions.grow("numbers", 1, lambda scenes, rng: pytest.fail("made twice"))
    latents, scenes, added = companions.Companions("numbers").batch(np.random.default_rng(1), 8, SQUARE)
    later_ns = (companions.folder("numbers") / "0000.npz").stat().st_mtime_ns + 10**9
    os.utime(config.workspace() / "bank" / "0000.npz", ns=(later_ns, later_ns))  # encoded anew
    remade: list[int] = []
    companions.grow("numbers", 1, lambda scenes, rng: (remade.append(len(scenes)), make(scenes, rng))[1])
    assert sum(remade) == 7
    (config.workspace() / "counter").mkdir()
    (config.workspace() / "counter" / "checkpoint.pt").touch()
    later_ns += 10**9
    os.utime(config.workspace() / "counter" / "checkpoint.pt", ns=(later_ns, later_ns))  # trained further
    companions.grow("numbers", 1, lambda scenes, rng: (remade.append(len(scenes)), make(scenes, rng))[1])
    assert sum(remade) == 14
    assert [scene.seed for scene in scenes] == added["own"].astype(int).tolist()
    assert torch.equal(latents[:, 0, 0, 0], torch.from_numpy(added["own"]).float())


def test_each_object_is_shown_alone_once_on_the_ground_of_both() -> None:
    rng = np.random.default_rng(0)
    scene = next(s for i in range(100) if (s := world.sample_scene(9_400_000 + i)).relation == "and")
    apart = [relatives.alone(scene, index, rng, None if index else "gray") for index in (0, 1)]
    assert [one.things[0].colour for one in apart] == [thing.colour for thing in scene.things]
    assert [one.background for one in apart] == ["gray", scene.background]


def test_a_wall_clock_budget_is_not_cut_short_by_the_step_count(tmp_path: Path) -> None:
    layer, now = torch.nn.Linear(1, 1), 0.0

    def losses(step: int, share: float) -> loop.Losses:
        nonlocal now
        now += 1.0  # what a step takes
        return {"loss": layer(torch.ones(1)).square().sum()}

    brief = dataclasses.replace(family_config.HedConfig(), steps=1, learning_rate=1e-3)
    loop.run(layer, losses, brief, tmp_path, stop_at=25.0, now=lambda: now)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 25 + -25 % loop.AGREE_EVERY
