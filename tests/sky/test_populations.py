"""Stellar populations: numbers, magnitudes and colours of stars."""

import numpy as np
import pytest

from cluster_core.sky.colours import compute_rgb, compute_temperature_k
from cluster_core.sky.populations import GlobularPopulation, OpenPopulation, sample_field


def test_solar_colour_gives_solar_temperature():
    assert compute_temperature_k(np.array([0.65]))[0] == pytest.approx(5780, rel=0.02)


def test_hot_stars_are_blue_and_cool_stars_red():
    red, green, blue = compute_rgb(np.array([-0.2, 1.4])).T
    assert blue[0] > green[0] > red[0]
    assert red[1] > green[1] > blue[1]


def test_turn_off_gets_fainter_with_age():
    turn_offs = [OpenPopulation(500, age).turn_off_magnitude for age in (5, 100, 4000)]
    assert turn_offs == sorted(turn_offs)


def test_open_cluster_stars_are_not_fainter_than_the_limit():
    drawn = OpenPopulation(2000, 300.0).draw(np.random.default_rng(1), faintest=4.0)
    assert len(drawn.absolute_magnitude) == len(drawn.colour_bv) > 50
    assert drawn.absolute_magnitude.max() < 4.0


def test_old_open_cluster_has_red_giants():
    drawn = OpenPopulation(5000, 4000.0).draw(np.random.default_rng(1), faintest=3.0)
    bright = drawn.absolute_magnitude < 1.5
    assert bright.any()
    assert np.median(drawn.colour_bv[bright]) > 0.9


@pytest.mark.parametrize("faintest", [0.0, 2.0, 4.0])
def test_total_light_of_a_globular_does_not_depend_on_the_limit(faintest):
    population = GlobularPopulation(total_magnitude=-7.5)
    drawn = population.draw(np.random.default_rng(1), faintest, max_stars=50_000)
    light = np.sum(10.0 ** (-0.4 * drawn.absolute_magnitude))
    light += 10.0 ** (-0.4 * drawn.unresolved_magnitude)
    assert -2.5 * np.log10(light) == pytest.approx(-7.5, abs=0.2)


def test_globular_draws_at_most_max_stars():
    drawn = GlobularPopulation(-9.5).draw(np.random.default_rng(1), faintest=6.0, max_stars=3000)
    assert len(drawn.absolute_magnitude) < 3000 + 6000
    assert np.isfinite(drawn.unresolved_magnitude)


def test_number_of_giants_is_proportional_to_the_light_of_a_globular():
    counts = [
        len(GlobularPopulation(total).draw(np.random.default_rng(1), 3.0, 50_000).colour_bv)
        for total in (-6.0, -8.5)
    ]
    assert counts[1] / counts[0] == pytest.approx(10.0, rel=0.15)


def test_field_star_counts_follow_the_slope():
    brighter, _ = sample_field(np.random.default_rng(1), 50_000, slope=0.4)
    assert np.mean(brighter > 1.0) == pytest.approx(10**-0.4, rel=0.03)
    assert np.mean(brighter > 2.0) == pytest.approx(10**-0.8, rel=0.05)
