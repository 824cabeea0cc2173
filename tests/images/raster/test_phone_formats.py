"""AVIF, JPEG 2000 and HEIC."""

from __future__ import annotations

import struct
import sys
import types
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import decode_image
from tests.images.pictures import blocks, encode, noise

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


@pytest.mark.parametrize("name", ["a.jpg", "a.avif", "a.heic"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("AVIF", {}),
        ("AVIF", {"subsampling": "4:4:4"}),
        ("JPEG2000", {}),
        ("JPEG2000", {"no_jp2": True}),
        ("JPEG2000", {"tile_size": (32, 32)}),
    ],
)
def test_content_decides_not_the_name(kind, options, name):
    pixels = decode_image(encode(blocks(96, 64), kind, **options), name)
    assert np.abs(pixels.astype(int) - np.asarray(blocks(96, 64))).mean() < 12


def test_first_picture_of_an_animated_avif_is_shown():
    data = encode(blocks(), "AVIF", save_all=True, append_images=[Image.new("RGB", (48, 32))])
    assert b"avis" in data[:32]
    assert np.abs(decode_image(data, "a").astype(int) - np.asarray(blocks())).mean() < 12


def test_avif_with_more_pixels_than_its_container_says_is_refused():
    data = encode(Image.new("RGB", (9000, 7200)), "AVIF", speed=10)
    honest = struct.pack(">4sIII", b"ispe", 0, 9000, 7200)
    assert honest in data
    for claim in (data, data.replace(honest, struct.pack(">4sIII", b"ispe", 0, 64, 64))):
        with pytest.raises(ImageError, match="9,000 x 7,200") as caught:
            decode_image(claim, "a.avif")
        assert caught.value.reason == ImageProblem.TOO_LARGE


def jpeg_2000_with(**fields):
    """Change fields of the codestream's size marker, but not of the container."""
    data = bytearray(encode(noise(), "JPEG2000"))
    at = data.index(b"\xff\x4f\xff\x51") + 8
    for name, value in fields.items():
        offset = 4 * ["width", "height", "x", "y", "tile_width", "tile_height"].index(name)
        data[at + offset : at + offset + 4] = value.to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 10_000, "height": 10_000},
        {"width": 2**31, "height": 2**31, "x": 2**31 - 9, "y": 2**31 - 9},
        {"width": 3000, "height": 3000, "tile_width": 1, "tile_height": 1},
    ],
    ids=["size", "offset", "tiles"],
)
def test_jpeg_2000_is_refused_by_its_codestream(fields):
    with pytest.raises(ImageError) as caught:
        decode_image(jpeg_2000_with(**fields), "a.jp2")
    assert caught.value.reason == ImageProblem.TOO_LARGE


def test_heic_without_its_library_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match="needs the optional package pillow-heif") as caught:
        decode_image(HEIC, "IMG_1.HEIC")
    assert caught.value.reason == ImageProblem.UNSUPPORTED


def test_heic_is_checked_before_it_is_decoded(monkeypatch):
    def install(size):
        picture = mock.MagicMock(size=size, to_pillow=blocks)
        picture.__len__.return_value = 1
        library = types.SimpleNamespace(open_heif=lambda *_, **__: picture)
        monkeypatch.setitem(sys.modules, "pillow_heif", library)

    install((48, 32))
    assert np.array_equal(decode_image(HEIC, "IMG_1.HEIC"), np.asarray(blocks()))
    install((9000, 9000))
    with pytest.raises(ImageError) as caught:
        decode_image(HEIC, "IMG_1.HEIC")
    assert caught.value.reason == ImageProblem.TOO_LARGE


def test_damaged_heic_is_reported():
    pytest.importorskip("pillow_heif")
    with pytest.raises(ImageError, match="damaged or incomplete HEIC"):
        decode_image(HEIC, "IMG_1.HEIC")
