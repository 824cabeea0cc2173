"""Conversion of Pillow modes to RGB."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cluster_core.images.pixels import to_rgb
from tests.images.pictures import noise

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)


def grey_rgb(grey):
    return np.repeat(np.asarray(grey)[..., np.newaxis], 3, axis=2)


MODES = "1 L LA La P PA RGB RGBA RGBa RGBX CMYK YCbCr LAB HSV I F I;16 I;16B"


@pytest.mark.parametrize("mode", MODES.split())
def test_every_mode_gives_rgb(mode):
    if mode == "La":
        image = noise().convert("LA").convert("La")
    elif mode == "RGBa":
        image = noise().convert("RGBA").convert("RGBa")
    elif mode == "I;16B":
        image = noise().convert("I").convert("I;16B")
    elif mode in ("I;16", "PA"):
        image = Image.new(mode, (48, 32), 7)
    else:
        image = noise().convert(mode)
    pixels = to_rgb(image)
    assert pixels.shape == (32, 48, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


def test_eight_bits_are_unchanged():
    assert np.array_equal(to_rgb(noise()), np.asarray(noise()))
    assert np.array_equal(to_rgb(Image.fromarray(GREY)), grey_rgb(GREY))


def test_sixteen_bits_are_scaled_proportionally():
    sixteen = GREY.astype(np.uint16) * 257
    assert np.array_equal(to_rgb(Image.fromarray(sixteen)), grey_rgb(GREY))


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_32_bit_grey_is_scaled_to_its_extremes(dtype):
    values = GREY.astype(dtype) * 1000 - 70_000
    assert np.array_equal(to_rgb(Image.fromarray(values)), grey_rgb(GREY))


def test_non_finite_floats_are_black():
    values = GREY.astype(np.float32)
    values[3, :3] = np.nan, np.inf, -np.inf
    pixels = to_rgb(Image.fromarray(values))
    assert not pixels[3, :3].any()
    assert pixels[15, 15].tolist() == [255] * 3


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 5.0])
def test_constant_floats_are_black(value):
    assert not to_rgb(Image.fromarray(np.full((4, 5), value, np.float32))).any()


def test_floats_within_one_keep_their_scale():
    values = GREY.astype(np.float32) / 510
    assert np.abs(to_rgb(Image.fromarray(values)).astype(int) - grey_rgb(GREY / 2)).max() <= 1


def test_alpha_blends_with_black():
    image = Image.new("RGBA", (3, 1), (200, 100, 50, 0))
    image.putpixel((1, 0), (200, 100, 50, 128))
    image.putpixel((2, 0), (200, 100, 50, 255))
    assert to_rgb(image)[0].tolist() == [[0, 0, 0], [100, 50, 25], [200, 100, 50]]


def test_transparent_palette_colour_is_black():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 0
    assert to_rgb(image)[0].tolist() == [[0, 0, 0], [200, 100, 50]]


def test_transparent_grey_is_black():
    image = Image.fromarray(np.array([[9, 200]], np.uint8))
    image.info["transparency"] = 9
    assert to_rgb(image)[0].tolist() == [[0] * 3, [200] * 3]
