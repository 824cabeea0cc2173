"""Pictures of more than 8 bits: photographs stay as they are, measurements are shown like FITS."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from cluster_core.images import decode_image
from cluster_core.images.stretch import DEFAULT_STRETCH, FitsStretch
from tests.images.pictures import encode, sky, write_fits, write_tiff

COUNTS = sky().astype(np.uint16)  # around 1000 of 65535, with stars
_GREY_TYPE, _COLOUR_TYPES = 0, {2: 4, 3: 2, 4: 6}


def write_png(values):
    """Write 16 bits of grey, grey with alpha, colour, or colour with alpha."""
    height, width = values.shape[:2]
    kind = _COLOUR_TYPES[values.shape[2]] if values.ndim == 3 else _GREY_TYPE
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0),
        b"IDAT": zlib.compress(rows),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


def with_alpha(values):
    planes = values if values.ndim == 3 else values[..., np.newaxis]
    return np.concatenate([planes, np.full_like(planes[..., :1], 65535)], axis=2)


def as_fits(values, stretch=DEFAULT_STRETCH):
    hdu = fits.PrimaryHDU(np.moveaxis(values, 2, 0) if values.ndim == 3 else values)
    hdu.header["ROWORDER"] = "TOP-DOWN"
    return decode_image(write_fits(hdu), "a.fits", stretch=stretch)


COLOURS = np.stack([COUNTS, COUNTS // 2, COUNTS // 3], axis=2)


@pytest.mark.parametrize("values", [COUNTS, COLOURS], ids=["grey", "colour"])
@pytest.mark.parametrize(
    "write",
    [
        write_png,
        write_tiff,
        lambda values: write_png(with_alpha(values)),
        lambda values: write_tiff(values.astype(np.uint32)),
        lambda values: write_tiff(values.astype(np.int16)),
        lambda values: write_tiff(values.astype(np.float32)),
        lambda values: write_tiff(values.astype(np.float64), deflate=True, predictor=3),
    ],
)
def test_measurement_is_shown_as_from_fits(write, values):
    shown = decode_image(write(values), "a")
    assert np.array_equal(shown, as_fits(values))
    assert not np.array_equal(shown, decode_image(write(values), "a", deep_by_type=True))


def test_settings_of_the_stretch_apply():
    stretch = FitsStretch("minmax", "linear")
    data = write_tiff(COUNTS)
    assert np.array_equal(decode_image(data, "a", stretch=stretch), as_fits(COUNTS, stretch))


def test_one_hot_pixel_changes_little():
    hot = COUNTS.astype(np.float32)
    before = decode_image(write_tiff(hot), "a").astype(int)
    hot[20, 20] = 1e6
    after = decode_image(write_tiff(hot), "a").astype(int)
    assert np.median(np.abs(after - before)) <= 10
    assert (after > 0).mean() > 0.9


def test_negative_values_are_darker_than_zero():
    values = COUNTS.astype(np.float32) - 1000
    shown = decode_image(write_tiff(values), "a")
    assert np.array_equal(shown, as_fits(values))


def photograph(white):
    """Draw a ramp from black to 38 % of white, darker than most photographs."""
    return np.linspace(0, 0.38 * white, 64 * 80).reshape(64, 80)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (photograph(65535).astype(np.uint16), photograph(255)),
        (photograph(1).astype(np.float32), photograph(255)),
        (photograph(1).astype(np.float16), photograph(255)),
        (photograph(2**32 - 1).astype(np.uint32), photograph(255)),
    ],
    ids=["u2", "f4", "f2", "u4"],
)
def test_photograph_keeps_the_range_of_its_type(values, expected):
    for data in (write_tiff(values), write_tiff(np.stack([values] * 3, axis=2))):
        shown = decode_image(data, "a").astype(int)
        assert np.abs(shown - expected[..., np.newaxis]).max() <= 1


@pytest.mark.parametrize("write", [write_png, write_tiff])
def test_sixteen_bit_photograph_is_exactly_as_before(write):
    for values in (photograph(65535), np.stack([photograph(65535)] * 3, axis=2)):
        data = write(values.astype(np.uint16))
        assert np.array_equal(decode_image(data, "a"), decode_image(data, "a", deep_by_type=True))


def test_few_values_out_of_range_do_not_make_a_photograph_a_measurement():
    values = photograph(1).astype(np.float32)
    values[0, :2] = 1.5, -0.2
    shown = decode_image(write_tiff(values), "a")
    assert np.abs(shown[10:, :, 0] - photograph(255)[10:]).max() <= 1


def test_eight_bits_are_never_stretched():
    dark = (COUNTS // 200).astype(np.uint8)
    for data in (write_tiff(dark), encode(Image.fromarray(dark), "PNG")):
        assert np.array_equal(decode_image(data, "a")[..., 0], dark)


def test_transparency_of_a_measurement_is_kept():
    values = with_alpha(COUNTS)
    values[:, :40, 1] = 0
    for data in (write_png(values), write_tiff(values, tags={338: [2]})):
        shown = decode_image(data, "a")
        assert len(np.unique(shown[:, :40])) == 1
        assert len(np.unique(shown[:, 40:])) > 10


def test_damaged_measurement_is_shown_in_part():
    data = write_png(COLOURS)
    shown = decode_image(data[:-60], "a")
    assert shown.shape == (64, 80, 3)
    assert shown[:40].any()
