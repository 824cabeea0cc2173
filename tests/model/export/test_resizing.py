from __future__ import annotations

import keras
import numpy as np
import PIL
import pytest
from PIL import Image

from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.export import resizing
from cluster_core.model.export.resizing import resize

# (height, width): equal, enlarged, shrunk a little and unevenly, reduced in steps first, extreme.
SIZES_PX = [(32, 32), (20, 45), (63, 61), (99, 40), (40, 99), (64, 90), (257, 190), (190, 771)]
EXTREME_PX = [(1, 900), (900, 1), (1, 1), (700, 33)]


def build(size_px: int) -> keras.Model:
    pixels = keras.Input((None, None, 3))
    return keras.Model(pixels, resize(pixels, size_px))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> keras.Model:
    """As loaded from a file, which knows only operations of Keras."""
    path = tmp_path_factory.mktemp("resizing") / "resizing.keras"
    build(32).save(path)
    return keras.models.load_model(path)


def draw(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", SIZES_PX + EXTREME_PX)
def test_resizing_equals_pillow_in_every_pixel(model, size):
    pixels = draw(*size)
    expected = Preprocessing(32).shrink(pixels)
    np.testing.assert_array_equal(np.asarray(model(pixels[np.newaxis]))[0], expected)


def test_tall_picture_equals_the_order_of_passes_of_pillow_12(monkeypatch):
    pixels = draw(99, 40)
    across = Image.fromarray(pixels).resize((32, 99), Image.Resampling.BILINEAR)
    expected = np.asarray(across.resize((32, 32), Image.Resampling.BILINEAR))
    monkeypatch.setattr(PIL, "__version__", "12.3.0")
    assert resizing.PIL is PIL
    np.testing.assert_array_equal(np.asarray(build(32)(pixels[np.newaxis]))[0], expected)


def test_fractions_are_rounded_and_pictures_of_a_batch_do_not_mix(model):
    one, other = draw(50, 70), draw(50, 70)[::-1]
    both = np.stack([one, other]).astype(np.float32) + np.float32(0.3)
    np.testing.assert_array_equal(
        np.asarray(model(both)), [Preprocessing(32).shrink(one), Preprocessing(32).shrink(other)]
    )
