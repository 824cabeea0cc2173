"""Cluster profiles: drawn stars follow the formulas."""

import numpy as np
import pytest

from cluster_core.sky.profiles import KingProfile, sample_fractal

KING = KingProfile(core_radius_px=5.0, tidal_radius_px=80.0)


def test_enclosed_share_is_the_integral_of_the_density():
    radii = np.linspace(0.0, 60.0, 6001)
    rings = 2.0 * np.pi * radii * KING.density(radii)
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (rings[1:] + rings[:-1]) * np.diff(radii))])
    np.testing.assert_allclose(integral, KING.enclosed(radii), atol=2e-4)


def test_king_density_is_zero_beyond_the_tidal_radius():
    np.testing.assert_array_equal(KING.density(np.array([80.0, 100.0])), 0.0)


@pytest.mark.parametrize("concentration", [0.5, 1.2, 2.3])
def test_half_light_radius_encloses_half_of_the_stars(concentration):
    profile = KingProfile.from_half_light(10.0, concentration)
    assert profile.enclosed(np.array([10.0]))[0] == pytest.approx(0.5, abs=0.003)
    assert profile.concentration == pytest.approx(concentration)


@pytest.mark.parametrize("concentration", [0.4, 1.5])
def test_drawn_radii_follow_the_king_formula(concentration):
    profile = KingProfile.from_half_light(10.0, concentration)
    radii = profile.sample_radii(np.random.default_rng(1), 40_000)
    edges = np.array([1.0, 3.0, 6.0, 10.0, 15.0, 20.0])
    shares = np.mean(radii[:, None] < edges, axis=0)
    np.testing.assert_allclose(shares, profile.enclosed(edges), atol=0.01)


def test_low_fractal_dimension_clumps_the_stars():
    def measure_nearest_distance(dimension):
        positions = sample_fractal(np.random.default_rng(3), 400, dimension)
        distance = np.hypot(*(positions[:, None] - positions).transpose(2, 0, 1))
        np.fill_diagonal(distance, np.inf)
        return np.median(distance.min(axis=1))

    assert measure_nearest_distance(1.3) < 0.7 * measure_nearest_distance(2.0)


def test_fractal_positions_have_unit_scale():
    positions = sample_fractal(np.random.default_rng(2), 300, 1.6)
    assert positions.shape == (300, 2)
    assert np.median(np.hypot(*positions.T)) == pytest.approx(1.0)
