"""Mapping of FITS brightness to grey levels."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cluster_core.errors import ConfigError
from cluster_core.images import FitsStretch
from cluster_core.images.stretch import apply_stretch
from tests.images.pictures import sky

ALL = [
    FitsStretch(interval=interval, function=function)
    for interval in ("zscale", "percentile", "minmax")
    for function in ("asinh", "log", "sqrt", "linear")
]


@pytest.mark.parametrize("stretch", [*ALL, FitsStretch(contrast=0.5, softening=0.2)])
def test_record_restores_the_stretch(stretch):
    assert FitsStretch.from_record(json.loads(json.dumps(stretch.to_record()))) == stretch


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("interval", "iqr"),
        ("function", "cube"),
        ("contrast", 0.0),
        ("percentile", 101),
        ("percentile", float("nan")),
        ("softening", "soft"),
        ("softening", True),
        ("gamma", 2.2),
    ],
)
def test_invalid_record_names_the_setting(field, value):
    with pytest.raises(ConfigError) as caught:
        FitsStretch.from_record({field: value})
    assert caught.value.field == field
    assert caught.value.received is value


@pytest.mark.parametrize("stretch", ALL)
def test_stretch_is_monotonic(stretch):
    values = np.sort(sky(), axis=None).reshape(1, 64, 80)
    levels = apply_stretch(values, stretch).ravel().astype(int)
    assert (np.diff(levels) >= 0).all()
    assert levels[-1] == 255


@pytest.mark.parametrize("stretch", ALL)
@pytest.mark.parametrize(("gain", "offset"), [(4.0, 0.0), (0.25, 512.0)])
def test_gain_and_offset_make_no_difference(stretch, gain, offset):
    values = sky()[np.newaxis]
    levels = apply_stretch(values, stretch).astype(int)
    again = apply_stretch(gain * values + offset, stretch).astype(int)
    assert np.abs(levels - again).max() <= 1


@pytest.mark.parametrize("dtype", [">f4", "<f4", ">f8", ">i2", ">u2", "<i4"])
def test_byte_order_and_dtype_make_no_difference(dtype):
    values = np.rint(sky())[np.newaxis]
    assert np.array_equal(
        apply_stretch(values.astype(dtype), FitsStretch()), apply_stretch(values, FitsStretch())
    )


def test_default_keeps_sky_dark_and_faint_stars_visible():
    values = sky()
    values[40, 40] += 60.0  # twelve sigma
    levels = apply_stretch(values[np.newaxis], FitsStretch())[0]
    assert 5 < np.median(levels) < 60
    assert levels[40, 40] > 2 * np.median(levels)


def test_colours_are_preserved():
    values = np.stack([sky(), sky(), sky()])
    values[0, 30:34, 30:34] += 3000.0  # a red star
    red, green, blue = apply_stretch(values, FitsStretch())[:, 31, 31].astype(int)
    assert red > green + 100
    assert green == blue


def test_large_offset_keeps_detail():
    near, far = (apply_stretch(sky(level=x)[np.newaxis], FitsStretch()) for x in (0.0, 1e7))
    assert np.abs(near.astype(int) - far).max() <= 1


@pytest.mark.parametrize("stretch", ALL)
def test_nan_and_infinity_are_black(stretch):
    values = sky()
    values[20, :3] = np.nan, np.inf, -np.inf
    levels = apply_stretch(values[np.newaxis], stretch)[0]
    assert not levels[20, :3].any()


@pytest.mark.parametrize("stretch", ALL)
@pytest.mark.parametrize("value", [0.0, -3.5, np.nan, np.inf, 1e308])
def test_constant_picture_is_black(stretch, value):
    assert not apply_stretch(np.full((1, 8, 9), value), stretch).any()


@pytest.mark.parametrize("stretch", ALL)
def test_single_star_on_constant_plate_is_visible(stretch):
    values = np.zeros((1, 50, 60))
    values[0, 25, 30] = 7.0
    levels = apply_stretch(values, stretch)[0]
    assert levels[25, 30] == 255
    assert levels.sum() == 255


@pytest.mark.parametrize("stretch", ALL)
def test_extreme_values_are_handled(stretch):
    extremes = [1e308, -1e308, 5e-324, 0.0, 1.0, np.nan, np.inf, -np.inf]
    values = np.resize(np.array(extremes), (1, 16, 17))
    assert apply_stretch(values, stretch).shape == (1, 16, 17)
