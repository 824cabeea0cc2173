from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from cluster_core.model.features.views import AS_IT_IS, PLAIN_VIEWS, SKY_VIEWS, VARIANTS, Distortion
from tests.samples import draw_blob

PICTURE = draw_blob(0, (250, 120, 60), 32)


def test_the_eight_views_differ_in_pixels_and_name():
    seen = {view.apply(PICTURE).tobytes() for view in SKY_VIEWS}
    assert len(seen) == len(SKY_VIEWS) == len({view.name for view in SKY_VIEWS}) == 8


def test_the_views_of_a_view_are_the_same_eight():
    seen = {view.apply(PICTURE).tobytes() for view in SKY_VIEWS}
    for one, other in product(SKY_VIEWS, repeat=2):
        assert other.apply(one.apply(PICTURE)).tobytes() in seen


def test_no_pixel_is_lost():
    for view in SKY_VIEWS:
        turned = view.apply(PICTURE)
        assert turned.flags.c_contiguous
        assert turned.shape == PICTURE.shape
        np.testing.assert_array_equal(
            np.sort(turned.reshape(-1, 3), axis=0), np.sort(PICTURE.reshape(-1, 3), axis=0)
        )


def test_a_picture_with_an_up_is_seen_as_it_is():
    (view,) = PLAIN_VIEWS
    assert view.name == SKY_VIEWS[0].name == AS_IT_IS
    np.testing.assert_array_equal(view.apply(PICTURE), PICTURE)


@pytest.mark.parametrize(
    "setting", ["flip_left_right", "random_crop", "random_scale", "random_brightness"]
)
def test_a_distortion_is_one_as_soon_as_one_setting_is(setting):
    assert not Distortion()
    assert Distortion(**{setting: 1})


ALL = Distortion(flip_left_right=True, random_crop=20, random_scale=40, random_brightness=60)


def test_variants_are_the_same_each_time_and_differ_from_each_other():
    once, again = ([view.apply(PICTURE) for view in ALL.views()] for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert len({pixels.tobytes() for pixels in once}) == VARIANTS
    for pixels in once:
        assert pixels.dtype == np.uint8
        assert pixels.shape == PICTURE.shape


def test_every_picture_is_distorted_in_its_own_way():
    only_brightness = Distortion(random_brightness=90).views()[0]
    factors = {
        only_brightness.apply(np.full((32, 32, 3), grey, np.uint8)).mean() / grey
        for grey in range(100, 130)
    }
    assert max(factors) - min(factors) > 0.5


def test_names_tell_every_setting():
    distortions = [
        Distortion(*settings) for settings in product((False, True), (0, 7), (0, 7), (0, 7))
    ]
    names = [view.name for distortion in distortions for view in distortion.views()]
    assert len({*names, *(view.name for view in SKY_VIEWS)}) == len(names) + 8


def test_flipping_mirrors_about_half_of_the_variants():
    flipped = [view.apply(PICTURE) for view in Distortion(flip_left_right=True).views()]
    as_it_is = sum(np.array_equal(pixels, PICTURE) for pixels in flipped)
    mirrored = sum(np.array_equal(pixels, PICTURE[:, ::-1]) for pixels in flipped)
    assert as_it_is + mirrored == VARIANTS
    assert as_it_is >= 2
    assert mirrored >= 2


@pytest.mark.parametrize("percent", [1, 20, 99])
def test_brightness_changes_by_so_many_percent_at_most(percent):
    grey = np.full((8, 8, 3), 100, np.uint8)
    means = [view.apply(grey).mean() for view in Distortion(random_brightness=percent).views()]
    assert all(abs(mean - 100) <= percent + 0.5 for mean in means)
    assert max(means) - min(means) > percent / 2


def test_brightness_is_clipped_and_does_not_wrap_around():
    white = np.full((8, 8, 3), 250, np.uint8)
    for view in Distortion(random_brightness=99).views():
        pixels = view.apply(white)
        assert pixels.min() == pixels.max()
    assert max(view.apply(white).max() for view in Distortion(random_brightness=99).views()) == 255


def ramp(size: int = 128) -> np.ndarray:
    """A picture whose brightness is the column."""
    columns = np.broadcast_to(np.arange(size, dtype=np.uint8)[:, np.newaxis], (size, size, 3))
    return np.ascontiguousarray(columns)


def seen_width(pixels: np.ndarray) -> float:
    """Tell how many columns of the ramp are still seen."""
    row = pixels[64, :, 0].astype(float)
    return (row[100] - row[20]) * 128 / 80


@pytest.mark.parametrize("percent", [10, 50, 99])
def test_cropping_leaves_the_same_share_of_every_picture_somewhere_else(percent):
    seen = [view.apply(ramp()) for view in Distortion(random_crop=percent).views()]
    for pixels in seen:
        assert seen_width(pixels) == pytest.approx(128 / (1 + percent / 100), abs=3)
    assert len({pixels[64, 64, 0] for pixels in seen}) > 3


@pytest.mark.parametrize("percent", [50, 400])
def test_scaling_enlarges_by_so_many_percent_at_most(percent):
    widths = [seen_width(view.apply(ramp())) for view in Distortion(random_scale=percent).views()]
    assert min(widths) >= 128 / (1 + percent / 100) - 3
    assert max(widths) <= 128 + 1e-6
    assert max(widths) - min(widths) > 10
