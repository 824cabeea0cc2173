from __future__ import annotations

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.sky import render_picture
from cluster_core.training.choice.decision import MIN_STAR_SHARE
from cluster_core.training.choice.star_fields import is_star_field, measure_star_fields
from tests.drawn_pictures import SHAPES, draw_shape
from tests.samples import SHARED, draw_blob, needs_shared, save_picture

SIDE_PX = 128


def make_picture(path, pixels) -> Picture:
    save_picture(path, pixels)
    height_px, width_px, _ = pixels.shape
    return Picture(path, "a", path.name, width_px, height_px, b"")


def test_many_simulated_clusters_are_star_fields():
    kinds = ("open_rich", "open_reflection", "globular_core", "globular_resolved")
    drawn = [
        render_picture(np.random.default_rng(seed), kind, SIDE_PX, SIDE_PX).pixels
        for kind in kinds
        for seed in range(6)
    ]
    assert np.mean([is_star_field(pixels) for pixels in drawn]) > MIN_STAR_SHARE


def test_drawn_shapes_noise_and_blank_pictures_are_not():
    random = np.random.default_rng(0)
    for shape in SHAPES:
        for seed in range(5):
            assert not is_star_field(draw_shape(shape, seed)[:SIDE_PX, :SIDE_PX])
    noise = random.integers(0, 120, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8)
    assert not is_star_field(noise)
    for value in (0, 40, 255):
        assert not is_star_field(np.full((SIDE_PX, SIDE_PX, 3), value, np.uint8))


def test_share_counts_readable_pictures(tmp_path):
    stars = [make_picture(tmp_path / f"{n}.png", draw_blob(n, size_px=SIDE_PX)) for n in range(3)]
    shape = make_picture(tmp_path / "shape.png", draw_shape("circle", 0))
    assert measure_star_fields([*stars, shape]) == 0.75
    stars[0].path.unlink()
    stars[1].path.write_bytes(b"no picture")
    assert measure_star_fields([*stars, shape]) == 0.5
    assert measure_star_fields([]) == 0


@needs_shared
def test_photos_of_clusters_are_star_fields():
    files = sorted((SHARED / "photos" / "cluster_photos").glob("*/*.*"))[::7]
    pictures = [Picture(path, "", path.name, 1, 1, b"") for path in files]
    assert measure_star_fields(pictures) > 0.7
