"""The judges of the miniature family find true pictures right and wrong ones wrong."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import mini_drawing, mini_eye, mini_family, mini_judges
from engines import tasks

RED_STAR = mini_drawing.Thing("red", "star", 0.5, 0.5, 0.42)
SOURCE = mini_drawing.Drawing("yellow", (RED_STAR,))


def moved(drawing: mini_drawing.Drawing, **changes: object) -> mini_drawing.Drawing:
    return replace(drawing, things=(replace(drawing.things[0], **changes), *drawing.things[1:]))


@pytest.mark.parametrize("shape", mini_eye.SILHOUETTES)
def test_a_drawing_is_what_the_eye_sees(shape: str) -> None:
    ground, found = mini_eye.look(moved(SOURCE, shape=shape).pixels())
    assert ground == "yellow"
    assert (found[0].colour, found[0].shape) == ("red", shape)
    assert abs(found[0].size - RED_STAR.size) < 0.05


def test_a_repainted_object_is_right_only_as_asked_and_only_with_its_surroundings() -> None:
    mask = mini_drawing.around(SOURCE.things, margin=0.07)
    wanted = replace(RED_STAR, colour="blue", shape="circle")
    right = moved(SOURCE, colour="blue", shape="circle").pixels()
    assert all(mini_judges.inpainted(right, SOURCE, mask, wanted).values())
    assert not mini_judges.inpainted(SOURCE.pixels(), SOURCE, mask, wanted)["colour"]
    damaged = right.copy()
    damaged[2, 2] = 0
    assert not mini_judges.inpainted(damaged, SOURCE, mask, wanted)["kept"]


def test_a_picture_goes_on_only_with_its_own_background_on_every_side() -> None:
    large = np.empty((192, 192, 3), np.uint8)
    large[:] = mini_eye.REFERENCE["yellow"]
    large[32:160, 32:160] = SOURCE.pixels()
    assert all(mini_judges.continued(large, SOURCE).values())
    foreign = large.copy()
    foreign[:32] = mini_eye.REFERENCE["white"]
    assert not mini_judges.continued(foreign, SOURCE)["background"]
    damaged = large.copy()
    damaged[90, 90] = 0
    assert not mini_judges.continued(damaged, SOURCE)["kept"]


def test_what_leads_a_picture_has_its_forms_and_none_of_its_colours() -> None:
    inside = mini_eye.foreground(SOURCE.pixels())
    near = mini_drawing.depth(SOURCE)
    assert np.median(near[inside]) > 200 > 50 > np.median(near[~inside])
    drawn = mini_drawing.lines(SOURCE)
    assert np.ptp(drawn, axis=2).max() == np.ptp(near, axis=2).max() == 0
    assert (drawn < 128).mean() < 0.1
    assert mini_judges.edges_f1(near, SOURCE.pixels()) > 0.9
    assert mini_judges.edges_f1(drawn, SOURCE.pixels()) > 0.9


def test_a_variation_is_neither_a_copy_nor_something_else() -> None:
    assert all(mini_judges.varied(moved(SOURCE, x=0.6, size=0.3).pixels(), SOURCE).values())
    assert not mini_judges.varied(SOURCE.pixels(), SOURCE)["another"]
    assert not mini_judges.varied(moved(SOURCE, x=0.6, colour="green").pixels(), SOURCE)["colour"]
    assert not mini_judges.varied(moved(SOURCE, x=0.6, shape="circle").pixels(), SOURCE)["shape"]


def test_two_objects_are_not_one() -> None:
    assert mini_judges.alone(SOURCE.pixels())["one object"]
    twice = replace(SOURCE, things=tuple(replace(RED_STAR, x=x, size=0.3) for x in (0.27, 0.73)))
    assert not mini_judges.alone(twice.pixels())["one object"]


def test_a_fusion_shows_both_sources() -> None:
    other = mini_drawing.Drawing("white", (mini_drawing.Thing("blue", "ring"),))
    both = mini_drawing.Drawing(
        "yellow", (replace(RED_STAR, x=0.27, size=0.3), replace(other.things[0], x=0.73, size=0.3))
    )
    assert all(mini_judges.fused(both.pixels(), (SOURCE, other)).values())
    assert mini_judges.fused_objects(both.pixels(), (SOURCE, other))["both objects"]
    assert not mini_judges.fused_objects(SOURCE.pixels(), (SOURCE, other))["both objects"]
    assert not all(mini_judges.fused(SOURCE.pixels(), (SOURCE, other)).values())


def test_the_text_decides_the_background_and_the_image_the_object() -> None:
    there = replace(moved(SOURCE, x=0.55), background="green")
    assert all(mini_judges.reworded(there.pixels(), SOURCE, "green").values())
    assert not mini_judges.reworded(SOURCE.pixels(), SOURCE, "green")["text"]


def mosaic(picture: np.ndarray) -> np.ndarray:
    tiled = picture.astype(float)
    tiled[::8] = tiled[::8] * 0.45 + 52
    tiled[:, ::8] = tiled[:, ::8] * 0.45 + 52
    return tiled.astype(np.uint8)


def test_a_mosaic_has_tiles_and_a_flat_picture_has_none() -> None:
    assert all(mini_judges.tiled(mosaic(SOURCE.pixels()), SOURCE).values())
    assert not mini_judges.is_mosaic(SOURCE.pixels())
    assert not mini_judges.tiled(mosaic(moved(SOURCE, colour="blue").pixels()), SOURCE)["colour"]


def test_edges_may_move_a_little_and_no_more() -> None:
    recoloured = replace(moved(SOURCE, colour="blue", x=0.51), background="white")
    assert all(mini_judges.traced(recoloured.pixels(), SOURCE, "white", "blue").values())
    elsewhere = moved(recoloured, x=0.65, y=0.6)
    assert not mini_judges.traced(elsewhere.pixels(), SOURCE, "white", "blue")["edges"]
    assert mini_judges.edges_f1(np.zeros((128, 128, 3), np.uint8), SOURCE.pixels()) == 0.0


def test_a_blurred_picture_has_a_lower_ratio_than_a_true_one() -> None:
    true = SOURCE.pixels()
    blurred = ((true.astype(int) + np.roll(true, 2, 1)) // 2).astype(np.uint8)
    assert mini_judges.psnr_db(true, true) > mini_judges.psnr_db(blurred, true) + 10


@pytest.mark.parametrize("measure", mini_family.MEASURES, ids=lambda measure: measure.name)
def test_every_case_names_its_files_and_is_the_same_each_time(measure: mini_family.Measure) -> None:
    cases, again = measure.cases(6), measure.cases(6)
    for case, twin in zip(cases, again, strict=True):
        assert set(case.task.media_names) == set(case.media)
        assert case.task == twin.task
        assert case.media == twin.media
        assert tasks.TASKS.validate_python(case.task.model_dump()) == case.task
        source = mini_drawing.from_file(case.media.get(mini_family.SOURCE, SOURCE.png()))
        assert not all(case.judge(source).values())  # the source itself is never the answer


def test_two_objects_have_colours_of_their_own() -> None:
    for seed in range(20):
        drawing = mini_drawing.couple(random.Random(seed))
        assert len({drawing.background, *(thing.colour for thing in drawing.things)}) == 3


def test_kinds_that_are_not_measured_keep_their_published_rows(tmp_path: Path) -> None:
    old = [dict(zip(mini_family.COLUMNS, (name, 4, 50.0, 80, "old"), strict=True)) for name in ("fusion", "inpaint")]
    (tmp_path / "mini_family.json").write_text(json.dumps({"rows": [*old, {**old[0], "measure": "gone"}]}))
    rows = mini_family.kept(tmp_path, [("fusion", 9, 70.0, 60, "new"), ("variation", 9, 1.0, 80, "new")])
    assert [(one[0], one[-1]) for one in rows] == [("inpaint", "old"), ("variation", "new"), ("fusion", "new")]
    assert mini_family.kept(tmp_path / "nowhere", [("fusion", 9, 70.0, 60, "new")]) == [("fusion", 9, 70.0, 60, "new")]
