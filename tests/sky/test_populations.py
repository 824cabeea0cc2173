"""Clusters hold the stars that their age and light call for."""

import numpy as np
import pytest

from cluster_core.sky.colours import compute_rgb, compute_temperature_k
from cluster_core.sky.populations import GlobularPopulation, OpenPopulation, sample_field


def test_the_sun_has_the_temperature_of_the_sun():
    assert compute_temperature_k(np.array([0.65]))[0] == pytest.approx(5780, rel=0.02)


def test_hot_stars_are_blue_and_cool_stars_red():
    red, green, blue = compute_rgb(np.array([-0.2, 1.4])).T
    assert blue[0] > green[0] > red[0]
    assert red[1] > green[1] > blue[1]


def test_older_clusters_have_lost_their_brightest_stars():
    turn_offs = [OpenPopulation(500, age).turn_off_magnitude for age in (5, 100, 4000)]
    assert turn_offs == sorted(turn_offs)


def test_no_open_cluster_star_is_fainter_than_asked():
    drawn = OpenPopulation(2000, 300.0).draw(np.random.default_rng(1), faintest=4.0)
    assert len(drawn.absolute_magnitude) == len(drawn.colour_bv) > 50
    assert drawn.absolute_magnitude.max() < 4.0


def test_an_old_open_cluster_has_red_giants():
    drawn = OpenPopulation(5000, 4000.0).draw(np.random.default_rng(1), faintest=3.0)
    bright = drawn.absolute_magnitude < 1.5
    assert bright.any()
    assert np.median(drawn.colour_bv[bright]) > 0.9


@pytest.mark.parametrize("faintest", [0.0, 2.0, 4.0])
def test_a_globular_gives_all_its_light_whatever_is_drawn_one_by_one(faintest):
    population = GlobularPopulation(total_magnitude=-7.5)
    drawn = population.draw(np.random.default_rng(1), faintest, most=50_000)
    light = np.sum(10.0 ** (-0.4 * drawn.absolute_magnitude))
    light += 10.0 ** (-0.4 * drawn.unresolved_magnitude)
    assert -2.5 * np.log10(light) == pytest.approx(-7.5, abs=0.2)


def test_a_globular_draws_no_more_stars_than_allowed():
    drawn = GlobularPopulation(-9.5).draw(np.random.default_rng(1), faintest=6.0, most=3000)
    assert len(drawn.absolute_magnitude) < 3000 + 6000
    assert np.isfinite(drawn.unresolved_magnitude)


def test_richer_globulars_hold_more_giants_in_proportion():
    counts = [
        len(GlobularPopulation(total).draw(np.random.default_rng(1), 3.0, 50_000).colour_bv)
        for total in (-6.0, -8.5)
    ]
    assert counts[1] / counts[0] == pytest.approx(10.0, rel=0.15)


def test_field_counts_rise_with_the_slope_asked_for():
    brighter, _ = sample_field(np.random.default_rng(1), 50_000, slope=0.4)
    assert np.mean(brighter > 1.0) == pytest.approx(10**-0.4, rel=0.03)
    assert np.mean(brighter > 2.0) == pytest.approx(10**-0.8, rel=0.05)
