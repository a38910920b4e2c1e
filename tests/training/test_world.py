"""The world, its pictures and its captions agree with each other."""

import numpy as np
import pytest

from benchmarks import mini_accuracy, mini_eye, mini_prompts
from training import captions, renderer, russian, world

SEEDS = range(7_000_000, 7_000_040)


def test_the_same_seed_draws_the_same_bytes() -> None:
    for seed in list(SEEDS)[:20]:
        one, two = world.sample_scene(seed), world.sample_scene(seed)
        assert one == two
        assert np.array_equal(renderer.render(one), renderer.render(two))


def test_objects_stay_inside_the_frame_of_their_canvas() -> None:
    for seed in SEEDS:
        scene = world.sample_scene(seed)
        frame_w, frame_h = world.CANVASES[scene.width, scene.height]
        for thing in scene.things:
            assert abs(thing.cx - scene.width / 2) <= frame_w / 2
            assert abs(thing.cy - scene.height / 2) <= frame_h / 2
            assert thing.cx - thing.radius >= 0
            assert thing.cx + thing.radius <= scene.width


def test_no_object_is_hidden_by_a_background_of_its_own_colour() -> None:
    for seed in SEEDS:
        scene = world.sample_scene(seed)
        if scene.relation != "inside":
            assert scene.background not in {thing.colour for thing in scene.things}


def test_an_independent_eye_sees_what_a_flat_scene_says() -> None:
    for seed in SEEDS:
        scene = world.sample_scene(seed, (128, 128))
        if scene.style != "flat" or len(scene.things) != 1:
            continue
        ground, found = mini_eye.look(renderer.render(scene))
        assert (ground, found[0].colour, found[0].shape) == (
            scene.background,
            scene.things[0].colour,
            scene.things[0].shape,
        )


def test_an_independent_eye_sees_two_objects_and_how_they_stand() -> None:
    judged = 0
    for seed in range(7_000_000, 7_000_150):
        scene = world.sample_scene(seed, (128, 128))
        if scene.style != "flat" or len(scene.things) != 2:
            continue
        first, second = scene.things
        if len({scene.background, first.colour, second.colour}) < 3:
            continue
        wanted = mini_prompts.Pair(
            "", "", scene.background, (first.colour, first.shape), (second.colour, second.shape), scene.relation or ""
        )
        assert all(mini_accuracy.judge_pair(renderer.render(scene), wanted).values()), scene
        judged += 1
    assert judged > 10


@pytest.mark.parametrize("style", world.STYLES)
def test_every_style_covers_the_background_and_the_object(style: str) -> None:
    thing = world.Thing("circle", "red", "big", None, 64, 64, 40)
    scene = world.Scene(1, 128, 128, "blue", True, style, (thing,), None)
    picture = renderer.render(scene).astype(int)
    assert picture[2:10, 2:10, 2].mean() > picture[2:10, 2:10, 0].mean() + 60
    row = picture[64, 20:108]
    assert (row[:, 0] - row[:, 2]).max() > 60


def test_an_english_caption_names_colours_and_shapes_of_its_scene() -> None:
    for seed in SEEDS:
        scene = world.sample_scene(seed)
        text = captions.english(scene, np.random.default_rng(seed))
        for thing in scene.things:
            assert any(word in text for word in captions.COLOURS[thing.colour])
            assert any(word in text for word in captions.SHAPES[thing.shape])
        assert scene.background_said == any(w in text for w in ("background", "backdrop"))


def test_a_russian_caption_inflects() -> None:
    assert russian.decline("красный", "f", "acc") == "красную"
    assert russian.decline("синий", "m", "prep") == "синем"
    assert russian.decline("маленький", "n", "ins") == "маленьким"
    assert russian.decline("большой", "m", "ins") == "большим"
    assert russian.NOUNS["heart"][0].form("gen") == "сердца"


def test_disturbing_a_caption_keeps_most_of_its_words() -> None:
    rng = np.random.default_rng(0)
    text = "a big red circle on a blue background"
    assert captions.disturb(text, rng, 0.0) == text
    assert sum(word in captions.disturb(text, rng, 0.2).split() for word in text.split()) >= 5
