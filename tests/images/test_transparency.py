"""Pictures with transparent parts."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cluster_core.images import decode_image, limits
from cluster_core.images.pixels import to_rgb
from tests.images.pictures import blocks, encode, noise


def drawing(ink, background_alpha=0):
    """Draw a filled square of one colour on a transparent ground."""
    image = Image.new("RGBA", (40, 30), (0, 0, 0, background_alpha))
    image.paste((*ink, 255), (10, 10, 20, 20))
    return image


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("ink", [0, 20, 50])
def test_dark_drawing_is_laid_over_white(mode, ink):
    pixels = to_rgb(drawing((ink,) * 3).convert(mode))
    assert (pixels[0, 0] == 255).all()
    assert (pixels[15, 15] == ink).all()


@pytest.mark.parametrize("ink", [(255, 255, 255), (200, 100, 50), (90, 90, 90)])
def test_bright_drawing_is_laid_over_black(ink):
    pixels = to_rgb(drawing(ink))
    assert not pixels[0, 0].any()
    assert pixels[15, 15].tolist() == list(ink)


def test_dark_sky_with_stars_is_laid_over_black():
    sky = np.full((60, 60, 4), (9, 9, 12, 255), np.uint8)
    sky[:10, :10, 3] = 0
    sky[::15, ::15, :3] = 200
    assert not to_rgb(Image.fromarray(sky))[5, 5].any()


def test_dark_palette_drawing_is_laid_over_white():
    image = Image.new("P", (40, 30), 1)
    image.putpalette([0, 0, 0, 250, 250, 250])
    image.paste(0, (10, 10, 20, 20))
    pixels = decode_image(encode(image, "PNG", transparency=1), "a")
    assert (pixels[0, 0] == 255).all()
    assert not pixels[15, 15].any()


def test_drawing_of_a_large_picture_has_one_backdrop(monkeypatch):
    monkeypatch.setattr(limits, "LARGE_PIXELS", 100)
    data = encode(drawing((0, 0, 0)).resize((400, 300)), "PNG")
    pixels = decode_image(data, "a", min_side_px=20)
    assert (pixels[0] == 255).all()
    assert (pixels[-1] == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "JPEG2000"])
def test_alpha_of_zero_everywhere_is_ignored(kind):
    image = blocks().convert("RGBA")
    image.putalpha(0)
    options = {"WEBP": {"lossless": True, "exact": True}, "JPEG2000": {"irreversible": False}}
    data = encode(image, kind, **options.get(kind, {}))
    assert np.array_equal(decode_image(data, "a"), np.asarray(blocks()))


def test_grey_with_alpha_of_zero_everywhere_is_shown():
    grey = noise().convert("LA")
    grey.putalpha(0)
    assert np.array_equal(decode_image(encode(grey, "PNG"), "a")[..., 0], np.asarray(grey)[..., 0])
