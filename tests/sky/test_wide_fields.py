"""Simulated wide fields: planted objects are where the truth says, and seeds repeat."""

from __future__ import annotations

import numpy as np

from cluster_core.sky import PLANTED_OTHERS, STAR_RICH, render_wide_field


def render(seed: int, kinds=("globular_resolved", "open_rich", "galaxy_elliptical")):
    return render_wide_field(np.random.default_rng(seed), (720, 720), kinds, (1500.0, 1500.0))


def test_same_seed_gives_same_field():
    first, again, other = render(1), render(1), render(2)
    np.testing.assert_array_equal(first.raw, again.raw)
    assert first.planted == again.planted
    assert (first.raw != other.raw).any()


def test_planted_objects_are_brighter_than_the_field_around_them():
    for seed in range(2):
        field = render(seed)
        light = np.clip(field.raw.mean(axis=2), 0, 30)
        assert field.planted
        for planted in field.planted:
            y, x = np.ogrid[: light.shape[0], : light.shape[1]]
            distance = np.hypot(x - planted.x_px, y - planted.y_px) / planted.diameter_px
            inside, around = light[distance < 0.2], light[(distance > 1) & (distance < 1.5)]
            assert inside.mean() > 1.5 * around.mean()


def test_only_clusters_have_a_label():
    field = render(3)
    labels = {planted.kind: planted.label for planted in field.planted}
    assert labels == {
        "globular_resolved": "globular clusters",
        "open_rich": "open clusters",
        "galaxy_elliptical": None,
    }
    assert [each.kind for each in field.clusters] == ["globular_resolved", "open_rich"]
    assert not render(3, PLANTED_OTHERS).clusters


def test_counts_and_picture_have_the_size_of_the_field():
    field = render_wide_field(np.random.default_rng(1), (320, 200), (), STAR_RICH)
    assert field.to_counts().dtype == np.uint16
    assert field.to_counts().shape == (200, 320)
    picture = field.to_picture(np.random.default_rng(1))
    assert picture.shape == (200, 320, 3)
    assert picture.dtype == np.uint8
