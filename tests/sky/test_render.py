"""Rendered pictures: every kind, reproducible, with the physics of their formulas."""

import numpy as np
import pytest

from cluster_core.sky import KINDS, render_contact_sheet, render_picture
from cluster_core.sky.clusters import GlobularCluster, OpenCluster, Placement
from cluster_core.sky.frame import Frame, Scene
from cluster_core.sky.optics import PointSpread, form_image
from cluster_core.sky.populations import GlobularPopulation, OpenPopulation
from cluster_core.sky.profiles import KingProfile


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_renders(kind):
    for seed in range(3):
        picture = render_picture(np.random.default_rng(seed), kind)
        assert picture.pixels.shape == (128, 128, 3)
        assert picture.pixels.dtype == np.uint8


@pytest.mark.parametrize("kind", ["globular_resolved", "open_rich", "nebula_bright"])
def test_same_seed_gives_same_pixels(kind):
    first, again = (render_picture(np.random.default_rng(5), kind).pixels for _ in range(2))
    other = render_picture(np.random.default_rng(6), kind).pixels
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("limit", [-2.0, 2.0])
def test_light_of_a_globular_follows_the_king_profile(limit):
    """Individual stars and smooth light together follow the same formula."""
    frame, profile = Frame(256, 256), KingProfile(8.0, 110.0)
    cluster = GlobularCluster(GlobularPopulation(-9.5), profile, limit)
    where = Placement(frame.centre_px)
    total, inside = 0.0, np.zeros(3)
    for seed in range(6):
        placed = cluster.place(np.random.default_rng(seed), frame, where)
        image = form_image(Scene(frame, placed.stars, placed.glow), PointSpread(1.5, 4.5))
        radius = frame.radii(frame.centre_px)
        total += image[:, :, 1].sum()
        inside += [image[radius < edge, 1].sum() for edge in (10, 25, 60)]
    expected = profile.enclosed(np.array([10.0, 25.0, 60.0]))
    np.testing.assert_allclose(inside / total, expected, atol=0.05)


def test_flattened_cluster_is_longer_along_its_major_axis():
    where = Placement((0.0, 0.0), flattening=0.4, angle_rad=0.0)
    x, y = where.spread(np.random.default_rng(1), np.full(20_000, 10.0))
    assert y.std() / x.std() == pytest.approx(0.6, rel=0.02)


def test_segregation_moves_bright_stars_inward():
    profile = KingProfile.from_half_light(30.0, 0.8)
    cluster = OpenCluster(OpenPopulation(3000, 200.0), profile, 6.0, segregation=0.6)
    stars = cluster.place(np.random.default_rng(1), Placement((0.0, 0.0))).stars
    radius, order = np.hypot(stars.x_px, stars.y_px), np.argsort(stars.flux_sigma)
    assert np.median(radius[order[-100:]]) < 0.8 * np.median(radius[order[:-100]])


def test_richness_counts_stars_above_the_limit():
    cluster = OpenCluster(OpenPopulation(800, 100.0), KingProfile(10.0, 60.0), 5.0)
    placed = cluster.place(np.random.default_rng(1), Placement((0.0, 0.0)))
    assert placed.richness == np.sum(placed.stars.flux_sigma > 10.0)


def test_labels_match_the_ranges_of_the_kind():
    labels = render_picture(np.random.default_rng(1), "globular_core").labels
    assert np.log10(0.22) <= labels.log_half_light <= np.log10(0.9)
    assert 0.6 <= labels.concentration <= 2.0
    assert np.isnan(render_picture(np.random.default_rng(1), "field_dense").labels.concentration)


def test_contact_sheet_has_a_row_per_kind():
    sheet = render_contact_sheet(["open_old", "field_sparse"], per_kind=3, seed=1, size_px=32)
    assert sheet.size == (110 + 3 * 32, 2 * 32)
