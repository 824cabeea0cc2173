"""Pictures of everything that is not a star cluster: every kind, reproducible, visible."""

import numpy as np
import pytest

from cluster_core.sky.camera import sample_frame
from pretraining.others import galaxies
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


def test_galaxy_beyond_the_edge_is_painted(monkeypatch):
    monkeypatch.setattr(galaxies, "happens", lambda rng, share: True)  # with a bright nucleus
    frame = sample_frame(np.random.default_rng(0))
    rows, columns = frame.shape
    for centre_px in ((-0.5, rows / 2), (columns + 3.0, rows / 2), (columns / 2, rows + 0.5)):
        disc = galaxies._Disc(centre_px, 5.0, 0.5, 0.0)
        light = galaxies._paint_centre(np.random.default_rng(1), frame, disc)
        assert np.isfinite(light).all()


def test_unknown_kind_is_refused():
    assert "unicorn" not in PICTURES
    with pytest.raises(KeyError):
        render_other(np.random.default_rng(0), "unicorn")
