"""Scenes that are meant to share something share it, and masks cover what they are meant to cover."""

import numpy as np
import pytest

from training import captions, enlarging, hed, masks, relatives, renderer, world

SEEDS = range(8_000_000, 8_000_030)
SQUARE = (128, 128)


def objects(scene: world.Scene) -> list[tuple[str, str]]:
    return [(thing.colour, thing.shape) for thing in scene.things]


def differences(one: world.Scene, other: world.Scene) -> set[str]:
    found = {name for name in ("background", "style") if getattr(one, name) != getattr(other, name)}
    found |= {"colour"} if [t.colour for t in one.things] != [t.colour for t in other.things] else set()
    found |= {"shape"} if [t.shape for t in one.things] != [t.shape for t in other.things] else set()
    found |= {"layout"} if [t.radius for t in one.things] != [t.radius for t in other.things] else set()
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_neighbour_differs_in_one_attribute(seed: int) -> None:
    scene, rng = world.sample_scene(seed), np.random.default_rng(seed)
    assert len(differences(scene, relatives.neighbour(scene, rng))) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_elsewhere_keeps_its_objects_and_says_what_changed(seed: int) -> None:
    scene, rng = world.sample_scene(seed), np.random.default_rng(seed)
    moved, regrounded, restyled = relatives.elsewhere(scene, rng)
    assert objects(moved) == objects(scene)
    assert (moved.background != scene.background, moved.style != scene.style) == (regrounded, restyled)
    assert regrounded or restyled
    composed = relatives.composed(scene, rng)
    assert objects(composed) == objects(scene)
    assert differences(composed, scene) <= {"layout"}


def test_words_for_a_setting_name_no_object() -> None:
    rng = np.random.default_rng(0)
    nouns = {word for words in captions.SHAPES.values() for word in words}
    for seed in SEEDS:
        scene = world.sample_scene(seed)
        text = captions.setting(scene, rng, background=True, style=bool(seed % 2))
        assert text
        assert "{" not in text
        assert not nouns & set(text.replace(",", "").split())


@pytest.mark.parametrize("kind", masks.FORMS)
def test_a_form_holds_the_object_that_it_is_drawn_over(kind: str) -> None:
    scene = world.sample_scene(SEEDS[0], SQUARE)
    thing = scene.things[0]
    for seed in range(12):
        rng = np.random.default_rng(seed)
        canvas = masks.Image.new("L", SQUARE)
        masks.form(rng, masks.ImageDraw.Draw(canvas), kind, (thing.cx, thing.cy), thing.radius * 1.15 + 3)
        covered = renderer.coverage(scene, thing) > 0.5
        assert (covered & (np.asarray(canvas) > 0)).sum() > 0.93 * covered.sum()


def test_masks_are_of_every_sort_and_never_empty() -> None:
    rng, shares = np.random.default_rng(1), []
    for seed in SEEDS:
        scene = world.sample_scene(seed)
        mask = masks.draw(rng, scene, covering=0.5, surrounding=0.3)
        assert mask.shape == (scene.height, scene.width)
        shares.append(mask.mean())
    assert min(shares) > 0
    assert max(shares) > 0.5  # a window
    assert float(np.median(shares)) < 0.5


def test_a_large_drawing_is_the_small_one_with_more_pixels() -> None:
    for seed in SEEDS[:8]:
        scene = world.sample_scene(seed, SQUARE)
        large = enlarging.render(scene, 2)
        assert large.shape == (256, 256, 3)
        if scene.style in ("flat", "outline"):
            difference = np.abs(enlarging.reduced(large, 2).astype(int) - renderer.render(scene).astype(int))
            assert np.median(difference) <= 1
            assert difference.mean() < 4


def test_true_edges_lie_on_the_rim_of_the_shape_whatever_its_style() -> None:
    scene = world.sample_scene(SEEDS[0], SQUARE)
    edges = hed.true_edges(scene)
    flat, drawn = (hed.restyled(scene, np.random.default_rng(2), share) for share in (1.0, 0.0))
    assert np.array_equal(edges, hed.true_edges(flat))
    assert np.array_equal(edges, hed.true_edges(drawn))
    inside = renderer.coverage(scene, scene.things[0]) > 0.99
    assert 0 < edges.sum() < inside.size / 8
    assert edges[inside].mean() < 0.5
