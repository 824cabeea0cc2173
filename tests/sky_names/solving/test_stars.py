"""The stars of pictures, also of those that have too many or none."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_core.errors import NotSolvedError
from cluster_core.sky_names.solving.stars import find_stars


def draw_stars(places, shape=(120, 160), brightness=150.0):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    picture = np.random.default_rng(0).normal(20, 1, shape)
    for x, y in places:
        picture += brightness * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 4)
    return np.clip(picture, 0, 255).astype(np.uint8)


PLACES = [(20.0, 30.0), (80.3, 40.0), (130.0, 90.6), (60.0, 100.0), (140.0, 15.0)]


def find_distances(found, places) -> np.ndarray:
    return np.array([np.hypot(*(found.xy - place).T).min() for place in places])


def test_stars_are_found_where_they_are():
    found = find_stars(draw_stars(PLACES))
    assert len(found.xy) == len(PLACES)
    assert find_distances(found, PLACES).max() < 0.3
    assert (found.width, found.height) == (160, 120)


def test_colour_float_and_missing_pixels_are_accepted():
    picture = np.repeat(draw_stars(PLACES)[..., None], 3, axis=2) / 255
    picture[:4] = np.nan
    assert find_distances(find_stars(picture), PLACES).max() < 0.3


def test_places_in_a_large_picture_are_those_of_its_own_pixels():
    enlarged = np.kron(draw_stars(PLACES), np.ones((10, 10), dtype=np.uint8))
    there = (np.array(PLACES) + 0.5) * 10 - 0.5
    assert find_distances(find_stars(enlarged), there).max() < 4


def test_bright_stars_of_every_part_come_before_the_core_of_a_cluster():
    generator = np.random.default_rng(2)
    core = generator.normal((80, 60), 8, (60, 2))
    corners = [(12, 12), (148, 12), (12, 108), (148, 108)]
    found = find_stars(draw_stars([*core, *corners], brightness=90.0))
    first = type(found)(found.xy[:12], found.width, found.height)
    assert find_distances(first, corners).max() < 1


@pytest.mark.parametrize("picture", [np.zeros((60, 80, 3)), np.full((60, 80), 255, np.uint8)])
def test_flat_picture_has_too_few_stars(picture):
    with pytest.raises(NotSolvedError, match="Too few stars to recognise: 0 were found"):
        find_stars(picture)


def test_two_stars_are_too_few():
    with pytest.raises(NotSolvedError, match="2 were found, and 4 are needed"):
        find_stars(draw_stars(PLACES[:2]))


def test_tiny_picture_has_too_few_stars():
    with pytest.raises(NotSolvedError, match="Too few stars"):
        find_stars(np.arange(12, dtype=np.uint8).reshape(3, 4))


def test_fifty_thousand_stars_leave_the_most_useful():
    generator = np.random.default_rng(3)
    picture = generator.normal(10, 1, (1000, 1000)).astype(np.float32)
    y, x = generator.integers(0, 1000, (2, 50_000))
    np.add.at(picture, (y, x), generator.exponential(60, 50_000))
    found = find_stars(picture)
    assert len(found.xy) == 60


def test_lines_of_a_chart_are_no_stars():
    chart = np.full((200, 300, 3), 255, dtype=np.uint8)
    chart[20:180, 40], chart[180, 40:280] = 0, 0
    with pytest.raises(NotSolvedError, match="Too few stars"):
        find_stars(chart)
