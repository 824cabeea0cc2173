from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from cluster_core.model.features.views import (
    IDENTITY_NAME,
    N_VARIANTS,
    PLAIN_VIEWS,
    SKY_VIEWS,
    Distortion,
)
from tests.samples import draw_blob

PICTURE = draw_blob(0, (250, 120, 60), 32)


def test_eight_views_differ_in_pixels_and_name():
    seen = {view.apply(PICTURE).tobytes() for view in SKY_VIEWS}
    assert len(seen) == len(SKY_VIEWS) == len({view.name for view in SKY_VIEWS}) == 8


def test_views_form_a_group():
    seen = {view.apply(PICTURE).tobytes() for view in SKY_VIEWS}
    for one, other in product(SKY_VIEWS, repeat=2):
        assert other.apply(one.apply(PICTURE)).tobytes() in seen


def test_views_keep_all_pixels():
    for view in SKY_VIEWS:
        turned = view.apply(PICTURE)
        assert turned.flags.c_contiguous
        assert turned.shape == PICTURE.shape
        np.testing.assert_array_equal(
            np.sort(turned.reshape(-1, 3), axis=0), np.sort(PICTURE.reshape(-1, 3), axis=0)
        )


def test_plain_view_leaves_the_picture_unchanged():
    (view,) = PLAIN_VIEWS
    assert view.name == SKY_VIEWS[0].name == IDENTITY_NAME
    np.testing.assert_array_equal(view.apply(PICTURE), PICTURE)


@pytest.mark.parametrize(
    "setting", ["flip_left_right", "random_crop", "random_scale", "random_brightness"]
)
def test_distortion_is_true_if_any_setting_is(setting):
    assert not Distortion()
    changes: dict[str, Any] = {setting: 1}
    assert replace(Distortion(), **changes)


ALL_DISTORTIONS = Distortion(
    flip_left_right=True, random_crop=20, random_scale=40, random_brightness=60
)


def test_variants_are_reproducible_and_distinct():
    once, again = ([view.apply(PICTURE) for view in ALL_DISTORTIONS.views()] for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert len({pixels.tobytes() for pixels in once}) == N_VARIANTS
    for pixels in once:
        assert pixels.dtype == np.uint8
        assert pixels.shape == PICTURE.shape


def test_pictures_are_distorted_differently():
    only_brightness = Distortion(random_brightness=90).views()[0]
    factors = {
        only_brightness.apply(np.full((32, 32, 3), grey, np.uint8)).mean() / grey
        for grey in range(100, 130)
    }
    assert max(factors) - min(factors) > 0.5


def test_view_names_include_every_setting():
    distortions = [
        Distortion(*settings) for settings in product((False, True), (0, 7), (0, 7), (0, 7))
    ]
    names = [view.name for distortion in distortions for view in distortion.views()]
    assert len({*names, *(view.name for view in SKY_VIEWS)}) == len(names) + 8


def test_flip_mirrors_about_half_of_the_variants():
    flipped = [view.apply(PICTURE) for view in Distortion(flip_left_right=True).views()]
    unchanged = sum(np.array_equal(pixels, PICTURE) for pixels in flipped)
    mirrored = sum(np.array_equal(pixels, PICTURE[:, ::-1]) for pixels in flipped)
    assert unchanged + mirrored == N_VARIANTS
    assert unchanged >= 2
    assert mirrored >= 2


@pytest.mark.parametrize("percent", [1, 20, 99])
def test_brightness_change_stays_within_the_limit(percent):
    grey = np.full((8, 8, 3), 100, np.uint8)
    means = [view.apply(grey).mean() for view in Distortion(random_brightness=percent).views()]
    assert all(abs(mean - 100) <= percent + 0.5 for mean in means)
    assert max(means) - min(means) > percent / 2


def test_brightness_is_clipped_without_wrapping():
    white = np.full((8, 8, 3), 250, np.uint8)
    for view in Distortion(random_brightness=99).views():
        pixels = view.apply(white)
        assert pixels.min() == pixels.max()
    assert max(view.apply(white).max() for view in Distortion(random_brightness=99).views()) == 255


def draw_ramp(size: int = 128) -> np.ndarray:
    """Draw a picture whose brightness is its column number."""
    columns = np.broadcast_to(np.arange(size, dtype=np.uint8)[:, np.newaxis], (size, size, 3))
    return np.ascontiguousarray(columns)


def measure_visible_width(pixels: np.ndarray) -> float:
    """Return the number of columns of the ramp that are still visible."""
    row = pixels[64, :, 0].astype(float)
    return (row[100] - row[20]) * 128 / 80


@pytest.mark.parametrize("percent", [10, 50, 99])
def test_crop_has_a_fixed_size_and_a_random_position(percent):
    seen = [view.apply(draw_ramp()) for view in Distortion(random_crop=percent).views()]
    for pixels in seen:
        assert measure_visible_width(pixels) == pytest.approx(128 / (1 + percent / 100), abs=3)
    assert len({pixels[64, 64, 0] for pixels in seen}) > 3


@pytest.mark.parametrize("percent", [50, 400])
def test_scale_stays_within_the_limit(percent):
    widths = [
        measure_visible_width(view.apply(draw_ramp()))
        for view in Distortion(random_scale=percent).views()
    ]
    assert min(widths) >= 128 / (1 + percent / 100) - 3
    assert max(widths) <= 128 + 1e-6
    assert max(widths) - min(widths) > 10
