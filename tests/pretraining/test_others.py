"""Pictures of everything that is not a star cluster: every kind, reproducible, visible."""

import numpy as np
import pytest

from pretraining.others.kinds import OTHER_KINDS, PICTURES, render_other


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_every_kind_renders(kind):
    pixels = render_other(np.random.default_rng(1), kind)
    assert pixels.shape == (128, 128, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("kind", ["spiral", "remnant", "moon", "chart", "leaves"])
def test_same_seed_gives_same_pixels(kind):
    first, again, other = (
        render_other(np.random.default_rng(seed), kind).astype(int) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_galaxies_are_brighter_than_the_sky_around_them():
    pictures = [render_other(np.random.default_rng(seed), "elliptical") for seed in range(12)]
    contrast = [np.quantile(pixels, 0.999) - np.median(pixels) for pixels in pictures]
    assert min(contrast) > 10


def test_unknown_kind_is_refused():
    assert "unicorn" not in PICTURES
    with pytest.raises(KeyError):
        render_other(np.random.default_rng(0), "unicorn")
